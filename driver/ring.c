// SPDX-License-Identifier: GPL-2.0-only
#include "ring.h"

#include <linux/err.h>
#include <linux/lockdep.h>
#include <linux/overflow.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/uaccess.h>

#include "count.h"
#include "filter.h"
#include "layout.h"
#include "pages.h"
#include "trace.h"

/* Taking */

static bool ring_has_room(const struct hvp_ring *ring)
{
	/* Acquire: the reader is done with what it gave back. */
	return hvp_index_has_room(ring->head,
				  smp_load_acquire(&ring->words->tail),
				  ring->size);
}

void hvp_ring_set_stalled(struct hvp_ring *ring, bool stalled)
{
	WRITE_ONCE(ring->stalled, stalled);
	WRITE_ONCE(ring->words->stalled, stalled);
}

/* Is there room? If not, ask the reader to call back, if only for nothing. */
static bool ring_has_room_or_stalls(struct hvp_ring *ring)
{
	if (ring_has_room(ring))
		return true;
	hvp_ring_set_stalled(ring, true);
	/* Pairs with the barrier of hvp_ring_is_stalled(), or of a mapped reader. */
	smp_mb();
	if (ring_has_room(ring))
		return true;
	ring->counters.stalls++;
	return false;
}

static bool ring_is_for(const struct hvp_ring *ring,
			const struct hvpost_record *record)
{
	return ring->events || !(record->flags & HVPOST_RECORD_EVENT);
}

static bool ring_passes(const struct hvp_ring *ring,
			const struct hvpost_record *record)
{
	return hvp_filter_passes(ring->filter, record->message_type,
				 record->origin);
}

bool hvp_ring_must_wait(struct hvp_ring *ring,
			const struct hvpost_record *record)
{
	lockdep_assert_irqs_disabled();

	return !ring->shared && ring_is_for(ring, record) &&
	       ring_passes(ring, record) && !ring_has_room_or_stalls(ring);
}

static void ring_add(struct hvp_ring *ring, const struct hvpost_record *record)
{
	struct hvpost_record *place =
		&ring->records[ring->head & (ring->size - 1)];

	*place = *record;
	place->sequence = ring->sequence;

	if (record->flags & HVPOST_RECORD_EVENT)
		ring->counters.events++;
	else
		ring->counters.messages++;
	if (record->flags & HVPOST_RECORD_OVERSIZE)
		ring->counters.oversize++;
	/*
	 * The record is whole before a reader can see it. And who maps the ring sees
	 * it before poll() tells of it: a reader that finds nothing after that would
	 * take it for the end.
	 */
	smp_store_release(&ring->words->head, ring->head + 1);
	smp_store_release(&ring->head, ring->head + 1);
}

bool hvp_ring_take(struct hvp_ring *ring, const struct hvpost_record *record)
{
	lockdep_assert_irqs_disabled();

	if (!ring_is_for(ring, record))
		return false;
	if (!ring_passes(ring, record)) {
		ring->counters.filtered++;
		return false;
	}
	ring->sequence++;
	/* Who told us otherwise before, of a ring that is not shared, lied. */
	if (!ring_has_room(ring)) {
		ring->counters.dropped++;
		hvp_count(drops[record->sint]);
		trace_hvpost_drop(record);
		return false;
	}
	ring_add(ring, record);
	return true;
}

void hvp_ring_add_counters(const struct hvp_ring *ring,
			   struct hvpost_ioc_counters *sum)
{
	lockdep_assert_irqs_disabled();

	sum->messages += ring->counters.messages;
	sum->events += ring->counters.events;
	sum->stalls += ring->counters.stalls;
	sum->oversize += ring->counters.oversize;
	sum->dropped += ring->counters.dropped;
	sum->filtered += ring->counters.filtered;
}

static void ring_wake(struct hvp_ring *ring)
{
	wake_up_interruptible_poll(ring->wait, EPOLLIN | EPOLLRDNORM);
}

static void ring_wake_work(struct irq_work *work)
{
	ring_wake(container_of(work, struct hvp_ring, wake));
}

void hvp_ring_wake(struct hvp_ring *ring)
{
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		irq_work_queue(&ring->wake);
	else
		ring_wake(ring);
}

/* Reading */

bool hvp_ring_is_empty(const struct hvp_ring *ring)
{
	/* Acquire: a record that is there is whole, and in the reader's mapping. */
	return hvp_index_is_empty(smp_load_acquire(&ring->head),
				  READ_ONCE(ring->words->tail));
}

u32 hvp_ring_queued(const struct hvp_ring *ring)
{
	/* Acquire: the head is read after it, and so not behind by records read since. */
	u32 tail = smp_load_acquire(&ring->words->tail);

	return hvp_index_queued(READ_ONCE(ring->head), tail, ring->size);
}

ssize_t hvp_ring_read(struct hvp_ring *ring, char __user *buffer, size_t room)
{
	/* Acquire: the records up to head are whole. */
	u32 tail = ring->tail, head = smp_load_acquire(&ring->head);
	size_t done = 0;
	int err = 0;

	while (tail != head && done < room) {
		if (copy_to_user(buffer + done * sizeof(struct hvpost_record),
				 &ring->records[tail & (ring->size - 1)],
				 sizeof(struct hvpost_record))) {
			err = -EFAULT;
			break;
		}
		tail++;
		done++;
	}
	ring->tail = tail;
	/* The records are copied before the taker may reuse them. */
	smp_store_release(&ring->words->tail, tail);
	return done ? (ssize_t)done : err;
}

bool hvp_ring_is_stalled(const struct hvp_ring *ring)
{
	/* Pairs with the barrier in hvp_ring_has_room(). */
	smp_mb();
	return READ_ONCE(ring->stalled);
}

bool hvp_ring_may_go_on(const struct hvp_ring *ring)
{
	return hvp_ring_is_stalled(ring) && ring_has_room(ring);
}

const struct hvp_pages *hvp_ring_pages(const struct hvp_ring *ring)
{
	return ring->pages;
}

/* Making */

struct hvp_ring *hvp_ring_new(const struct hvp_ring_wish *wish)
{
	u32 records = wish->bind->ring_records;
	int node = cpu_to_node(wish->cpu);
	struct hvp_ring *ring;

	ring = kzalloc_node(sizeof(*ring), GFP_KERNEL_ACCOUNT, node);
	if (!ring)
		return ERR_PTR(-ENOMEM);
	ring->pages = hvp_pages_new(array_size(records,
					       sizeof(*ring->records)), node);
	if (!ring->pages) {
		kfree(ring);
		return ERR_PTR(-ENOMEM);
	}

	init_irq_work(&ring->wake, ring_wake_work);
	ring->records = ring->pages->memory;
	ring->size = records;
	ring->events = wish->bind->flags & HVPOST_BIND_EVENTS;
	ring->shared = wish->bind->flags & HVPOST_BIND_SHARED;
	ring->filter = wish->filter;
	ring->words = wish->words;
	ring->wait = wish->wait;
	return ring;
}

void hvp_ring_free(struct hvp_ring *ring)
{
	irq_work_sync(&ring->wake);
	hvp_pages_free(ring->pages);
	kfree(ring);
}
