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

#include "ring.h"

/* Which inbox has which SINT; written with cpu_hotplug_lock held as well. */
static DEFINE_MUTEX(hvp_bind_lock);
static struct hvp_inbox *bound[HV_SINT_COUNT];

/* The SINT is masked on every CPU by now. */
static void rings_free(struct hvp_ring **rings)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (rings[cpu])
			hvp_ring_free(rings[cpu]);
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
		struct hvp_ring *ring = hvp_ring_new(cpu, inbox->sint, records,
						     inbox->name, &inbox->wait);

		if (IS_ERR(ring)) {
			rings_free(rings);
			return ERR_CAST(ring);
		}
		rings[cpu] = ring;
	}
	return rings;
}

static void disarm_here(void *ring)
{
	hvp_ring_disarm(ring);
}

/* These with cpu_hotplug_lock held; modules cannot assert that. */
static void rings_disarm(struct hvp_ring **rings)
{
	unsigned int cpu;

	for_each_online_cpu(cpu)
		if (rings[cpu])
			smp_call_function_single(cpu, disarm_here, rings[cpu],
						 1);
}

struct ring_question {
	int (*ask)(struct hvp_ring *ring);
	struct hvp_ring *ring;
	int answer;
};

static void ask_here(void *data)
{
	struct ring_question *question = data;

	question->answer = question->ask(question->ring);
}

/* Ask each ring on its CPU until one has an error to tell. */
static int rings_ask(struct hvp_ring **rings, int (*ask)(struct hvp_ring *ring))
{
	unsigned int cpu;

	for_each_online_cpu(cpu) {
		struct ring_question question = {
			.ask = ask, .ring = rings[cpu],
		};

		if (!question.ring)
			continue;
		smp_call_function_single(cpu, ask_here, &question, 1);
		if (question.answer)
			return question.answer;
	}
	return 0;
}

/* Asked before, so that no CPU takes a message for a bind that fails. */
static int rings_arm(struct hvp_ring **rings)
{
	int err = rings_ask(rings, hvp_ring_probe);

	if (err)
		return err;
	err = rings_ask(rings, hvp_ring_arm);
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

u32 hvp_bind_ring_records(u32 wish)
{
	return roundup_pow_of_two(wish ?: HVPOST_RING_RECORDS_DEFAULT);
}

int hvp_bind(struct hvp_inbox *inbox, unsigned int sint, u32 records)
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
void hvp_unbind(struct hvp_inbox *inbox)
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

void hvp_bind_revoke(unsigned int sint)
{
	struct hvp_inbox *inbox;

	cpus_read_lock();
	mutex_lock(&hvp_bind_lock);
	inbox = bound[sint];
	bound[sint] = NULL;
	if (inbox) {
		rings_disarm(inbox->rings);
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
		struct hvp_ring *ring = bound[sint] ? bound[sint]->rings[cpu] :
						      NULL;

		if (!(ring && hvp_ring_is_armed(ring)) && !hvp_sint_is_masked(sint))
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

static void for_each_ring_here(void (*deed)(struct hvp_ring *ring,
					    unsigned int sint))
{
	unsigned int sint, cpu = smp_processor_id();

	mutex_lock(&hvp_bind_lock);
	for (sint = 0; sint < HV_SINT_COUNT; sint++) {
		struct hvp_ring *ring;

		if (!bound[sint])
			continue;
		ring = bound[sint]->rings[cpu];
		if (!ring) {
			pr_warn_once("CPU %u was added after SINT %u was bound: its messages wait until that is closed and bound again\n",
				     cpu, sint);
			continue;
		}
		deed(ring, sint);
		if (!hvp_ring_is_empty(ring))
			hvp_ring_wake(ring);
	}
	mutex_unlock(&hvp_bind_lock);
}

static void ring_cpu_online(struct hvp_ring *ring, unsigned int sint)
{
	int err = hvp_ring_arm(ring);

	if (err)
		pr_warn("CPU %u: SINT %u is not ours to arm (error %d); its messages will not be received\n",
			smp_processor_id(), sint, err);
}

static void ring_cpu_offline(struct hvp_ring *ring, unsigned int sint)
{
	hvp_ring_mask(ring);
	hvp_ring_take_again(ring);
	hvp_ring_disarm(ring);
}

static void ring_cpu_resume(struct hvp_ring *ring, unsigned int sint)
{
	hvp_ring_take_again(ring);
}

void hvp_bind_cpu_online(void)
{
	for_each_ring_here(ring_cpu_online);
}

void hvp_bind_cpu_offline(void)
{
	for_each_ring_here(ring_cpu_offline);
}

void hvp_bind_cpu_resume(void)
{
	for_each_ring_here(ring_cpu_resume);
}
