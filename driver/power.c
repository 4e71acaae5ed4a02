// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspend and hibernation forget what is in the SynIC's registers, and the
 * boot CPU sees no CPU callback; a kexec'd kernel would find our pages in force
 * over its memory. So everything is let go before, and taken again after.
 * A crash kernel is not reached by this: it starts with what was armed.
 */
#include "hvpost.h"

#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/suspend.h>

static void let_go(void)
{
	hvp_synic_stop();
	hvp_hypercall_stop();
}

static void take_again(void)
{
	/*
	 * In this order, so that answers to what is posted find the SynIC on.
	 * Where no call works any more, messages come all the same.
	 */
	hvp_synic_start();
	hvp_hypercall_start();
}

static int power_notify(struct notifier_block *block, unsigned long event,
			void *unused)
{
	switch (event) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
	case PM_RESTORE_PREPARE:
		let_go();
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
	case PM_POST_RESTORE:
		take_again();
		break;
	}
	return NOTIFY_OK;
}

static int reboot_notify(struct notifier_block *block, unsigned long event,
			 void *unused)
{
	let_go();
	return NOTIFY_OK;
}

static struct notifier_block power_notifier = {
	.notifier_call = power_notify,
};

static struct notifier_block reboot_notifier = {
	.notifier_call = reboot_notify,
};

int hvp_power_init(void)
{
	int err = register_pm_notifier(&power_notifier);

	if (err)
		return err;
	err = register_reboot_notifier(&reboot_notifier);
	if (err)
		unregister_pm_notifier(&power_notifier);
	return err;
}

void hvp_power_exit(void)
{
	unregister_reboot_notifier(&reboot_notifier);
	unregister_pm_notifier(&power_notifier);
}
