// SPDX-License-Identifier: GPL-2.0-only
#include "ring.h"

#include <linux/err.h>
#include <linux/irq_work.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/topology.h>
#include <linux/uaccess.h>

struct hvp_ring {
	u32 head;		/* release by the taker, acquire by the reader */
	u32 tail;		/* release by the reader, acquire by the taker */
	u32 mask;
	bool stalled;		/* there was no room. Full barriers order it
				 * against tail on both sides, so that either
				 * the taker sees the room or the reader sees
				 * the stall.
				 */
	/* These two under the taker's lock */
	u64 sequence;
	struct hvpost_ioc_counters counters;
	struct irq_work wake;	/* on PREEMPT_RT, where interrupts cannot wake */
	wait_queue_head_t *wait;
	struct hvpost_record records[];
};

/* Taking */

bool hvp_ring_has_room(struct hvp_ring *ring)
{
	lockdep_assert_irqs_disabled();

	/* Acquire: the reader has copied what it gave back. */
	if (ring->head - smp_load_acquire(&ring->tail) <= ring->mask)
		return true;
	WRITE_ONCE(ring->stalled, true);
	/* Pairs with the barrier in hvp_ring_is_stalled(). */
	smp_mb();
	/* Acquire: as above. */
	if (ring->head - smp_load_acquire(&ring->tail) > ring->mask) {
		ring->counters.stalls++;
		return false;
	}
	WRITE_ONCE(ring->stalled, false);
	return true;
}

void hvp_ring_add(struct hvp_ring *ring, const struct hvpost_record *record)
{
	struct hvpost_record *place = &ring->records[ring->head & ring->mask];

	lockdep_assert_irqs_disabled();

	*place = *record;
	place->sequence = ++ring->sequence;

	ring->counters.messages++;
	if (record->flags & HVPOST_RECORD_OVERSIZE)
		ring->counters.oversize++;
	/* The record is whole before the reader can see it. */
	smp_store_release(&ring->head, ring->head + 1);
}

void hvp_ring_clear_stall(struct hvp_ring *ring)
{
	WRITE_ONCE(ring->stalled, false);
}

void hvp_ring_add_counters(const struct hvp_ring *ring,
			   struct hvpost_ioc_counters *sum)
{
	lockdep_assert_irqs_disabled();

	sum->messages += ring->counters.messages;
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
	return READ_ONCE(ring->tail) == smp_load_acquire(&ring->head);
}

ssize_t hvp_ring_read(struct hvp_ring *ring, char __user *buffer, size_t room)
{
	/* Acquire: the records up to head are whole. */
	u32 tail = ring->tail, head = smp_load_acquire(&ring->head);
	size_t done = 0;
	int err = 0;

	while (tail != head && done < room) {
		if (copy_to_user(buffer + done * sizeof(struct hvpost_record),
				 &ring->records[tail & ring->mask],
				 sizeof(struct hvpost_record))) {
			err = -EFAULT;
			break;
		}
		tail++;
		done++;
	}
	/* The records are copied before the taker may reuse them. */
	smp_store_release(&ring->tail, tail);
	return done ? (ssize_t)done : err;
}

bool hvp_ring_is_stalled(const struct hvp_ring *ring)
{
	/* Pairs with the barrier in hvp_ring_has_room(). */
	smp_mb();
	return READ_ONCE(ring->stalled);
}

/* Making */

struct hvp_ring *hvp_ring_new(unsigned int cpu, u32 records,
			      wait_queue_head_t *wait)
{
	struct hvp_ring *ring;

	ring = kvzalloc_node(struct_size(ring, records, records),
			     GFP_KERNEL_ACCOUNT, cpu_to_node(cpu));
	if (!ring)
		return ERR_PTR(-ENOMEM);

	init_irq_work(&ring->wake, ring_wake_work);
	ring->mask = records - 1;
	ring->wait = wait;
	return ring;
}

void hvp_ring_free(struct hvp_ring *ring)
{
	irq_work_sync(&ring->wake);
	kvfree(ring);
}
