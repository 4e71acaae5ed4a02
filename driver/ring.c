// SPDX-License-Identifier: GPL-2.0-only
#include "ring.h"

#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/lockdep.h>
#include <linux/overflow.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/uaccess.h>

#include "layout.h"
#include "pages.h"

/*
 * The reader may have @words and the records mapped, the words for writing. They
 * are our copies for it: but for the tail we never read what lies there, and that
 * once each time, for whatever it is.
 */
struct hvp_ring {
	struct hvpost_ring_words *words;
	struct hvp_pages *pages;
	struct hvpost_record *records;
	u32 size;		/* records in it, a power of two */
	u32 head;		/* release by the taker, acquire by the reader */
	u32 tail;		/* read()'s own; under inbox->read_lock */
	bool stalled;		/* something was left behind. Full barriers order it
				 * against words->tail on both sides, so that
				 * either the taker sees the room or the reader
				 * sees the stall.
				 */
	/* These two under the taker's lock */
	u64 sequence;
	struct hvpost_ioc_counters counters;
	struct irq_work wake;	/* on PREEMPT_RT, where interrupts cannot wake */
	wait_queue_head_t *wait;
};

/* Taking */

static bool ring_has_room(const struct hvp_ring *ring)
{
	/* Acquire: the reader is done with what it gave back. */
	return hvp_index_has_room(ring->head,
				  smp_load_acquire(&ring->words->tail),
				  ring->size);
}

static void ring_set_stalled(struct hvp_ring *ring, bool stalled)
{
	WRITE_ONCE(ring->stalled, stalled);
	WRITE_ONCE(ring->words->stalled, stalled);
}

bool hvp_ring_has_room(struct hvp_ring *ring)
{
	lockdep_assert_irqs_disabled();

	if (ring_has_room(ring))
		return true;
	ring_set_stalled(ring, true);
	/* Pairs with the barrier of hvp_ring_is_stalled(), or of a mapped reader. */
	smp_mb();
	if (!ring_has_room(ring)) {
		ring->counters.stalls++;
		return false;
	}
	ring_set_stalled(ring, false);
	return true;
}

void hvp_ring_add(struct hvp_ring *ring, const struct hvpost_record *record)
{
	struct hvpost_record *place =
		&ring->records[ring->head & (ring->size - 1)];

	lockdep_assert_irqs_disabled();

	*place = *record;
	place->sequence = ++ring->sequence;

	if (record->flags & HVPOST_RECORD_EVENT)
		ring->counters.events++;
	else
		ring->counters.messages++;
	if (record->flags & HVPOST_RECORD_OVERSIZE)
		ring->counters.oversize++;
	/* The record is whole before a reader can see it. */
	smp_store_release(&ring->head, ring->head + 1);
	smp_store_release(&ring->words->head, ring->head);
}

void hvp_ring_stall(struct hvp_ring *ring)
{
	/* Before the head is released, so that who sees the record sees this. */
	ring_set_stalled(ring, true);
}

void hvp_ring_clear_stall(struct hvp_ring *ring)
{
	ring_set_stalled(ring, false);
}

void hvp_ring_add_counters(const struct hvp_ring *ring,
			   struct hvpost_ioc_counters *sum)
{
	lockdep_assert_irqs_disabled();

	sum->messages += ring->counters.messages;
	sum->events += ring->counters.events;
	sum->stalls += ring->counters.stalls;
	sum->oversize += ring->counters.oversize;
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
	/* Acquire: a record that is there is whole. */
	return READ_ONCE(ring->words->tail) == smp_load_acquire(&ring->head);
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

const struct hvp_pages *hvp_ring_pages(const struct hvp_ring *ring)
{
	return ring->pages;
}

/* Making */

struct hvp_ring *hvp_ring_new(unsigned int cpu, u32 records,
			      struct hvpost_ring_words *words,
			      wait_queue_head_t *wait)
{
	struct hvp_ring *ring;

	ring = kzalloc_node(sizeof(*ring), GFP_KERNEL_ACCOUNT,
			    cpu_to_node(cpu));
	if (!ring)
		return ERR_PTR(-ENOMEM);
	ring->pages = hvp_pages_new(array_size(records,
					       sizeof(*ring->records)),
				    cpu_to_node(cpu));
	if (!ring->pages) {
		kfree(ring);
		return ERR_PTR(-ENOMEM);
	}

	init_irq_work(&ring->wake, ring_wake_work);
	ring->records = ring->pages->memory;
	ring->words = words;
	ring->size = records;
	ring->wait = wait;
	return ring;
}

void hvp_ring_free(struct hvp_ring *ring)
{
	irq_work_sync(&ring->wake);
	hvp_pages_free(ring->pages);
	kfree(ring);
}
