// SPDX-License-Identifier: GPL-2.0-only
/*
 * Somebody else who uses the SynIC and asks nobody: "CPU DEED [SINT]", written to
 * /sys/module/hvpost_rival/parameters/deed, is done to that CPU's registers.
 *
 *	take-simp	a page of ours becomes the SIM page
 *	clear-simp	there is none any more
 *	clear-siefp	nor one for flags
 *	clear-scontrol	the SynIC is off
 *	set-scontrol	and on again
 *	mask SINT	the SINT is masked
 *	take SINT	it interrupts by a vector of Linux's own
 *
 * While the parameter hold is true, nobody who comes after us is told that hv_vmbus
 * came or goes, and when all have been told of a suspend it goes no further; held is
 * true while somebody waits for us so.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <linux/suspend.h>
#include <linux/wait.h>

#include <asm/irq_vectors.h>
#include <asm/msr.h>

#include <hvpost/hyperv.h>

static void *sim;	/* one for all CPUs: nobody reads it */

struct wish {
	u32 msr;
	u64 clear;	/* bits of it */
	u64 set;
};

static void grant_here(void *data)
{
	const struct wish *wish = data;
	u32 low, high;
	u64 value;

	if (rdmsr_safe(wish->msr, &low, &high))
		return;
	value = ((u64)high << 32 | low) & ~wish->clear;
	value |= wish->set;
	wrmsr_safe(wish->msr, (u32)value, (u32)(value >> 32));
}

static int wish_of(const char *deed, unsigned int sint, struct wish *wish)
{
	const struct {
		const char *name;
		struct wish wish;
	} deeds[] = {
		{ "take-simp", { HV_MSR_SIMP, HV_PAGE_ADDRESS_MASK,
				 virt_to_phys(sim) | HV_PAGE_ENABLE } },
		{ "clear-simp", { HV_MSR_SIMP, ~0ull, 0 } },
		{ "clear-siefp", { HV_MSR_SIEFP, ~0ull, 0 } },
		{ "clear-scontrol", { HV_MSR_SCONTROL, HV_SCONTROL_ENABLE, 0 } },
		{ "set-scontrol", { HV_MSR_SCONTROL, 0, HV_SCONTROL_ENABLE } },
		{ "mask", { HV_MSR_SINT0 + sint, 0, HV_SINT_MASKED } },
		{ "take", { HV_MSR_SINT0 + sint,
			    HV_SINT_MASKED | HV_SINT_VECTOR_MASK,
			    HYPERVISOR_CALLBACK_VECTOR } },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(deeds); i++) {
		if (strcmp(deeds[i].name, deed))
			continue;
		*wish = deeds[i].wish;
		return 0;
	}
	return -EINVAL;
}

static int set_deed(const char *text, const struct kernel_param *param)
{
	unsigned int cpu, sint = 0;
	struct wish wish;
	char deed[16];
	int err;

	if (sscanf(text, "%u %15s %u", &cpu, deed, &sint) < 2 ||
	    sint >= HV_SINT_COUNT)
		return -EINVAL;
	err = wish_of(deed, sint, &wish);
	return err ?: smp_call_function_single(cpu, grant_here, &wish, 1);
}

static const struct kernel_param_ops deed_ops = {
	.set = set_deed,
};

module_param_cb(deed, &deed_ops, NULL, 0200);
MODULE_PARM_DESC(deed, "CPU DEED [SINT]");

static bool hold;
static DECLARE_WAIT_QUEUE_HEAD(hold_changed);

static int set_hold(const char *text, const struct kernel_param *param)
{
	int err = param_set_bool(text, param);

	wake_up_all(&hold_changed);
	return err;
}

static const struct kernel_param_ops hold_ops = {
	.set = set_hold,
	.get = param_get_bool,
};

module_param_cb(hold, &hold_ops, &hold, 0600);
MODULE_PARM_DESC(hold, "hold up who tells of hv_vmbus, and who suspends");

static bool held;
module_param(held, bool, 0400);
MODULE_PARM_DESC(held, "somebody is held up");

static void hold_up(void)
{
	WRITE_ONCE(held, true);
	/* Idle: however long it takes, it is not a hung task. */
	wait_event_idle(hold_changed, !READ_ONCE(hold));
	WRITE_ONCE(held, false);
}

static int hold_up_vmbus(struct notifier_block *block, unsigned long state,
			 void *data)
{
	const struct module *module = data;

	if (state == MODULE_STATE_COMING || strcmp(module->name, "hv_vmbus"))
		return NOTIFY_DONE;
	hold_up();
	return NOTIFY_OK;
}

static struct notifier_block vmbus_holder = {
	.notifier_call = hold_up_vmbus,
	.priority = INT_MAX,
};

static int hold_up_suspend(struct notifier_block *block, unsigned long event,
			   void *unused)
{
	if (event == PM_SUSPEND_PREPARE)
		hold_up();
	return NOTIFY_OK;
}

static struct notifier_block suspend_holder = {
	.notifier_call = hold_up_suspend,
	.priority = INT_MIN,
};

static int __init rival_init(void)
{
	int err;

	sim = (void *)get_zeroed_page(GFP_KERNEL);
	if (!sim)
		return -ENOMEM;
	err = register_module_notifier(&vmbus_holder);
	if (err)
		goto err_page;
	err = register_pm_notifier(&suspend_holder);
	if (err)
		goto err_vmbus;
	return 0;

err_vmbus:
	unregister_module_notifier(&vmbus_holder);
err_page:
	free_page((unsigned long)sim);
	return err;
}

/* Take it back before: the page is free after. */
static void __exit rival_exit(void)
{
	unregister_pm_notifier(&suspend_holder);
	unregister_module_notifier(&vmbus_holder);
	free_page((unsigned long)sim);
}

module_init(rival_init);
module_exit(rival_exit);

MODULE_DESCRIPTION("Change the SynIC behind its user's back");
MODULE_LICENSE("GPL");
