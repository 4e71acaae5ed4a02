// SPDX-License-Identifier: GPL-2.0-only
/*
 * Others who change registers of the SynIC that are ours: nobody tells us, and no
 * interrupt comes any more. So we look, but never where messages pass: every few
 * seconds while a SINT is bound, some ten MSR reads for each CPU. What is free
 * again is taken again, what somebody else has is left to them.
 */
#include "hvpost.h"

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/ratelimit.h>
#include <linux/workqueue.h>

/* Not more often, whoever asks for it. */
#define LOOK_PAUSE_NS	NSEC_PER_SEC

static unsigned int watch_seconds = 10;

static int set_watch_seconds(const char *text, const struct kernel_param *param)
{
	int err = param_set_uint(text, param);

	/* At load nothing is bound yet; in unload nothing is to begin. */
	if (err || THIS_MODULE->state != MODULE_STATE_LIVE ||
	    !try_module_get(THIS_MODULE))
		return err;
	hvp_watch_start();
	module_put(THIS_MODULE);
	return 0;
}

static const struct kernel_param_ops watch_seconds_ops = {
	.set = set_watch_seconds,
	.get = param_get_uint,
};

module_param_cb(watch_seconds, &watch_seconds_ops, &watch_seconds, 0644);
MODULE_PARM_DESC(watch_seconds,
		 "how often to look whether somebody else changed the SynIC of a SINT in use (default 10; 0: never)");

/* CPUs' SynICs, and SINTs of a CPU, that were lost. */
static atomic64_t losses;

static u64 last_look_ns;	/* a word; how long ago is all that counts */

/* What foreigners have, for those who may not ask all CPUs each time. */
static DEFINE_MUTEX(busy_lock);	/* guards these two */
static u32 busy_sints;
static u64 busy_since_ns;	/* 0: never yet */

static void watch(struct work_struct *work);
static DECLARE_DELAYED_WORK(watch_work, watch);

/* A quarrel that goes on is not to fill the log. */
static bool may_log(void)
{
	static DEFINE_RATELIMIT_STATE(limit, 600 * HZ, 20);

	return __ratelimit(&limit);
}

static void log_synic(unsigned int cpu, const struct hvp_look *look)
{
	if (!look->synic_lost)
		pr_info("CPU %u: has its SynIC again\n", cpu);
	else if (look->synic_back)
		pr_warn("CPU %u: somebody changed its SIMP, SIEFP or SCONTROL; taken up again, messages may be lost\n",
			cpu);
	else
		pr_warn("CPU %u: somebody switched its SynIC off; it receives nothing until they switch it on\n",
			cpu);
}

static void log_sint(unsigned int cpu, unsigned int sint, bool lost, bool back)
{
	if (!lost)
		pr_info("CPU %u: has SINT %u again\n", cpu, sint);
	else if (back)
		pr_warn("CPU %u: somebody masked SINT %u; armed again\n", cpu,
			sint);
	else
		pr_warn("CPU %u: somebody took SINT %u; it is not received until they mask it\n",
			cpu, sint);
}

/* The count comes last: who sees it finds the line as well. */
static void report(unsigned int cpu, const struct hvp_look *look)
{
	unsigned int sint;

	if ((look->synic_lost || look->synic_back) && may_log())
		log_synic(cpu, look);
	for (sint = 0; sint < HV_SINT_COUNT; sint++) {
		bool lost = look->sints_lost & BIT(sint);
		bool back = look->sints_back & BIT(sint);

		if ((lost || back) && may_log())
			log_sint(cpu, sint, lost, back);
	}
	atomic64_add(look->synic_lost + hweight32(look->sints_lost), &losses);
}

static void look_at_all(void)
{
	unsigned int cpu;

	cpus_read_lock();
	for_each_online_cpu(cpu) {
		struct hvp_look look;

		if (!hvp_synic_look(cpu, &look))
			report(cpu, &look);
	}
	cpus_read_unlock();
}

static void watch(struct work_struct *work)
{
	unsigned int seconds = READ_ONCE(watch_seconds);

	WRITE_ONCE(last_look_ns, ktime_get_ns());
	if (!seconds || !hvp_bind_taken())
		return;
	look_at_all();
	queue_delayed_work(system_power_efficient_wq, &watch_work,
			   min(seconds, 3600u) * HZ);
}

void hvp_watch_start(void)
{
	u64 next_ns = READ_ONCE(last_look_ns) + LOOK_PAUSE_NS;
	u64 now_ns = ktime_get_ns();

	/* It need not be this CPU that wakes up for it. */
	mod_delayed_work(system_power_efficient_wq, &watch_work,
			 next_ns > now_ns ?
				 nsecs_to_jiffies(next_ns - now_ns) : 0);
}

void hvp_watch_exit(void)
{
	cancel_delayed_work_sync(&watch_work);
}

u64 hvp_watch_losses(void)
{
	return atomic64_read(&losses);
}

u32 hvp_watch_busy(void)
{
	u64 now_ns = ktime_get_ns();
	u32 busy;

	if (hvp_is_privileged())
		return hvp_bind_foreign();

	mutex_lock(&busy_lock);
	if (!busy_since_ns || now_ns > busy_since_ns + LOOK_PAUSE_NS) {
		busy_sints = hvp_bind_foreign();
		busy_since_ns = now_ns;
	}
	busy = busy_sints;
	mutex_unlock(&busy_lock);
	return busy;
}
