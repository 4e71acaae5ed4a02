// SPDX-License-Identifier: GPL-2.0-only
#include "hvpost.h"

#include <linux/module.h>

#include <hvpost/version.h>

static char *hypercall = "auto";
module_param(hypercall, charp, 0444);
MODULE_PARM_DESC(hypercall,
		 "how to call the hypervisor: auto, kernel, page, vmcall or vmmcall (default auto)");

static const char *synic_name(u32 ownership)
{
	switch (ownership) {
	case HVPOST_SYNIC_OWNED:
		return "owned";
	case HVPOST_SYNIC_SHARED:
		return "shared";
	default:
		return "owned on some and shared on others";
	}
}

static void log_ready(void)
{
	u32 online, ownership = hvp_synic_ownership(&online);

	pr_info("%s ready: hypercalls by %s, SynIC %s on %u CPUs\n",
		HVPOST_VERSION, hvp_hypercall_mode_name(),
		synic_name(ownership), online);
}

static int __init hvpost_init(void)
{
	int err, mode;

	err = hvp_host_detect();
	if (err)
		return err;
	mode = hvp_host_choose_hypercall(hypercall);
	if (mode < 0)
		return mode;

	err = hvp_hypercall_init(mode);
	if (err)
		return err;
	err = hvp_post_init();
	if (err)
		goto err_hypercall;
	err = hvp_sint_init();
	if (err)
		goto err_post;
	/* Before the SynIC, so that no move of its pages is missed. */
	err = hvp_vmbus_init();
	if (err)
		goto err_sint;
	err = hvp_synic_init();
	if (err)
		goto err_vmbus;
	err = hvp_power_init();
	if (err)
		goto err_synic;
	err = hvp_device_init();
	if (err)
		goto err_power;

	log_ready();
	return 0;

err_power:
	hvp_power_exit();
err_synic:
	hvp_synic_exit();
err_vmbus:
	hvp_vmbus_exit();
err_sint:
	hvp_sint_exit();
err_post:
	hvp_post_exit();
err_hypercall:
	hvp_hypercall_stop();
	return err;
}

static void __exit hvpost_exit(void)
{
	hvp_device_exit();
	hvp_watch_exit();
	hvp_quota_exit();
	hvp_power_exit();
	hvp_synic_exit();
	hvp_vmbus_exit();
	hvp_sint_exit();
	hvp_post_exit();
	hvp_hypercall_stop();
}

module_init(hvpost_init);
module_exit(hvpost_exit);

MODULE_DESCRIPTION("Post Hyper-V messages and receive them from SIM slots");
MODULE_AUTHOR("The hvpost contributors");
MODULE_LICENSE("GPL");
MODULE_VERSION(HVPOST_VERSION);
/* If modprobe loads both, hv_vmbus sets the SynIC up and we share it. */
MODULE_SOFTDEP("pre: hv_vmbus");
