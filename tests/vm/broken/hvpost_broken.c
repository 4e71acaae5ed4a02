// SPDX-License-Identifier: GPL-2.0-only
/*
 * Breaks one rule of the kernel each time it is loaded, so that the VM rig can
 * show that the debug kernel's detectors are awake: insmod with fault=NAME.
 * Nothing is really lost but a few bytes.
 */
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timer.h>

static char *fault = "";
module_param(fault, charp, 0);
MODULE_PARM_DESC(fault, "the rule to break");

/* Not known to the compiler, which would warn or leave it out. */
static volatile int forty = 40;

static void use_after_free(void)
{
	volatile char *bytes = kmalloc(32, GFP_KERNEL);

	if (!bytes)
		return;
	kfree((void *)bytes);
	forty += bytes[3] & 0;
}

static void leak(void)
{
	void *lost = kmalloc(100, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(lost);
}

static void shift_too_far(void)
{
	volatile int one = 1;

	one <<= forty;
}

static void sleep_in_atomic(void)
{
	preempt_disable();
	might_sleep();
	preempt_enable();
}

static void nothing(struct timer_list *timer)
{
}

static void free_active_timer(void)
{
	struct timer_list *timer = kmalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, nothing, 0);
	mod_timer(timer, jiffies + 1000 * HZ);
	/* The detector takes it off the clock before it is freed. */
	kfree(timer);
}

static void dereference_unlocked(void)
{
	static int __rcu *pointer;

	forty += !!rcu_dereference(pointer) & 0;
}

static void lock_both_ways(void)
{
	static DEFINE_MUTEX(one);
	static DEFINE_MUTEX(other);

	mutex_lock(&one);
	mutex_lock(&other);
	mutex_unlock(&other);
	mutex_unlock(&one);
	mutex_lock(&other);
	mutex_lock(&one);
	mutex_unlock(&one);
	mutex_unlock(&other);
}

static const struct {
	const char *name;
	void (*commit)(void);
} faults[] = {
	{ "use-after-free", use_after_free },
	{ "leak", leak },
	{ "shift", shift_too_far },
	{ "sleep", sleep_in_atomic },
	{ "timer", free_active_timer },
	{ "rcu", dereference_unlocked },
	{ "locks", lock_both_ways },
};

static int __init broken_init(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (strcmp(faults[i].name, fault))
			continue;
		faults[i].commit();
		return 0;
	}
	return -EINVAL;
}

static void __exit broken_exit(void)
{
}

module_init(broken_init);
module_exit(broken_exit);

MODULE_DESCRIPTION("Break rules of the kernel, one at a time");
MODULE_LICENSE("GPL");
