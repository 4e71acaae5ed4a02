// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bound SINT. Each CPU has a ring: the interrupt copies the CPU's slot into
 * it and frees the slot, readers take from it. A full ring leaves its slot
 * occupied, so that the host queues and then refuses the senders; the reader
 * that makes room takes the slot up again.
 */
#include "hvpost.h"

#include <linux/cpu.h>
#include <linux/errno.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/uaccess.h>

#include <asm/sync_bitops.h>

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
	unsigned int irq;
	struct irq_work wake;	/* on PREEMPT_RT, where interrupts cannot wake */
	u64 sequence;
	struct hvpost_ioc_counters counters;
	struct hvp_inbox *inbox;
	struct hvpost_record records[];
};

/* Which inbox has which SINT; written with cpu_hotplug_lock held as well. */
static DEFINE_MUTEX(hvp_bind_lock);
static struct hvp_inbox *bound[HV_SINT_COUNT];

/* Taking */

/*
 * The slot to look at. When hv_vmbus moved SIMP away from our page, a message
 * that waited there for room came before all in the new one. (Hosts that treat
 * the page as an overlay carry it along, and leave our page empty.)
 */
static struct hv_slot *ring_slot(const struct hvp_ring *ring)
{
	struct hvp_vp *vp = this_cpu_ptr(&hvp_vps);
	unsigned int sint = ring->inbox->sint;

	lockdep_assert_irqs_disabled();
	if (vp->own_page && !vp->owned &&
	    smp_load_acquire(&vp->own_page->slot[sint].message_type))
		return &vp->own_page->slot[sint];

	return vp->sim ? &vp->sim->slot[sint] : NULL;
}

/* Is there a free record? If not, ask the reader to call back. */
static bool ring_has_room(struct hvp_ring *ring)
{
	lockdep_assert_held(&ring->lock);

	if (ring->head - smp_load_acquire(&ring->tail) <= ring->mask)
		return true;
	WRITE_ONCE(ring->stalled, true);
	/* Pairs with the barrier in reader_resume(). */
	smp_mb();
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
	record->sint = ring->inbox->sint;

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

static void ring_wake(struct hvp_ring *ring)
{
	wake_up_interruptible_poll(&ring->inbox->wait, EPOLLIN | EPOLLRDNORM);
}

static void ring_wake_work(struct irq_work *work)
{
	ring_wake(container_of(work, struct hvp_ring, wake));
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
		ring_wake(ring);
	return IRQ_HANDLED;
}

/*
 * Take outside of an interrupt, on the ring's CPU: after a stall, a new SIM
 * page or a new binding. Here the page may have gone, so ask first.
 */
static void ring_take_again(void *data)
{
	struct hvp_ring *ring = data;
	unsigned long flags;

	raw_spin_lock_irqsave(&ring->lock, flags);
	WRITE_ONCE(ring->stalled, false);
	if (ring->armed && hvp_synic_sim_in_force())
		ring_take_locked(ring);
	raw_spin_unlock_irqrestore(&ring->lock, flags);
}

/* Reading */

static bool ring_is_empty(const struct hvp_ring *ring)
{
	return READ_ONCE(ring->tail) == smp_load_acquire(&ring->head);
}

/* The rings of @inbox if it has a SINT. Set once, so no lock is needed. */
static struct hvp_ring **inbox_rings(struct hvp_inbox *inbox)
{
	return smp_load_acquire(&inbox->rings);
}

static bool inbox_is_empty(struct hvp_inbox *inbox)
{
	struct hvp_ring **rings = inbox_rings(inbox);
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (rings[cpu] && !ring_is_empty(rings[cpu]))
			return false;
	return true;
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
		smp_call_function_single(ring->cpu, ring_take_again, ring, 1);
	cpus_read_unlock();

	if (!ring_is_empty(ring))
		ring_wake(ring);
}

/* Copy up to @room records out. A record that cannot be copied stays. */
static ssize_t ring_read(struct hvp_ring *ring, char __user *buffer,
			 size_t room)
{
	u32 tail = ring->tail, head = smp_load_acquire(&ring->head);
	size_t done = 0;
	int err = 0;

	lockdep_assert_held(&ring->inbox->read_lock);

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

static ssize_t inbox_read(struct hvp_inbox *inbox, char __user *buffer,
			  size_t room)
{
	struct hvp_ring **rings = inbox_rings(inbox);
	unsigned int i, cpu;
	size_t done = 0;

	for (i = 0; i < nr_cpu_ids && done < room; i++) {
		ssize_t n;

		cpu = (inbox->next_cpu + i) % nr_cpu_ids;
		if (!rings[cpu])
			continue;
		n = ring_read(rings[cpu],
			      buffer + done * sizeof(struct hvpost_record),
			      room - done);
		if (n < 0)
			return done ? (ssize_t)done : n;
		done += n;
	}
	inbox->next_cpu = (inbox->next_cpu + i) % nr_cpu_ids;
	return done;
}

ssize_t hvp_inbox_read(struct hvp_inbox *inbox, char __user *buffer,
		       size_t size, bool nonblock)
{
	size_t room = min_t(size_t, size, MAX_RW_COUNT) /
		      sizeof(struct hvpost_record);
	ssize_t n;

	if (!inbox_rings(inbox))
		return -ENOTCONN;
	if (!room)
		return -EINVAL;

	for (;;) {
		if (mutex_lock_interruptible(&inbox->read_lock))
			return -ERESTARTSYS;
		n = inbox_read(inbox, buffer, room);
		mutex_unlock(&inbox->read_lock);

		if (n)
			break;
		if (READ_ONCE(inbox->revoked))
			return -ENODEV;
		if (nonblock)
			return -EAGAIN;
		if (wait_event_interruptible(inbox->wait,
					     !inbox_is_empty(inbox) ||
					     READ_ONCE(inbox->revoked)))
			return -ERESTARTSYS;
	}
	return n < 0 ? n : n * (ssize_t)sizeof(struct hvpost_record);
}

__poll_t hvp_inbox_poll(struct hvp_inbox *inbox, struct file *file,
			poll_table *wait)
{
	__poll_t events = 0;

	poll_wait(file, &inbox->wait, wait);
	if (inbox_rings(inbox) && !inbox_is_empty(inbox))
		events |= EPOLLIN | EPOLLRDNORM;
	if (READ_ONCE(inbox->revoked))
		events |= EPOLLHUP;
	return events;
}

int hvp_inbox_counters(struct hvp_inbox *inbox,
		       struct hvpost_ioc_counters *sum)
{
	struct hvp_ring **rings = inbox_rings(inbox);
	unsigned int cpu;

	if (!rings)
		return -ENOTCONN;

	memset(sum, 0, sizeof(*sum));
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct hvpost_ioc_counters one;
		unsigned long flags;

		if (!rings[cpu])
			continue;
		raw_spin_lock_irqsave(&rings[cpu]->lock, flags);
		one = rings[cpu]->counters;
		raw_spin_unlock_irqrestore(&rings[cpu]->lock, flags);

		sum->messages += one.messages;
		sum->interrupts += one.interrupts;
		sum->empty += one.empty;
		sum->eoms += one.eoms;
		sum->stalls += one.stalls;
		sum->oversize += one.oversize;
	}
	return 0;
}

/* Binding */

struct arm_request {
	struct hvp_ring *ring;
	int err;
};

/* On the ring's CPU. What lies in the slot already is taken at once. */
static void ring_arm(void *data)
{
	struct arm_request *request = data;
	struct hvp_ring *ring = request->ring;
	unsigned long flags;

	raw_spin_lock_irqsave(&ring->lock, flags);
	if (!ring->armed && this_cpu_ptr(&hvp_vps)->online) {
		int vector = hvp_sint_arm(ring->inbox->sint, ring->irq);

		ring->armed = vector > 0;
		if (ring->armed)
			ring->vector = vector;
		else
			request->err = vector;
	}
	raw_spin_unlock_irqrestore(&ring->lock, flags);

	if (!request->err)
		ring_take_again(ring);
}

/* On the ring's CPU. */
static void ring_mask(struct hvp_ring *ring)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&ring->lock, flags);
	if (ring->armed)
		hvp_sint_mask(ring->inbox->sint, ring->vector);
	raw_spin_unlock_irqrestore(&ring->lock, flags);
}

/* On the ring's CPU. What lies in the slot stays for who binds it next. */
static void ring_disarm(void *data)
{
	struct hvp_ring *ring = data;
	unsigned long flags;

	ring_mask(ring);
	raw_spin_lock_irqsave(&ring->lock, flags);
	ring->armed = false;
	raw_spin_unlock_irqrestore(&ring->lock, flags);
}

/* On the ring's CPU: could it be armed? */
static void ring_probe(void *data)
{
	struct arm_request *request = data;

	if (this_cpu_ptr(&hvp_vps)->online &&
	    !hvp_sint_is_masked(request->ring->inbox->sint))
		request->err = -EBUSY;
}

static struct hvp_ring *ring_new(struct hvp_inbox *inbox, unsigned int cpu,
				 u32 records)
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
	ring->inbox = inbox;

	irq = hvp_sint_request(cpu, inbox->sint, inbox->name, ring_interrupt,
			       ring);
	if (irq < 0) {
		kvfree(ring);
		return ERR_PTR(irq);
	}
	ring->irq = irq;
	return ring;
}

/* The SINT is masked on every CPU by now. */
static void rings_free(struct hvp_ring **rings)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		if (!rings[cpu])
			continue;
		hvp_sint_release(rings[cpu]->irq, rings[cpu]);
		irq_work_sync(&rings[cpu]->wake);
		kvfree(rings[cpu]);
	}
	kfree(rings);
}

static struct hvp_ring **rings_new(struct hvp_inbox *inbox, u32 records)
{
	struct hvp_ring **rings;
	unsigned int cpu;

	rings = kcalloc(nr_cpu_ids, sizeof(*rings), GFP_KERNEL_ACCOUNT);
	if (!rings)
		return ERR_PTR(-ENOMEM);

	for_each_present_cpu(cpu) {
		struct hvp_ring *ring = ring_new(inbox, cpu, records);

		if (IS_ERR(ring)) {
			rings_free(rings);
			return ERR_CAST(ring);
		}
		rings[cpu] = ring;
	}
	return rings;
}

/* Both with cpu_hotplug_lock held; modules cannot assert that. */
static void rings_disarm(struct hvp_ring **rings)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (rings[cpu])
			smp_call_function_single(cpu, ring_disarm, rings[cpu],
						 1);
}

static int rings_ask(struct hvp_ring **rings, smp_call_func_t question)
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		struct arm_request request = { .ring = rings[cpu] };

		if (!request.ring)
			continue;
		smp_call_function_single(cpu, question, &request, 1);
		if (request.err)
			return request.err;
	}
	return 0;
}

/* Asked before, so that no CPU takes a message for a bind that fails. */
static int rings_arm(struct hvp_ring **rings)
{
	int err = rings_ask(rings, ring_probe);

	if (err)
		return err;
	err = rings_ask(rings, ring_arm);
	if (err)
		rings_disarm(rings);
	return err;
}

static int inbox_bind_locked(struct hvp_inbox *inbox, unsigned int sint,
			     u32 records)
{
	struct hvp_ring **rings;
	int err;

	lockdep_assert_held(&hvp_bind_lock);
	if (inbox->rings || bound[sint])
		return -EBUSY;
	if (sint == HV_SINT_VMBUS && hvp_vmbus_loaded())
		return -EBUSY;

	inbox->sint = sint;
	snprintf(inbox->name, sizeof(inbox->name), "hvpost-sint%u", sint);
	rings = rings_new(inbox, records);
	if (IS_ERR(rings))
		return PTR_ERR(rings);

	err = rings_arm(rings);
	if (err) {
		rings_free(rings);
		return err;
	}
	bound[sint] = inbox;
	/* The rings are whole before a reader can see them. */
	smp_store_release(&inbox->rings, rings);
	/* Something may have come in before. */
	wake_up_interruptible_poll(&inbox->wait, EPOLLIN | EPOLLRDNORM);
	return 0;
}

u32 hvp_inbox_ring_records(u32 wish)
{
	return roundup_pow_of_two(wish ?: HVPOST_RING_RECORDS_DEFAULT);
}

int hvp_inbox_bind(struct hvp_inbox *inbox, unsigned int sint, u32 records)
{
	int err;

	cpus_read_lock();
	mutex_lock(&hvp_bind_lock);
	err = inbox_bind_locked(inbox, sint, records);
	mutex_unlock(&hvp_bind_lock);
	cpus_read_unlock();
	return err;
}

/* The last user of the file is gone, so nobody reads or polls. */
void hvp_inbox_unbind(struct hvp_inbox *inbox)
{
	if (!inbox->rings)
		return;

	cpus_read_lock();
	mutex_lock(&hvp_bind_lock);
	rings_disarm(inbox->rings);
	if (bound[inbox->sint] == inbox)
		bound[inbox->sint] = NULL;
	rings_free(inbox->rings);
	mutex_unlock(&hvp_bind_lock);
	cpus_read_unlock();
}

void hvp_inbox_revoke(unsigned int sint)
{
	struct hvp_inbox *inbox;

	cpus_read_lock();
	mutex_lock(&hvp_bind_lock);
	inbox = bound[sint];
	bound[sint] = NULL;
	if (inbox) {
		rings_disarm(inbox->rings);
		WRITE_ONCE(inbox->revoked, true);
		wake_up_interruptible_poll(&inbox->wait, EPOLLHUP);
	}
	mutex_unlock(&hvp_bind_lock);
	cpus_read_unlock();
}

void hvp_inbox_init(struct hvp_inbox *inbox)
{
	init_waitqueue_head(&inbox->wait);
	mutex_init(&inbox->read_lock);
}

u32 hvp_inbox_bound(void)
{
	unsigned int sint;
	u32 bits = 0;

	mutex_lock(&hvp_bind_lock);
	for (sint = 0; sint < HV_SINT_COUNT; sint++)
		if (bound[sint])
			bits |= BIT(sint);
	mutex_unlock(&hvp_bind_lock);
	return bits;
}

/* In process context of one CPU, while the caller holds hvp_bind_lock. */
static int collect_foreign(void *data)
{
	unsigned int sint, cpu = smp_processor_id();
	u32 *bits = data;

	for (sint = 0; sint < HV_SINT_COUNT; sint++) {
		struct hvp_ring *ring = bound[sint] ? bound[sint]->rings[cpu] :
						      NULL;

		if (!(ring && ring->armed) && !hvp_sint_is_masked(sint))
			*bits |= BIT(sint);
	}
	return 0;
}

u32 hvp_inbox_foreign(void)
{
	unsigned int cpu;
	u32 bits = 0;

	cpus_read_lock();
	mutex_lock(&hvp_bind_lock);
	for_each_online_cpu(cpu)
		smp_call_on_cpu(cpu, collect_foreign, &bits, false);
	mutex_unlock(&hvp_bind_lock);
	cpus_read_unlock();
	return bits;
}

/* CPUs that come and go */

static void for_each_ring_here(void (*deed)(struct hvp_ring *ring))
{
	unsigned int sint, cpu = smp_processor_id();

	mutex_lock(&hvp_bind_lock);
	for (sint = 0; sint < HV_SINT_COUNT; sint++) {
		if (!bound[sint])
			continue;
		if (bound[sint]->rings[cpu])
			deed(bound[sint]->rings[cpu]);
		else
			pr_warn_once("CPU %u was added after SINT %u was bound: its messages wait until that is closed and bound again\n",
				     cpu, sint);
	}
	mutex_unlock(&hvp_bind_lock);
}

static void ring_cpu_online(struct hvp_ring *ring)
{
	struct arm_request request = { .ring = ring };

	ring_arm(&request);
	if (request.err)
		pr_warn("CPU %u: SINT %u is not ours to arm (error %d); its messages will not be received\n",
			ring->cpu, ring->inbox->sint, request.err);
	ring_wake(ring);
}

static void ring_cpu_offline(struct hvp_ring *ring)
{
	ring_mask(ring);
	ring_take_again(ring);
	ring_disarm(ring);
	ring_wake(ring);
}

static void ring_cpu_resume(struct hvp_ring *ring)
{
	ring_take_again(ring);
	ring_wake(ring);
}

void hvp_inbox_cpu_online(void)
{
	for_each_ring_here(ring_cpu_online);
}

void hvp_inbox_cpu_offline(void)
{
	for_each_ring_here(ring_cpu_offline);
}

void hvp_inbox_cpu_resume(void)
{
	for_each_ring_here(ring_cpu_resume);
}
