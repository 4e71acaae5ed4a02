// SPDX-License-Identifier: GPL-2.0-only
#include "hvpost.h"

#include <linux/cpu.h>
#include <linux/errno.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include <asm/sync_bitops.h>

#include "count.h"
#include "flags.h"
#include "slot.h"
#include "taker.h"
#include "trace.h"

/*
 * Slots taken in one go. Each delivery raises its own interrupt, so stopping
 * early loses nothing and a flooding host cannot hold the CPU.
 */
#define TAKE_BUDGET 16

/*
 * Flags looked at in one go, of use to anybody or not. A flag that is set already
 * raises no interrupt, so the rest is left to an irq_work of this CPU: no reader
 * need do anything for it, and other interrupts come in between.
 */
#define FLAG_BUDGET 64

/*
 * All taking, and all joining and leaving, is done on the taker's own CPU with
 * IRQs off, or while that CPU is off. So its rings stay as they are for who has
 * IRQs off there; the lock is for those who only count.
 */
struct hvp_taker {
	raw_spinlock_t lock;	/* guards the slot and the flags, the rings'
				 * writing side, and all below that may change
				 */
	bool armed;		/* changed on the taker's CPU */
	unsigned int vector;	/* what the SINT was armed with */
	unsigned int cpu;
	unsigned int sint;
	unsigned int irq;	/* 0: given back */
	struct list_head rings;	/* of the inboxes that have the SINT */
	unsigned int event_rings;	/* of these, that want flags */
	unsigned int next_flag;	/* where the next go begins */
	struct irq_work go_on;	/* queued only on the taker's CPU */
	u64 interrupts;		/* as in struct hvpost_ioc_counters */
	u64 empty;
	u64 eoms;
	bool waiting;		/* for a ring to have room, as was told last */
	struct hvpost_record record;	/* what is being taken */
};

/* Taking */

/*
 * The slot to look at. When hv_vmbus moved SIMP away from our page, a message
 * that waited there for room came before all in the new one. (Hosts that treat
 * the page as an overlay carry it along, and leave our page empty.)
 */
static struct hv_slot *taker_slot(const struct hvp_taker *taker)
{
	const struct hvp_synic_page *page = &this_cpu_ptr(&hvp_vps)->sim;
	struct hv_sim_page *sim = page->memory, *own = page->own;
	unsigned int sint = taker->sint;

	lockdep_assert_irqs_disabled();
	/* Acquire: the host wrote the type last. */
	if (own && !page->owned &&
	    smp_load_acquire(&own->slot[sint].message_type))
		return &own->slot[sint];

	return sim ? &sim->slot[sint] : NULL;
}

static bool taker_is_here(const struct hvp_taker *taker)
{
	return !WARN_ON_ONCE(taker->cpu != smp_processor_id());
}

/* Is there a page for flags, and anybody who wants them? */
static bool taker_wants_flags(const struct hvp_taker *taker)
{
	return taker->event_rings && this_cpu_ptr(&hvp_vps)->sief.memory;
}

static u32 vp_index_here(void)
{
	return this_cpu_ptr(&hvp_vps)->vp_index;
}

static void taker_tell_waiting(struct hvp_taker *taker, bool waiting)
{
	if (taker->waiting == waiting)
		return;
	taker->waiting = waiting;
	if (waiting) {
		hvp_count(ring_full);
		trace_hvpost_ring_full(vp_index_here(), taker->sint);
	} else {
		hvp_count(ring_resumed);
		trace_hvpost_ring_resumed(vp_index_here(), taker->sint);
	}
}

static bool rings_must_wait(struct hvp_taker *taker)
{
	struct hvp_ring *ring;

	list_for_each_entry(ring, &taker->rings, of_taker)
		if (hvp_ring_must_wait(ring, &taker->record))
			return true;
	return false;
}

/* Does the record have to stay where it is, for want of room in a ring? */
static bool taker_must_wait(struct hvp_taker *taker)
{
	lockdep_assert_held(&taker->lock);

	if (list_empty(&taker->rings))
		return true;
	taker_tell_waiting(taker, rings_must_wait(taker));
	return taker->waiting;
}

/* What a slot or flag does not tell. */
static void taker_sign(struct hvp_taker *taker)
{
	taker->record.time_ns = ktime_get_ns();
	taker->record.vp_index = vp_index_here();
	taker->record.sint = taker->sint;
}

/* Into all rings that want it and have room. */
static void taker_hand_out(struct hvp_taker *taker)
{
	struct hvp_ring *ring;

	lockdep_assert_held(&taker->lock);

	list_for_each_entry(ring, &taker->rings, of_taker)
		if (hvp_ring_take(ring, &taker->record))
			ring->woken = true;
}

/* With IRQs off, after the lock: wake the readers of what was handed out. */
static void taker_wake(struct hvp_taker *taker)
{
	struct hvp_ring *ring;

	lockdep_assert_irqs_disabled();

	list_for_each_entry(ring, &taker->rings, of_taker) {
		if (!ring->woken)
			continue;
		ring->woken = false;
		hvp_ring_wake(ring);
	}
}

static bool taker_is_stalled(const struct hvp_taker *taker)
{
	const struct hvp_ring *ring;

	list_for_each_entry(ring, &taker->rings, of_taker)
		if (hvp_ring_is_stalled(ring))
			return true;
	return false;
}

static void taker_set_stalled(struct hvp_taker *taker, bool stalled)
{
	struct hvp_ring *ring;

	list_for_each_entry(ring, &taker->rings, of_taker)
		hvp_ring_set_stalled(ring, stalled);
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
static void slot_free(struct hvp_taker *taker, struct hv_slot *slot, u32 type)
{
	/* sync_: with one CPU cmpxchg() loses the barrier, the host does not. */
	sync_cmpxchg(&slot->message_type, type, HV_MESSAGE_TYPE_NONE);

	if (READ_ONCE(slot->message_flags) & HV_MESSAGE_PENDING) {
		taker->eoms++;
		hvp_count(eoms);
		trace_hvpost_eom(vp_index_here(), taker->sint);
		hvp_synic_eom();
	}
}

/* Take what the slot of this CPU holds. Return true if that was anything. */
static bool taker_take_slot(struct hvp_taker *taker)
{
	unsigned int budget;

	lockdep_assert_held(&taker->lock);

	for (budget = TAKE_BUDGET; budget; budget--) {
		struct hv_slot *slot = taker_slot(taker);
		struct hvp_slot_head head;

		/* The host writes the type last; the rest is there with it. */
		if (!slot || !smp_load_acquire(&slot->message_type))
			break;
		head.word = READ_ONCE(*(const u64 *)slot);
		head.origin = READ_ONCE(slot->origin);
		if (!hvp_slot_type(&head))
			break;
		hvp_slot_decode(&taker->record, &head, slot->payload);
		if (taker_must_wait(taker))
			break;

		taker_sign(taker);
		taker_hand_out(taker);
		hvp_count(slots[taker->sint]);
		trace_hvpost_slot(&taker->record);
		slot_free(taker, slot, hvp_slot_type(&head));
	}
	return budget != TAKE_BUDGET;
}

/*
 * As taker_slot(): what was signalled in our page before it was moved away comes
 * first.
 */
static struct hv_event_flags *taker_flags(const struct hvp_taker *taker)
{
	const struct hvp_synic_page *page = &this_cpu_ptr(&hvp_vps)->sief;
	struct hv_sief_page *sief = page->memory, *own = page->own;
	unsigned int sint = taker->sint;

	lockdep_assert_irqs_disabled();
	if (own && !page->owned &&
	    hvp_flags_next(&own->sint[sint], 0) < HV_EVENT_FLAG_COUNT)
		return &own->sint[sint];

	return sief ? &sief->sint[sint] : NULL;
}

/* Return false if it has to stay, for want of room. */
static bool taker_take_flag(struct hvp_taker *taker,
			    struct hv_event_flags *flags, unsigned int flag)
{
	taker->record.origin = flag;
	if (taker_must_wait(taker))
		return false;
	/*
	 * Before its record can be seen: a signal that comes after that is an
	 * event of its own. sync_: the host is another CPU, also where we have one.
	 */
	if (sync_test_and_clear_bit(flag, (unsigned long *)flags)) {
		taker_hand_out(taker);
		hvp_count(flags);
		trace_hvpost_flag(&taker->record);
	}
	return true;
}

/*
 * One go. Only one that began with the first flag and came to the end of the page
 * in force has seen all that no interrupt will tell of, so any other has another
 * follow; but where there is no room, the reader who makes some calls for it.
 */
static bool taker_take_flags(struct hvp_taker *taker)
{
	struct hv_event_flags *flags = taker_flags(taker);
	unsigned int first = taker->next_flag, budget = FLAG_BUDGET, flag;

	lockdep_assert_held(&taker->lock);

	if (!flags)
		return false;
	flag = hvp_flags_next(flags, first);
	if (flag < HV_EVENT_FLAG_COUNT) {
		hvp_flags_decode(&taker->record, flag);
		taker_sign(taker);
	}
	for (; flag < HV_EVENT_FLAG_COUNT && budget; budget--) {
		if (!taker_take_flag(taker, flags, flag)) {
			taker->next_flag = flag;
			return budget != FLAG_BUDGET;
		}
		flag = hvp_flags_next(flags, flag + 1);
	}
	taker->next_flag = flag % HV_EVENT_FLAG_COUNT;
	if (first || taker->next_flag || flags != taker_flags(taker))
		irq_work_queue(&taker->go_on);
	return budget != FLAG_BUDGET;
}

/* Go on with the flags that the last go left. The pages may have gone since. */
static void taker_go_on(struct irq_work *work)
{
	struct hvp_taker *taker = container_of(work, struct hvp_taker, go_on);
	unsigned long flags;

	raw_spin_lock_irqsave(&taker->lock, flags);
	if (taker->armed && taker_is_here(taker) && taker_wants_flags(taker) &&
	    hvp_synic_sief_in_force())
		taker_take_flags(taker);
	raw_spin_unlock(&taker->lock);

	taker_wake(taker);
	local_irq_restore(flags);
}

static irqreturn_t taker_interrupt(int irq, void *dev)
{
	struct hvp_taker *taker = dev;
	bool taken = false;

	lockdep_assert_irqs_disabled();

	raw_spin_lock(&taker->lock);
	taker->interrupts++;
	if (taker_is_here(taker)) {
		taken = taker_take_slot(taker);
		if (taker_wants_flags(taker) && taker_take_flags(taker))
			taken = true;
	}
	if (!taken && !taker_is_stalled(taker))
		taker->empty++;
	raw_spin_unlock(&taker->lock);

	taker_wake(taker);
	return IRQ_HANDLED;
}

/*
 * Take what is there outside of an interrupt, where the pages may have gone: so ask
 * first, and for each page, as an owner of the SynIC may have messages and no flags.
 * The rings stay stalled if what they wait for may be in a page that is not looked at.
 */
static void taker_take_in_force(struct hvp_taker *taker)
{
	bool wants_flags = taker_wants_flags(taker);
	bool messages = hvp_synic_sim_in_force();
	bool flags = wants_flags && hvp_synic_sief_in_force();

	lockdep_assert_held(&taker->lock);

	if (messages && flags == wants_flags)
		taker_set_stalled(taker, false);
	if (messages)
		taker_take_slot(taker);
	if (flags)
		taker_take_flags(taker);
}

/* After a stall, new pages or a new binding. */
void hvp_taker_take_again(struct hvp_taker *taker)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&taker->lock, flags);
	if (taker->armed && taker_is_here(taker))
		taker_take_in_force(taker);
	raw_spin_unlock(&taker->lock);

	taker_wake(taker);
	local_irq_restore(flags);
}

static void take_again_here(void *taker)
{
	hvp_taker_take_again(taker);
}

void hvp_taker_resume(struct hvp_taker *taker)
{
	cpus_read_lock();
	if (cpu_online(taker->cpu))
		smp_call_function_single(taker->cpu, take_again_here, taker, 1);
	cpus_read_unlock();
}

void hvp_taker_finish(struct hvp_taker *taker)
{
	irq_work_sync(&taker->go_on);
}

void hvp_taker_add_counters(struct hvp_taker *taker,
			    const struct hvp_ring *ring,
			    struct hvpost_ioc_counters *sum)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&taker->lock, flags);
	sum->interrupts += taker->interrupts;
	sum->empty += taker->empty;
	sum->eoms += taker->eoms;
	hvp_ring_add_counters(ring, sum);
	raw_spin_unlock_irqrestore(&taker->lock, flags);
}

/* Joining */

void hvp_taker_join(struct hvp_taker *taker, struct hvp_ring *ring)
{
	lockdep_assert_irqs_disabled();

	raw_spin_lock(&taker->lock);
	list_add_tail(&ring->of_taker, &taker->rings);
	taker->event_rings += ring->events;
	raw_spin_unlock(&taker->lock);
}

void hvp_taker_leave(struct hvp_taker *taker, struct hvp_ring *ring)
{
	lockdep_assert_irqs_disabled();

	raw_spin_lock(&taker->lock);
	list_del(&ring->of_taker);
	taker->event_rings -= ring->events;
	raw_spin_unlock(&taker->lock);
}

/* Arming */

/* Bits of SINTs; each CPU's are its own, with IRQs off. */
static DEFINE_PER_CPU(u32, armed_here);

/* On the taker's CPU. Of a SINT's takers one is armed at most: bind.c sees to it. */
static void taker_set_armed(struct hvp_taker *taker, bool armed)
{
	lockdep_assert_held(&taker->lock);

	if (taker->armed == armed)
		return;
	taker->armed = armed;
	this_cpu_write(armed_here,
		       this_cpu_read(armed_here) ^ BIT(taker->sint));
}

u32 hvp_taker_armed_here(void)
{
	lockdep_assert_irqs_disabled();

	return this_cpu_read(armed_here);
}

bool hvp_taker_is_occupied(const struct hvp_taker *taker)
{
	const struct hv_slot *slot;

	lockdep_assert_irqs_disabled();

	if (!taker->armed || !hvp_synic_sim_in_force())
		return false;
	slot = taker_slot(taker);
	return slot && READ_ONCE(slot->message_type);
}

int hvp_taker_probe(struct hvp_taker *taker)
{
	if (!this_cpu_ptr(&hvp_vps)->online || hvp_sint_is_masked(taker->sint))
		return 0;
	return -EBUSY;
}

int hvp_taker_arm(struct hvp_taker *taker)
{
	unsigned long flags;
	int vector = 0;

	raw_spin_lock_irqsave(&taker->lock, flags);
	if (!taker->armed && this_cpu_ptr(&hvp_vps)->online) {
		vector = hvp_sint_arm(taker->sint, taker->irq);
		if (vector > 0) {
			taker->vector = vector;
			taker_set_armed(taker, true);
		}
	}
	raw_spin_unlock_irqrestore(&taker->lock, flags);
	if (vector < 0)
		return vector;

	hvp_taker_take_again(taker);
	return 0;
}

void hvp_taker_mask(struct hvp_taker *taker)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&taker->lock, flags);
	if (taker->armed)
		hvp_sint_mask(taker->sint, taker->vector);
	raw_spin_unlock_irqrestore(&taker->lock, flags);
}

void hvp_taker_disarm(struct hvp_taker *taker)
{
	unsigned long flags;

	hvp_taker_mask(taker);
	raw_spin_lock_irqsave(&taker->lock, flags);
	taker_set_armed(taker, false);
	raw_spin_unlock_irqrestore(&taker->lock, flags);
}

bool hvp_taker_is_armed(const struct hvp_taker *taker)
{
	return READ_ONCE(taker->armed);
}

bool hvp_taker_is_lost(struct hvp_taker *taker)
{
	unsigned long flags;
	bool lost;

	raw_spin_lock_irqsave(&taker->lock, flags);
	lost = taker->armed && !hvp_sint_is_armed(taker->sint, taker->vector);
	if (lost)
		taker_set_armed(taker, false);
	raw_spin_unlock_irqrestore(&taker->lock, flags);
	return lost;
}

/* Making */

struct hvp_taker *hvp_taker_new(unsigned int cpu, unsigned int sint,
				const char *name)
{
	struct hvp_taker *taker;
	int irq;

	taker = kzalloc_node(sizeof(*taker), GFP_KERNEL, cpu_to_node(cpu));
	if (!taker)
		return ERR_PTR(-ENOMEM);

	raw_spin_lock_init(&taker->lock);
	taker->cpu = cpu;
	taker->sint = sint;
	INIT_LIST_HEAD(&taker->rings);
	/* Hard: the lock is raw, and all else runs with IRQs off, too. */
	taker->go_on = IRQ_WORK_INIT_HARD(taker_go_on);

	irq = hvp_sint_request(cpu, sint, name, taker_interrupt, taker);
	if (irq < 0) {
		kfree(taker);
		return ERR_PTR(irq);
	}
	taker->irq = irq;
	return taker;
}

void hvp_taker_retire(struct hvp_taker *taker)
{
	if (!taker->irq)
		return;
	hvp_sint_release(taker->irq, taker);
	taker->irq = 0;
	/* No interrupt queues it any more. */
	hvp_taker_finish(taker);
}

void hvp_taker_free(struct hvp_taker *taker)
{
	hvp_taker_retire(taker);
	kfree(taker);
}
