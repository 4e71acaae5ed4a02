// SPDX-License-Identifier: MIT
/*
 * A paused guest goes over to a machine that was restored from a snapshot: the
 * engine's side of its SynICs is what it was then, and KVM's follows. Its memory
 * and its processors' other registers are what they are.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_own(const struct vmm_guest *guest, uint64_t id)
{
	return hvhost_partition_id(guest->partition) == id;
}

bool vmm_guest_has_partition(const struct vmm_guest *guest, uint64_t id)
{
	return is_own(guest, id) || testdev_has_partition(guest->testdev, id);
}

void vmm_guest_restore_partition(struct vmm_guest *guest, uint64_t id,
				 struct hvhost_partition_config *config)
{
	if (!is_own(guest, id)) {
		testdev_restore_partition(guest->testdev, config);
		return;
	}
	config->ops = &hyperv_partition_ops;
	config->context = guest;
}

void vmm_guest_restore_vp(struct vmm_guest *guest, uint64_t id,
			  uint32_t vp_index, void **sim, void **sief)
{
	if (!is_own(guest, id))
		return;
	*sim = memory_overlay(&guest->memory, 2 * vp_index);
	*sief = memory_overlay(&guest->memory, 2 * vp_index + 1);
}

static size_t pages_size(const struct vmm_guest *guest)
{
	return (size_t)guest->memory.page_count * HV_PAGE_SIZE;
}

int vmm_guest_begin_move(struct vmm_guest *guest)
{
	void *pages = malloc(pages_size(guest));

	if (!pages)
		return -ENOMEM;
	memcpy(pages, guest->memory.pages, pages_size(guest));
	guest->pages_before = pages;
	return 0;
}

/* KVM's registers are the engine's, whatever they were. */
static int follow(const struct vcpu *vcpu, uint32_t msr, char *error)
{
	uint64_t value;

	/* Without the right to it the guest has never written it either. */
	if (hvhost_vp_read_msr(vcpu->vp, msr, &value) ||
	    !kvm_write_msr(vcpu, msr, value))
		return 0;
	return vmm_fail(error, -EIO, "KVM refuses VP %u 0x%llx in MSR 0x%x",
			vcpu->index, (unsigned long long)value, msr);
}

static int follow_vcpu(struct vcpu *vcpu, char *error)
{
	static const uint32_t msrs[] = {
		HV_MSR_SCONTROL, HV_MSR_SIEFP, HV_MSR_SIMP,
	};
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(msrs) && !err; i++)
		err = follow(vcpu, msrs[i], error);
	for (uint32_t i = 0; i < HV_SINT_COUNT && !err; i++)
		err = follow(vcpu, HV_MSR_SINT0 + i, error);
	return err;
}

/* The restore has placed those that are on; others may be in place from before. */
static void take_pages_away(struct vmm_guest *guest, uint32_t vp_index,
			    const struct hvhost_vp_state *state)
{
	if (!state->sim_on)
		memory_place(&guest->memory, 2 * vp_index, HVHOST_NO_GPA);
	if (!state->sief_on)
		memory_place(&guest->memory, 2 * vp_index + 1, HVHOST_NO_GPA);
}

/*
 * What lies in its slots may be there for the first time, or again: it learns so
 * by one interrupt too many at most.
 */
static void raise_sints(struct vcpu *vcpu, const struct hvhost_vp_state *state)
{
	for (uint32_t i = 0; i < HV_SINT_COUNT; i++) {
		if (state->sints_masked & 1u << i)
			continue;
		hyperv_prepare_sint(&vcpu->sint[i]);
		hyperv_raise(vcpu->guest, vcpu->index, i);
	}
}

static int move_vcpu(struct vcpu *vcpu, char *error)
{
	struct vmm_guest *guest = vcpu->guest;
	struct hvhost_vp_state state;
	int err;

	vcpu->vp = hvhost_vp_find(guest->partition, vcpu->index);
	hvhost_vp_inspect(vcpu->vp, &state);
	take_pages_away(guest, vcpu->index, &state);
	err = follow_vcpu(vcpu, error);
	if (!err)
		raise_sints(vcpu, &state);
	return err;
}

/*
 * The partition's own come last: KVM takes HYPERCALL of one that has said who it
 * is. What it refused the guest there, it refuses us, too.
 */
static int move_vcpus(struct vmm_guest *guest, char *error)
{
	char unused[VMM_ERROR_SIZE];
	int err = 0;

	for (uint32_t i = 0; i < guest->cpus && !err; i++)
		err = move_vcpu(&guest->vcpus[i], error);
	if (!err)
		err = follow(&guest->vcpus[0], HV_MSR_GUEST_OS_ID, error);
	if (!err)
		follow(&guest->vcpus[0], HV_MSR_HYPERCALL, unused);
	return err;
}

bool vmm_guest_is_torn(const struct vmm_guest *guest)
{
	return guest->is_torn;
}

int vmm_guest_end_move(struct vmm_guest *guest, struct hvhost_machine *machine,
		       char *error)
{
	void *pages = guest->pages_before;

	guest->pages_before = NULL;
	if (!machine) {
		memcpy(guest->memory.pages, pages, pages_size(guest));
		free(pages);
		return 0;
	}
	free(pages);
	guest->partition = hvhost_partition_find(machine,
					hvhost_partition_id(guest->partition));
	testdev_move(guest->testdev, machine, guest->partition);
	guest->is_torn = move_vcpus(guest, error);
	return guest->is_torn ? -EIO : 0;
}
