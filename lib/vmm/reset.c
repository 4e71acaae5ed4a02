// SPDX-License-Identifier: MIT
/*
 * A power cycle. The partition stays, with what others have to do with it; KVM's
 * side is made anew, as nothing but a new VM is sure to have kept nothing.
 */
#include "internal.h"

#include <errno.h>
#include <string.h>

/* Masks all SINTs, too: from here on nobody raises them. */
static void reset_partition(struct vmm_guest *guest)
{
	hvhost_partition_reset(guest->partition);
	testdev_reset(guest->testdev);
}

static void reset_devices(struct vmm_guest *guest)
{
	for (int i = 0; i < VMM_SERIAL_COUNT; i++)
		serial_reset(&guest->serial[i]);
	power_reset(&guest->power);
	atomic_store(&guest->clock_index, 0);
}

static int power_cycle(struct vmm_guest *guest, char *error)
{
	int err;

	reset_partition(guest);
	guest_power_off(guest);
	reset_devices(guest);
	err = memory_clear(&guest->memory);
	if (err)
		return vmm_fail(error, err, "cannot clear its memory: %s",
				strerror(-err));
	return guest_power_on(guest, error);
}

uint64_t vmm_guest_resets(const struct vmm_guest *guest)
{
	return guest->resets;
}

int vmm_guest_reset(struct vmm_guest *guest, char *error)
{
	int err;

	guest_finish(guest, VMM_RESET);
	if (vmm_guest_end(guest) != VMM_RESET)
		return vmm_fail(error, -ESRCH, "it %s",
				vmm_end_text(vmm_guest_end(guest)));
	guest_join(guest);
	err = power_cycle(guest, error);
	if (err) {
		atomic_store(&guest->end, VMM_FAILED);
		guest_tell_end(guest);
		return err;
	}
	guest_begin_anew(guest);
	guest->is_torn = false;
	guest->resets++;
	return vmm_guest_start(guest, error);
}
