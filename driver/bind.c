// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which inbox has which SINT, on all CPUs, also on those that come and go.
 */
#include "hvpost.h"

#include <linux/cpu.h>
#include <linux/errno.h>
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "layout.h"
#include "pages.h"
#include "taker.h"

/* Which inbox has which SINT; written with cpu_hotplug_lock held as well. */
static DEFINE_MUTEX(hvp_bind_lock);
static struct hvp_inbox *bound[HV_SINT_COUNT];

/* No taker knows its rings any more. */
static void inbox_free_rings(struct hvp_inbox *inbox, struct hvp_ring **rings)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (rings[cpu])
			hvp_ring_free(rings[cpu]);
	kfree(rings);
	hvp_pages_free(inbox->words);
}

static int inbox_fill_rings(struct hvp_inbox *inbox, struct hvp_ring **rings)
{
	struct hvpost_ring_words *words = inbox->words->memory;
	unsigned int cpu;

	for_each_present_cpu(cpu) {
		struct hvp_ring *ring;

		ring = hvp_ring_new(cpu, inbox->layout.ring_records,
				    &words[cpu], &inbox->wait);
		if (IS_ERR(ring))
			return PTR_ERR(ring);
		rings[cpu] = ring;
	}
	return 0;
}

/* Rings of @records for every CPU that there is. */
static struct hvp_ring **inbox_new_rings(struct hvp_inbox *inbox, u32 records)
{
	struct hvp_ring **rings;
	int err;

	hvp_layout_make(&inbox->layout, nr_cpu_ids, records);
	inbox->words = hvp_pages_new(inbox->layout.words_size, NUMA_NO_NODE);
	if (!inbox->words)
		return ERR_PTR(-ENOMEM);
	rings = kcalloc(nr_cpu_ids, sizeof(*rings), GFP_KERNEL_ACCOUNT);
	if (!rings) {
		hvp_pages_free(inbox->words);
		return ERR_PTR(-ENOMEM);
	}
	err = inbox_fill_rings(inbox, rings);
	if (err) {
		inbox_free_rings(inbox, rings);
		return ERR_PTR(err);
	}
	return rings;
}

/* The SINT is masked on every CPU by now. */
static void takers_free(struct hvp_taker **takers)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (takers[cpu])
			hvp_taker_free(takers[cpu]);
	kfree(takers);
}

/* One for each of @rings. */
static struct hvp_taker **takers_new(struct hvp_inbox *inbox,
				     const struct hvpost_ioc_bind *wish,
				     struct hvp_ring **rings)
{
	struct hvp_taker **takers;
	unsigned int cpu;

	takers = kcalloc(nr_cpu_ids, sizeof(*takers), GFP_KERNEL_ACCOUNT);
	if (!takers)
		return ERR_PTR(-ENOMEM);

	for (cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct hvp_taker *taker;

		if (!rings[cpu])
			continue;
		taker = hvp_taker_new(cpu, wish, inbox->name, rings[cpu]);
		if (IS_ERR(taker)) {
			takers_free(takers);
			return ERR_CAST(taker);
		}
		takers[cpu] = taker;
	}
	return takers;
}

static void disarm_here(void *taker)
{
	hvp_taker_disarm(taker);
}

/* These with cpu_hotplug_lock held; modules cannot assert that. */
static void takers_disarm(struct hvp_taker **takers)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (takers[cpu])
			smp_call_function_single(cpu, disarm_here, takers[cpu],
						 1);
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

/* Ask each taker on its CPU until one has an error to tell. */
static int takers_ask(struct hvp_taker **takers,
		      int (*ask)(struct hvp_taker *taker))
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		struct taker_question question = {
			.ask = ask, .taker = takers[cpu],
		};

		if (!question.taker)
			continue;
		smp_call_function_single(cpu, ask_here, &question, 1);
		if (question.answer)
			return question.answer;
	}
	return 0;
}

/* Asked before, so that no CPU takes a message for a bind that fails. */
static int takers_arm(struct hvp_taker **takers)
{
	int err = takers_ask(takers, hvp_taker_probe);

	if (err)
		return err;
	err = takers_ask(takers, hvp_taker_arm);
	if (err)
		takers_disarm(takers);
	return err;
}

/* Have takers for @rings, armed on every CPU. */
static int inbox_take(struct hvp_inbox *inbox,
		      const struct hvpost_ioc_bind *wish,
		      struct hvp_ring **rings)
{
	struct hvp_taker **takers = takers_new(inbox, wish, rings);
	int err;

	if (IS_ERR(takers))
		return PTR_ERR(takers);
	err = takers_arm(takers);
	if (err) {
		takers_free(takers);
		return err;
	}
	inbox->takers = takers;
	return 0;
}

static int inbox_bind_locked(struct hvp_inbox *inbox,
			     const struct hvpost_ioc_bind *wish)
{
	unsigned int sint = wish->sint;
	struct hvp_ring **rings;
	int err;

	lockdep_assert_held(&hvp_bind_lock);
	if (inbox->rings || bound[sint])
		return -EBUSY;
	if (sint == HV_SINT_VMBUS && hvp_vmbus_loaded())
		return -EBUSY;

	inbox->sint = sint;
	snprintf(inbox->name, sizeof(inbox->name), "hvpost-sint%u", sint);
	rings = inbox_new_rings(inbox, wish->ring_records);
	if (IS_ERR(rings))
		return PTR_ERR(rings);

	err = inbox_take(inbox, wish, rings);
	if (err) {
		inbox_free_rings(inbox, rings);
		return err;
	}
	bound[sint] = inbox;
	/* The rings are whole before a reader can see them. */
	smp_store_release(&inbox->rings, rings);
	/* Something may have come in before. */
	wake_up_interruptible_poll(&inbox->wait, EPOLLIN | EPOLLRDNORM);
	return 0;
}

u32 hvp_bind_ring_records(u32 wish)
{
	return roundup_pow_of_two(wish ?: HVPOST_RING_RECORDS_DEFAULT);
}

int hvp_bind(struct hvp_inbox *inbox, const struct hvpost_ioc_bind *wish)
{
	int err;

	cpus_read_lock();
	mutex_lock(&hvp_bind_lock);
	err = inbox_bind_locked(inbox, wish);
	mutex_unlock(&hvp_bind_lock);
	cpus_read_unlock();
	return err;
}

/* The last user of the file is gone, so nobody reads or polls. */
void hvp_unbind(struct hvp_inbox *inbox)
{
	if (!inbox->rings)
		return;

	cpus_read_lock();
	mutex_lock(&hvp_bind_lock);
	takers_disarm(inbox->takers);
	if (bound[inbox->sint] == inbox)
		bound[inbox->sint] = NULL;
	takers_free(inbox->takers);
	inbox_free_rings(inbox, inbox->rings);
	mutex_unlock(&hvp_bind_lock);
	cpus_read_unlock();
}

void hvp_bind_revoke(unsigned int sint)
{
	struct hvp_inbox *inbox;

	cpus_read_lock();
	mutex_lock(&hvp_bind_lock);
	inbox = bound[sint];
	bound[sint] = NULL;
	if (inbox) {
		takers_disarm(inbox->takers);
		/* The rings hold all that came before a reader sees this. */
		smp_store_release(&inbox->revoked, true);
		wake_up_interruptible_poll(&inbox->wait, EPOLLHUP);
	}
	mutex_unlock(&hvp_bind_lock);
	cpus_read_unlock();
}

u32 hvp_bind_taken(void)
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
		struct hvp_taker *taker =
			bound[sint] ? bound[sint]->takers[cpu] : NULL;

		if (!(taker && hvp_taker_is_armed(taker)) &&
		    !hvp_sint_is_masked(sint))
			*bits |= BIT(sint);
	}
	return 0;
}

u32 hvp_bind_foreign(void)
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

static void for_each_taker_here(void (*deed)(struct hvp_taker *taker,
					     unsigned int sint))
{
	unsigned int sint, cpu = smp_processor_id();

	mutex_lock(&hvp_bind_lock);
	for (sint = 0; sint < HV_SINT_COUNT; sint++) {
		if (!bound[sint])
			continue;
		if (bound[sint]->takers[cpu])
			deed(bound[sint]->takers[cpu], sint);
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
		pr_warn("CPU %u: SINT %u is not ours to arm (error %d); its messages will not be received\n",
			smp_processor_id(), sint, err);
}

static void taker_cpu_offline(struct hvp_taker *taker, unsigned int sint)
{
	hvp_taker_mask(taker);
	hvp_taker_take_again(taker);
	hvp_taker_disarm(taker);
}

static void taker_cpu_resume(struct hvp_taker *taker, unsigned int sint)
{
	hvp_taker_take_again(taker);
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
