// SPDX-License-Identifier: GPL-2.0-only
#include "hvpost.h"

#include <linux/cpu.h>
#include <linux/errno.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/uaccess.h>

#include <asm/sync_bitops.h>

#include "ring.h"
#include "slot.h"

/*
 * Slots taken in one go. Each delivery raises its own interrupt, so stopping
 * early loses nothing and a flooding host cannot hold the CPU.
 */
#define TAKE_BUDGET 16

struct hvp_ring {
	raw_spinlock_t lock;	/* guards the slot, head, stalled's rise, the
				 * sequence and the counters
				 */
	u32 head;		/* release by the taker, acquire by the reader */
	u32 tail;		/* release by the reader, acquire by the taker */
	u32 mask;
	bool stalled;		/* the slot was left occupied. Full barriers
				 * order it against tail on both sides, so that
				 * either the taker sees the room or the reader
				 * sees the stall.
				 */
	bool armed;		/* under the lock, on the ring's CPU */
	unsigned int vector;	/* what the SINT was armed with */
	unsigned int cpu;
	unsigned int sint;
	unsigned int irq;
	struct irq_work wake;	/* on PREEMPT_RT, where interrupts cannot wake */
	u64 sequence;
	struct hvpost_ioc_counters counters;
	wait_queue_head_t *wait;
	struct hvpost_record records[];
};

/* Taking */

/*
 * The slot to look at. When hv_vmbus moved SIMP away from our page, a message
 * that waited there for room came before all in the new one. (Hosts that treat
 * the page as an overlay carry it along, and leave our page empty.)
 */
static struct hv_slot *ring_slot(const struct hvp_ring *ring)
{
	struct hvp_vp *vp = this_cpu_ptr(&hvp_vps);
	unsigned int sint = ring->sint;

	lockdep_assert_irqs_disabled();
	/* Acquire: the host wrote the type last. */
	if (vp->own_page && !vp->owned &&
	    smp_load_acquire(&vp->own_page->slot[sint].message_type))
		return &vp->own_page->slot[sint];

	return vp->sim ? &vp->sim->slot[sint] : NULL;
}

/* Is there a free record? If not, ask the reader to call back. */
static bool ring_has_room(struct hvp_ring *ring)
{
	lockdep_assert_held(&ring->lock);

	/* Acquire: the reader has copied what it gave back. */
	if (ring->head - smp_load_acquire(&ring->tail) <= ring->mask)
		return true;
	WRITE_ONCE(ring->stalled, true);
	/* Pairs with the barrier in reader_resume(). */
	smp_mb();
	/* Acquire: as above. */
	if (ring->head - smp_load_acquire(&ring->tail) > ring->mask) {
		ring->counters.stalls++;
		return false;
	}
	WRITE_ONCE(ring->stalled, false);
	return true;
}

static void ring_add(struct hvp_ring *ring, const struct hv_slot *slot,
		     const struct hvp_slot_head *head)
{
	struct hvpost_record *record = &ring->records[ring->head & ring->mask];

	lockdep_assert_held(&ring->lock);

	hvp_slot_decode(record, head, slot->payload);
	record->sequence = ++ring->sequence;
	record->time_ns = ktime_get_ns();
	record->vp_index = this_cpu_ptr(&hvp_vps)->vp_index;
	record->sint = ring->sint;

	ring->counters.messages++;
	if (record->flags & HVPOST_RECORD_OVERSIZE)
		ring->counters.oversize++;
	/* The record is whole before the reader can see it. */
	smp_store_release(&ring->head, ring->head + 1);
}

/*
 * Free the slot whose type was @type and let the host fill it again.
 *
 * The host marks a busy slot by MessagePending and then looks at the type once
 * more; we clear the type and then look at MessagePending, with a full barrier
 * between the two on both sides. So one of us sees the other, and no message
 * stays behind (TLFS, SynIC Message Flags). A type that changed under us is a
 * new message: it stays.
 */
static void slot_free(struct hvp_ring *ring, struct hv_slot *slot, u32 type)
{
	/* sync_: with one CPU cmpxchg() loses the barrier, the host does not. */
	sync_cmpxchg(&slot->message_type, type, HV_MESSAGE_TYPE_NONE);

	if (READ_ONCE(slot->message_flags) & HV_MESSAGE_PENDING) {
		ring->counters.eoms++;
		hvp_synic_eom();
	}
}

/* Take what the slot of this CPU holds. Return true if that was anything. */
static bool ring_take_locked(struct hvp_ring *ring)
{
	unsigned int budget;

	lockdep_assert_held(&ring->lock);
	if (WARN_ON_ONCE(ring->cpu != smp_processor_id()))
		return false;

	for (budget = TAKE_BUDGET; budget; budget--) {
		struct hv_slot *slot = ring_slot(ring);
		struct hvp_slot_head head;

		/* The host writes the type last; the rest is there with it. */
		if (!slot || !smp_load_acquire(&slot->message_type))
			break;
		head.word = READ_ONCE(*(const u64 *)slot);
		head.origin = READ_ONCE(slot->origin);
		if (!hvp_slot_type(&head) || !ring_has_room(ring))
			break;

		ring_add(ring, slot, &head);
		slot_free(ring, slot, hvp_slot_type(&head));
	}
	return budget != TAKE_BUDGET;
}

void hvp_ring_wake(struct hvp_ring *ring)
{
	wake_up_interruptible_poll(ring->wait, EPOLLIN | EPOLLRDNORM);
}

static void ring_wake_work(struct irq_work *work)
{
	hvp_ring_wake(container_of(work, struct hvp_ring, wake));
}

static irqreturn_t ring_interrupt(int irq, void *dev)
{
	struct hvp_ring *ring = dev;
	unsigned long flags;
	bool taken;

	raw_spin_lock_irqsave(&ring->lock, flags);
	ring->counters.interrupts++;
	taken = ring_take_locked(ring);
	if (!taken && !ring->stalled)
		ring->counters.empty++;
	raw_spin_unlock_irqrestore(&ring->lock, flags);

	if (taken && IS_ENABLED(CONFIG_PREEMPT_RT))
		irq_work_queue(&ring->wake);
	else if (taken)
		hvp_ring_wake(ring);
	return IRQ_HANDLED;
}

/*
 * Take outside of an interrupt, on the ring's CPU: after a stall, a new SIM
 * page or a new binding. Here the page may have gone, so ask first.
 */
void hvp_ring_take_again(struct hvp_ring *ring)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ring->lock, flags);
	WRITE_ONCE(ring->stalled, false);
	if (ring->armed && hvp_synic_sim_in_force())
		ring_take_locked(ring);
	raw_spin_unlock_irqrestore(&ring->lock, flags);
}

/* Reading */

bool hvp_ring_is_empty(const struct hvp_ring *ring)
{
	/* Acquire: a record that is there is whole. */
	return READ_ONCE(ring->tail) == smp_load_acquire(&ring->head);
}

static void take_again_here(void *ring)
{
	hvp_ring_take_again(ring);
}

/* The reader made room: has the taker given up for want of it? */
static void reader_resume(struct hvp_ring *ring)
{
	/* Pairs with the barrier in ring_has_room(). */
	smp_mb();
	if (!READ_ONCE(ring->stalled))
		return;

	cpus_read_lock();
	if (cpu_online(ring->cpu))
		smp_call_function_single(ring->cpu, take_again_here, ring, 1);
	cpus_read_unlock();

	if (!hvp_ring_is_empty(ring))
		hvp_ring_wake(ring);
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
	if (done) {
		/* The records are copied before the taker may reuse them. */
		smp_store_release(&ring->tail, tail);
		reader_resume(ring);
	}
	return done ? (ssize_t)done : err;
}

void hvp_ring_add_counters(struct hvp_ring *ring,
			   struct hvpost_ioc_counters *sum)
{
	struct hvpost_ioc_counters one;
	unsigned long flags;

	raw_spin_lock_irqsave(&ring->lock, flags);
	one = ring->counters;
	raw_spin_unlock_irqrestore(&ring->lock, flags);

	sum->messages += one.messages;
	sum->interrupts += one.interrupts;
	sum->empty += one.empty;
	sum->eoms += one.eoms;
	sum->stalls += one.stalls;
	sum->oversize += one.oversize;
}

/* Arming */

int hvp_ring_probe(struct hvp_ring *ring)
{
	if (!this_cpu_ptr(&hvp_vps)->online || hvp_sint_is_masked(ring->sint))
		return 0;
	return -EBUSY;
}

int hvp_ring_arm(struct hvp_ring *ring)
{
	unsigned long flags;
	int vector = 0;

	raw_spin_lock_irqsave(&ring->lock, flags);
	if (!ring->armed && this_cpu_ptr(&hvp_vps)->online) {
		vector = hvp_sint_arm(ring->sint, ring->irq);
		ring->armed = vector > 0;
	}
	if (vector > 0)
		ring->vector = vector;
	raw_spin_unlock_irqrestore(&ring->lock, flags);
	if (vector < 0)
		return vector;

	hvp_ring_take_again(ring);
	return 0;
}

void hvp_ring_mask(struct hvp_ring *ring)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ring->lock, flags);
	if (ring->armed)
		hvp_sint_mask(ring->sint, ring->vector);
	raw_spin_unlock_irqrestore(&ring->lock, flags);
}

void hvp_ring_disarm(struct hvp_ring *ring)
{
	unsigned long flags;

	hvp_ring_mask(ring);
	raw_spin_lock_irqsave(&ring->lock, flags);
	ring->armed = false;
	raw_spin_unlock_irqrestore(&ring->lock, flags);
}

bool hvp_ring_is_armed(const struct hvp_ring *ring)
{
	return READ_ONCE(ring->armed);
}

/* Making */

struct hvp_ring *hvp_ring_new(unsigned int cpu, unsigned int sint, u32 records,
			      const char *name, wait_queue_head_t *wait)
{
	struct hvp_ring *ring;
	int irq;

	ring = kvzalloc_node(struct_size(ring, records, records),
			     GFP_KERNEL_ACCOUNT, cpu_to_node(cpu));
	if (!ring)
		return ERR_PTR(-ENOMEM);

	raw_spin_lock_init(&ring->lock);
	init_irq_work(&ring->wake, ring_wake_work);
	ring->mask = records - 1;
	ring->cpu = cpu;
	ring->sint = sint;
	ring->wait = wait;

	irq = hvp_sint_request(cpu, sint, name, ring_interrupt, ring);
	if (irq < 0) {
		kvfree(ring);
		return ERR_PTR(irq);
	}
	ring->irq = irq;
	return ring;
}

void hvp_ring_free(struct hvp_ring *ring)
{
	hvp_sint_release(ring->irq, ring);
	irq_work_sync(&ring->wake);
	kvfree(ring);
}
