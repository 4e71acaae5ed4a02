// SPDX-License-Identifier: GPL-2.0-only
/*
 * hv_vmbus. While it is loaded it owns VMBus's connections and SINT 2. When it
 * loads after us it moves SIMP to a page of its own on every CPU, when it
 * unloads it clears SIMP and SCONTROL; it asks nobody, so we follow it. "Loaded"
 * is also what is built in, where it found its host.
 *
 * It changes the registers before it is told that it came or goes: what is found
 * changed in between is its doing, and no loss.
 */
#include "hvpost.h"

#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/rcupdate.h>
#include <linux/string.h>

/* Written by the notifier, and at load while hv_vmbus is held. */
static enum {
	VMBUS_AWAY,
	VMBUS_MOVING,	/* we have not followed it on every CPU yet */
	VMBUS_HERE,	/* or its exit has begun, of which nobody tells */
} vmbus;

bool hvp_vmbus_loaded(void)
{
	return READ_ONCE(vmbus) != VMBUS_AWAY;
}

/* Nobody can hold a module that comes or goes. */
static bool is_live(void)
{
	if (!__symbol_get("vmbus_proto_version"))
		return false;
	__symbol_put("vmbus_proto_version");
	return true;
}

bool hvp_vmbus_moving(void)
{
	switch (READ_ONCE(vmbus)) {
	case VMBUS_AWAY:
		return false;
	case VMBUS_MOVING:
		return true;
	case VMBUS_HERE:
		break;
	}
	return !is_live();
}

/* From now on VMBus's connections and SINT are its own. */
static void take_away(void)
{
	WRITE_ONCE(vmbus, VMBUS_MOVING);
	/* Calls look at that with preemption off: none is under way after. */
	synchronize_rcu();
	hvp_bind_revoke(HV_SINT_VMBUS);
}

static int vmbus_notify(struct notifier_block *block, unsigned long state,
			void *data)
{
	const struct module *module = data;

	if (strcmp(module->name, "hv_vmbus"))
		return NOTIFY_DONE;

	switch (state) {
	case MODULE_STATE_COMING:
		take_away();
		break;
	case MODULE_STATE_LIVE:
		/* Its start-up is done: SIMP is where it will stay. It may have
		 * been coming when we were loaded.
		 */
		take_away();
		pr_info("hv_vmbus was loaded: sharing its SynIC pages\n");
		hvp_synic_follow();
		WRITE_ONCE(vmbus, VMBUS_HERE);
		break;
	case MODULE_STATE_GOING:
		/* Its exit, or failed start, is done: the SynIC is off. */
		WRITE_ONCE(vmbus, VMBUS_MOVING);
		pr_info("hv_vmbus was unloaded: taking the SynIC over\n");
		hvp_synic_follow();
		WRITE_ONCE(vmbus, VMBUS_AWAY);
		break;
	}
	return NOTIFY_OK;
}

static struct notifier_block vmbus_notifier = {
	.notifier_call = vmbus_notify,
};

int hvp_vmbus_init(void)
{
	int err = register_module_notifier(&vmbus_notifier);

	if (err)
		return err;

	/*
	 * Was it here before us? If it is just coming, LIVE will tell. Where it is
	 * built in it is there on every host, but has its SINT only on one with
	 * VMBus.
	 */
	if (__symbol_get("vmbus_proto_version")) {
		if (!hvp_sint_is_masked(HV_SINT_VMBUS))
			WRITE_ONCE(vmbus, VMBUS_HERE);
		__symbol_put("vmbus_proto_version");
	}
	return 0;
}

void hvp_vmbus_exit(void)
{
	unregister_module_notifier(&vmbus_notifier);
}
