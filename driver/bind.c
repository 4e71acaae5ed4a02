// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which inbox has which SINT, on all CPUs, also on those that come and go.
 */
#include "hvpost.h"

#include <linux/cpu.h>
#include <linux/errno.h>
#include <linux/lockdep.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "layout.h"
#include "pages.h"
#include "taker.h"

/* A SINT that somebody has. */
struct hvp_bound {
	unsigned int sint;
	bool shared;			/* others may have it too */
	char name[16];			/* in /proc/interrupts */
	struct list_head inboxes;	/* who has it; under hvp_bind_lock */
	unsigned int inbox_count;	/* the same */
	struct hvp_taker *takers[];	/* by CPU, NULL where none */
};

/* Which SINTs are bound; written with cpu_hotplug_lock held as well. */
static DEFINE_MUTEX(hvp_bind_lock);
static struct hvp_bound *sints[HV_SINT_COUNT];

/*
 * All of this, but for an inbox's memory, with cpu_hotplug_lock held; modules cannot
 * assert that.
 */

/* Takers on their CPUs */

static void disarm_here(void *taker)
{
	hvp_taker_disarm(taker);
}

static void bound_disarm(struct hvp_bound *bound)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (bound->takers[cpu])
			smp_call_function_single(cpu, disarm_here,
						 bound->takers[cpu], 1);
}

struct taker_question {
	int (*ask)(struct hvp_taker *taker);
	struct hvp_taker *taker;
	int answer;
};

static void ask_here(void *data)
{
	struct taker_question *question = data;

	question->answer = question->ask(question->taker);
}

/* The answer of the taker of @cpu, which is online; 0 if there is none. */
static int bound_ask_cpu(struct hvp_bound *bound, unsigned int cpu,
			 int (*ask)(struct hvp_taker *taker))
{
	struct taker_question question = {
		.ask = ask, .taker = bound->takers[cpu],
	};

	if (question.taker)
		smp_call_function_single(cpu, ask_here, &question, 1);
	return question.answer;
}

/* Ask each taker on its CPU until one has an error to tell. */
static int bound_ask(struct hvp_bound *bound,
		     int (*ask)(struct hvp_taker *taker))
{
	unsigned int cpu;
	int err;

	for_each_online_cpu(cpu) {
		err = bound_ask_cpu(bound, cpu, ask);
		if (err)
			return err;
	}
	return 0;
}

static int probe_flags(struct hvp_taker *taker)
{
	const struct hvp_vp *vp = this_cpu_ptr(&hvp_vps);

	return vp->online && !vp->sief.memory ? -EOPNOTSUPP : 0;
}

static int take_again(struct hvp_taker *taker)
{
	hvp_taker_take_again(taker);
	return 0;
}

static int is_occupied(struct hvp_taker *taker)
{
	return hvp_taker_is_occupied(taker);
}

struct ring_move {
	void (*move)(struct hvp_taker *taker, struct hvp_ring *ring);
	struct hvp_taker *taker;
	struct hvp_ring *ring;
};

static void move_here(void *data)
{
	struct ring_move *move = data;

	move->move(move->taker, move->ring);
}

/* Have each of @rings join its taker, or leave it. */
static void bound_move(struct hvp_bound *bound, struct hvp_ring **rings,
		       void (*move)(struct hvp_taker *taker,
				    struct hvp_ring *ring))
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct ring_move one = {
			.move = move,
			.taker = bound->takers[cpu],
			.ring = rings[cpu],
		};
		unsigned long flags;

		if (!one.ring)
			continue;
		if (cpu_online(cpu)) {
			smp_call_function_single(cpu, move_here, &one, 1);
			continue;
		}
		local_irq_save(flags);
		move_here(&one);
		local_irq_restore(flags);
	}
}

/* Bound SINTs */

/* It is masked on every CPU by now, and has no inbox. */
static void bound_free(struct hvp_bound *bound)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (bound->takers[cpu])
			hvp_taker_free(bound->takers[cpu]);
	kfree(bound);
}

/*
 * A taker for every CPU that has one of @rings; none is armed yet. These are the
 * driver's: there is but one for each CPU and SINT, and to account for them would be
 * to have a control group's reclaim under the locks.
 */
static struct hvp_bound *bound_new(const struct hvpost_ioc_bind *wish,
				   struct hvp_ring **rings)
{
	struct hvp_bound *bound;
	unsigned int cpu;

	bound = kzalloc(struct_size(bound, takers, nr_cpu_ids), GFP_KERNEL);
	if (!bound)
		return ERR_PTR(-ENOMEM);

	bound->sint = wish->sint;
	bound->shared = wish->flags & HVPOST_BIND_SHARED;
	INIT_LIST_HEAD(&bound->inboxes);
	snprintf(bound->name, sizeof(bound->name), "hvpost-sint%u",
		 wish->sint);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct hvp_taker *taker;

		if (!rings[cpu])
			continue;
		taker = hvp_taker_new(cpu, wish->sint, bound->name);
		if (IS_ERR(taker)) {
			bound_free(bound);
			return ERR_CAST(taker);
		}
		bound->takers[cpu] = taker;
	}
	return bound;
}

/* The SINT for @wish and @rings, bound already or new. */
static struct hvp_bound *bound_for(const struct hvpost_ioc_bind *wish,
				   struct hvp_ring **rings)
{
	struct hvp_bound *found = sints[wish->sint];

	if (!found)
		return bound_new(wish, rings);
	if (!found->shared || !(wish->flags & HVPOST_BIND_SHARED))
		return ERR_PTR(-EBUSY);
	/* Interrupts copy for each of them. */
	if (found->inbox_count >= HVPOST_SHARERS_MAX)
		return ERR_PTR(-EBUSY);
	return found;
}

/* Asked before, so that no CPU takes a message for a bind that fails. */
static int bound_probe(struct hvp_bound *bound,
		       const struct hvpost_ioc_bind *wish)
{
	int err = 0;

	if (wish->flags & HVPOST_BIND_EVENTS)
		err = bound_ask(bound, probe_flags);
	if (!err && list_empty(&bound->inboxes))
		err = bound_ask(bound, hvp_taker_probe);
	return err;
}

/* What is there already is for @rings as well, or for them alone. */
static int bound_add(struct hvp_bound *bound, struct hvp_ring **rings)
{
	int err;

	bound_move(bound, rings, hvp_taker_join);
	if (!list_empty(&bound->inboxes))
		return bound_ask(bound, take_again);

	err = bound_ask(bound, hvp_taker_arm);
	if (err) {
		bound_disarm(bound);
		bound_move(bound, rings, hvp_taker_leave);
	}
	return err;
}

/* Inboxes */

/*
 * What an inbox receives into. It is made without any lock, and freed so: memory of
 * a control group that has little may take minutes to come.
 */
struct inbox_memory {
	struct hvp_ring **rings;	/* by CPU, NULL where none */
	struct hvp_pages *words;
};

/* No taker knows its rings any more. */
static void memory_free(struct inbox_memory *memory)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (memory->rings[cpu])
			hvp_ring_free(memory->rings[cpu]);
	kfree(memory->rings);
	hvp_pages_free(memory->words);
}

/* One for every CPU that there is. */
static int memory_fill(struct inbox_memory *memory, struct hvp_inbox *inbox,
		       const struct hvpost_ioc_bind *wish)
{
	struct hvpost_ring_words *words = memory->words->memory;
	unsigned int cpu;

	for_each_present_cpu(cpu) {
		struct hvp_ring *ring;

		ring = hvp_ring_new(&(struct hvp_ring_wish){
				.cpu = cpu, .bind = wish,
				.filter = &inbox->filter, .words = &words[cpu],
				.wait = &inbox->wait,
			});
		if (IS_ERR(ring))
			return PTR_ERR(ring);
		memory->rings[cpu] = ring;
	}
	return 0;
}

static int memory_new(struct inbox_memory *memory, struct hvp_inbox *inbox,
		      const struct hvpost_ioc_bind *wish)
{
	struct hvpost_ioc_rings layout;
	int err;

	hvp_layout_make(&layout, nr_cpu_ids, wish->ring_records);
	memory->words = hvp_pages_new(layout.words_size, NUMA_NO_NODE);
	if (!memory->words)
		return -ENOMEM;
	memory->rings = kcalloc(nr_cpu_ids, sizeof(*memory->rings),
				GFP_KERNEL_ACCOUNT);
	if (!memory->rings) {
		hvp_pages_free(memory->words);
		return -ENOMEM;
	}
	err = memory_fill(memory, inbox, wish);
	if (err)
		memory_free(memory);
	return err;
}

/* CPUs that were added after @bound was made have no taker. */
static void memory_trim(struct inbox_memory *memory,
			const struct hvp_bound *bound)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		if (!memory->rings[cpu] || bound->takers[cpu])
			continue;
		hvp_ring_free(memory->rings[cpu]);
		memory->rings[cpu] = NULL;
	}
}

static int inbox_join(struct hvp_inbox *inbox, struct hvp_bound *bound,
		      const struct hvpost_ioc_bind *wish,
		      struct inbox_memory *memory)
{
	int err = bound_probe(bound, wish);

	if (err)
		return err;
	memory_trim(memory, bound);
	err = bound_add(bound, memory->rings);
	if (err)
		return err;

	list_add_tail(&inbox->of_bound, &bound->inboxes);
	bound->inbox_count++;
	inbox->bound = bound;
	inbox->takers = bound->takers;
	inbox->words = memory->words;
	hvp_layout_make(&inbox->layout, nr_cpu_ids, wish->ring_records);
	/* The rings are whole before a reader can see them. */
	smp_store_release(&inbox->rings, memory->rings);
	/* Something may have come in before. */
	wake_up_interruptible_poll(&inbox->wait, EPOLLIN | EPOLLRDNORM);
	return 0;
}

static int inbox_bind_locked(struct hvp_inbox *inbox,
			     const struct hvpost_ioc_bind *wish,
			     struct inbox_memory *memory)
{
	struct hvp_bound *found;
	int err;

	lockdep_assert_held(&hvp_bind_lock);
	if (inbox->rings)
		return -EBUSY;
	if (wish->sint == HV_SINT_VMBUS && hvp_vmbus_loaded())
		return -EBUSY;

	found = bound_for(wish, memory->rings);
	if (IS_ERR(found))
		return PTR_ERR(found);
	err = inbox_join(inbox, found, wish, memory);
	if (!err)
		sints[wish->sint] = found;
	else if (list_empty(&found->inboxes))
		bound_free(found);
	return err;
}

u32 hvp_bind_ring_records(u32 wish)
{
	return roundup_pow_of_two(wish ?: HVPOST_RING_RECORDS_DEFAULT);
}

int hvp_bind(struct hvp_inbox *inbox, const struct hvpost_ioc_bind *wish)
{
	struct inbox_memory memory;
	int err;

	/* Asked again with the lock. */
	if (READ_ONCE(inbox->rings))
		return -EBUSY;
	err = memory_new(&memory, inbox, wish);
	if (err)
		return err;

	cpus_read_lock();
	err = mutex_lock_killable(&hvp_bind_lock);
	if (!err) {
		err = inbox_bind_locked(inbox, wish, &memory);
		mutex_unlock(&hvp_bind_lock);
	}
	cpus_read_unlock();
	if (err)
		memory_free(&memory);
	else
		hvp_watch_start();
	return err;
}

static void inbox_unbind_locked(struct hvp_inbox *inbox)
{
	struct hvp_bound *left = inbox->bound;

	lockdep_assert_held(&hvp_bind_lock);
	list_del(&inbox->of_bound);
	left->inbox_count--;
	if (list_empty(&left->inboxes))
		bound_disarm(left);
	bound_move(left, inbox->rings, hvp_taker_leave);
	if (!list_empty(&left->inboxes))
		return;

	/* It may have been revoked, and be somebody else's. */
	if (sints[left->sint] == left)
		sints[left->sint] = NULL;
	bound_free(left);
}

/* The last user of the file is gone, so nobody reads or polls. */
void hvp_unbind(struct hvp_inbox *inbox)
{
	struct inbox_memory memory = {
		.rings = inbox->rings, .words = inbox->words,
	};

	if (!inbox->rings)
		return;

	cpus_read_lock();
	mutex_lock(&hvp_bind_lock);
	inbox_unbind_locked(inbox);
	mutex_unlock(&hvp_bind_lock);
	cpus_read_unlock();
	memory_free(&memory);
}

int hvp_bind_filter(struct hvp_inbox *inbox,
		    const struct hvpost_ioc_filter *filter)
{
	int err = 0;

	mutex_lock(&hvp_bind_lock);
	if (inbox->rings)
		err = -EBUSY;
	else
		inbox->filter = *filter;
	mutex_unlock(&hvp_bind_lock);
	return err;
}

/* Its files go on having their rings, but the next bind has its IRQs' numbers. */
static void bound_revoke(struct hvp_bound *bound)
{
	struct hvp_inbox *inbox;
	unsigned int cpu;

	lockdep_assert_held(&hvp_bind_lock);
	bound_disarm(bound);
	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (bound->takers[cpu])
			hvp_taker_retire(bound->takers[cpu]);
	list_for_each_entry(inbox, &bound->inboxes, of_bound) {
		/* The rings hold all that came before this is seen. */
		smp_store_release(&inbox->revoked, true);
		wake_up_interruptible_poll(&inbox->wait, EPOLLHUP);
	}
}

void hvp_bind_revoke(unsigned int sint)
{
	cpus_read_lock();
	mutex_lock(&hvp_bind_lock);
	if (sints[sint])
		bound_revoke(sints[sint]);
	sints[sint] = NULL;
	mutex_unlock(&hvp_bind_lock);
	cpus_read_unlock();
}

/* Something may be missing: all that have the SINT are to know. */
static void bound_tell_loss(struct hvp_bound *bound)
{
	struct hvp_inbox *inbox;

	lockdep_assert_held(&hvp_bind_lock);
	list_for_each_entry(inbox, &bound->inboxes, of_bound) {
		WRITE_ONCE(inbox->losses, inbox->losses + 1);
		wake_up_interruptible_poll(&inbox->wait, EPOLLPRI);
	}
}

u32 hvp_bind_taken(void)
{
	unsigned int sint;
	u32 bits = 0;

	mutex_lock(&hvp_bind_lock);
	for (sint = 0; sint < HV_SINT_COUNT; sint++)
		if (sints[sint])
			bits |= BIT(sint);
	mutex_unlock(&hvp_bind_lock);
	return bits;
}

u64 hvp_bind_queued(unsigned int sint)
{
	struct hvp_inbox *inbox;
	u64 sum = 0;

	mutex_lock(&hvp_bind_lock);
	if (sints[sint])
		list_for_each_entry(inbox, &sints[sint]->inboxes, of_bound)
			sum += hvp_inbox_queued(inbox);
	mutex_unlock(&hvp_bind_lock);
	return sum;
}

u64 hvp_bind_occupied(unsigned int sint)
{
	unsigned int cpu;
	u64 sum = 0;

	cpus_read_lock();
	mutex_lock(&hvp_bind_lock);
	if (sints[sint])
		for_each_online_cpu(cpu)
			sum += bound_ask_cpu(sints[sint], cpu, is_occupied);
	mutex_unlock(&hvp_bind_lock);
	cpus_read_unlock();
	return sum;
}

/* On one CPU after the other, with IRQs off. */
static void collect_foreign_here(void *data)
{
	u32 ours = hvp_taker_armed_here();
	unsigned int sint;
	u32 *bits = data;

	for (sint = 0; sint < HV_SINT_COUNT; sint++)
		if (!(ours & BIT(sint)) && !hvp_sint_is_masked(sint))
			*bits |= BIT(sint);
}

/* By interrupts: a thread may be kept off an isolated CPU for as long as it likes. */
u32 hvp_bind_foreign(void)
{
	unsigned int cpu;
	u32 bits = 0;

	cpus_read_lock();
	for_each_online_cpu(cpu)
		smp_call_function_single(cpu, collect_foreign_here, &bits, 1);
	cpus_read_unlock();
	return bits;
}

/* CPUs that come and go */

static void for_each_taker_here(void (*deed)(struct hvp_taker *taker,
					     unsigned int sint))
{
	unsigned int sint, cpu = smp_processor_id();

	mutex_lock(&hvp_bind_lock);
	for (sint = 0; sint < HV_SINT_COUNT; sint++) {
		if (!sints[sint])
			continue;
		if (sints[sint]->takers[cpu])
			deed(sints[sint]->takers[cpu], sint);
		else
			pr_warn_once("CPU %u was added after SINT %u was bound: its messages wait until that is closed and bound again\n",
				     cpu, sint);
	}
	mutex_unlock(&hvp_bind_lock);
}

static void taker_cpu_online(struct hvp_taker *taker, unsigned int sint)
{
	int err = hvp_taker_arm(taker);

	if (err)
		pr_warn("CPU %u: SINT %u is not ours to arm (error %d); it is not received until it is free\n",
			smp_processor_id(), sint, err);
}

static void taker_cpu_offline(struct hvp_taker *taker, unsigned int sint)
{
	hvp_taker_mask(taker);
	hvp_taker_take_again(taker);
	hvp_taker_finish(taker);
	hvp_taker_disarm(taker);
}

static void taker_cpu_resume(struct hvp_taker *taker, unsigned int sint)
{
	hvp_taker_take_again(taker);
}

static void look_at_taker(struct hvp_taker *taker, unsigned int sint,
			  struct hvp_look *look)
{
	if (hvp_taker_is_lost(taker))
		look->sints_lost |= BIT(sint);
	if (!hvp_taker_is_armed(taker) && !hvp_taker_arm(taker))
		look->sints_back |= BIT(sint);
	if (look->synic_lost || look->sints_lost & BIT(sint))
		bound_tell_loss(sints[sint]);
}

void hvp_bind_cpu_look(struct hvp_look *look)
{
	unsigned int sint, cpu = smp_processor_id();

	mutex_lock(&hvp_bind_lock);
	for (sint = 0; sint < HV_SINT_COUNT; sint++)
		if (sints[sint] && sints[sint]->takers[cpu])
			look_at_taker(sints[sint]->takers[cpu], sint, look);
	mutex_unlock(&hvp_bind_lock);
}

void hvp_bind_cpu_online(void)
{
	for_each_taker_here(taker_cpu_online);
}

void hvp_bind_cpu_offline(void)
{
	for_each_taker_here(taker_cpu_offline);
}

void hvp_bind_cpu_resume(void)
{
	for_each_taker_here(taker_cpu_resume);
}
