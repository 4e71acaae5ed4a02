// SPDX-License-Identifier: MIT
#include "probes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SVERSION 1

static void set_reset_state(struct hvhost_vp *vp)
{
	const struct hvhost_machine *machine = vp->partition->machine;

	vp->scontrol = machine->flags & HVHOST_MACHINE_SCONTROL_ON ?
		       HV_SCONTROL_ENABLE : 0;
	vp->simp = 0;
	vp->siefp = 0;
	synic_reset_slots(vp);
	memset(vp->sief, 0, sizeof(*vp->sief));
}

static bool is_page_aligned(const void *page)
{
	return (uintptr_t)page % HV_PAGE_SIZE == 0;
}

/* Pages that the user did not bring are ours, both from one piece. */
static int take_pages(struct hvhost_vp *vp, void *sim, void *sief)
{
	if (!sim || !sief) {
		vp->own_pages = aligned_alloc(HV_PAGE_SIZE, 2 * HV_PAGE_SIZE);
		if (!vp->own_pages)
			return -ENOMEM;
	}
	vp->sim = sim ? sim : vp->own_pages;
	vp->sief = sief ? sief :
		   (void *)((uint8_t *)vp->own_pages + HV_PAGE_SIZE);
	return 0;
}

static int add_to_partition(struct hvhost_vp *vp)
{
	struct hvhost_partition *partition = vp->partition;

	if (partition->state > HVHOST_PARTITION_ACTIVE)
		return -EBUSY;
	if (partition->vps[vp->index])
		return -EEXIST;
	/* Not before: a refusal leaves the pages alone, which may be in use. */
	set_reset_state(vp);
	partition->vps[vp->index] = vp;
	if (partition->vp_limit <= vp->index)
		partition->vp_limit = vp->index + 1;
	return 0;
}

static void destroy(struct hvhost_vp *vp)
{
	synic_destroy(vp);
	free(vp->own_pages);
	free(vp);
}

int hvhost_vp_new(struct hvhost_partition *partition, uint32_t vp_index,
		  void *sim, void *sief, struct hvhost_vp **vp)
{
	struct hvhost_vp *new;
	int err;

	*vp = NULL;
	if (vp_index >= partition->config.vp_count_max ||
	    !is_page_aligned(sim) || !is_page_aligned(sief))
		return -EINVAL;

	new = aligned_alloc(_Alignof(struct hvhost_vp), sizeof(*new));
	if (!new)
		return -ENOMEM;
	memset(new, 0, sizeof(*new));
	new->partition = partition;
	new->index = vp_index;
	if (take_pages(new, sim, sief)) {
		free(new);
		return -ENOMEM;
	}
	synic_init(new);

	lock_exclude(&partition->machine->lock);
	err = add_to_partition(new);
	lock_unexclude(&partition->machine->lock);
	if (err) {
		destroy(new);
		return err;
	}
	*vp = new;
	return 0;
}

void vp_free_locked(struct hvhost_vp *vp)
{
	struct hvhost_partition *partition = vp->partition;

	partition->vps[vp->index] = NULL;
	while (partition->vp_limit && !partition->vps[partition->vp_limit - 1])
		partition->vp_limit--;
	destroy(vp);
}

void hvhost_vp_free(struct hvhost_vp *vp)
{
	struct lock *lock;

	if (!vp)
		return;
	lock = &vp->partition->machine->lock;
	lock_exclude(lock);
	vp_free_locked(vp);
	lock_unexclude(lock);
}

void vp_tell_overlay(struct hvhost_vp *vp, uint32_t msr, uint64_t value,
		     void *contents)
{
	const struct hvhost_partition_config *config = &vp->partition->config;

	if (config->ops->set_overlay)
		config->ops->set_overlay(config->context, vp->index, msr,
					 value & HV_PAGE_ENABLE ?
					 value & HV_PAGE_ADDRESS_MASK :
					 HVHOST_NO_GPA, contents);
}

void vp_reset_locked(struct hvhost_vp *vp)
{
	synic_drop(vp);
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++)
		vp->queue[sint].sint = HV_SINT_RESET;
	set_reset_state(vp);
	vp_tell_overlay(vp, HV_MSR_SIMP, 0, vp->sim);
	vp_tell_overlay(vp, HV_MSR_SIEFP, 0, vp->sief);
}

void hvhost_vp_reset(struct hvhost_vp *vp)
{
	lock_exclude(&vp->partition->machine->lock);
	vp_reset_locked(vp);
	lock_unexclude(&vp->partition->machine->lock);
}

int hvhost_vp_add_slots(struct hvhost_vp *vp, unsigned int sint,
			struct hv_slot *slots, uint32_t count)
{
	struct lock *lock = &vp->partition->machine->lock;
	int err = 0;

	if (sint >= HV_SINT_COUNT || !count || count > HVHOST_MORE_SLOTS_MAX ||
	    (uintptr_t)slots % _Alignof(struct hv_slot))
		return -EINVAL;
	lock_exclude(lock);
	if (vp->queue[sint].slot_count > 1) {
		err = -EEXIST;
	} else {
		memset(slots, 0, count * sizeof(*slots));
		synic_add_slots(vp, sint, slots, count);
		synic_deliver(vp, (uint16_t)(1u << sint));
	}
	lock_unexclude(lock);
	return err;
}

struct hvhost_vp *hvhost_vp_find(struct hvhost_partition *partition,
				 uint32_t vp_index)
{
	struct lock_shard *shard = lock_share(&partition->machine->lock);
	struct hvhost_vp *vp = vp_index < partition->vp_limit ?
			       partition->vps[vp_index] : NULL;

	lock_unshare(shard);
	return vp;
}

uint32_t hvhost_vp_index(const struct hvhost_vp *vp)
{
	return vp->index;
}

struct hv_sim_page *hvhost_vp_sim(struct hvhost_vp *vp)
{
	return vp->sim;
}

struct hv_sief_page *hvhost_vp_sief(struct hvhost_vp *vp)
{
	return vp->sief;
}

static void eom(struct hvhost_vp *vp)
{
	count(&vp->eoms);
	synic_deliver(vp, UINT16_MAX);
}

void hvhost_vp_eom(struct hvhost_vp *vp)
{
	struct lock_shard *shard = lock_share(&vp->partition->machine->lock);

	probe_eom(vp);
	eom(vp);
	lock_unshare(shard);
}

void hvhost_vp_eoi(struct hvhost_vp *vp, uint8_t vector)
{
	struct lock_shard *shard = lock_share(&vp->partition->machine->lock);
	uint16_t waiting = atomic_load(&vp->pending);

	for (unsigned int sint = 0; waiting >> sint; sint++)
		if (waiting & (1u << sint) &&
		    (synic_read_sint(vp, sint) & HV_SINT_VECTOR_MASK) == vector)
			synic_deliver(vp, (uint16_t)(1u << sint));
	lock_unshare(shard);
}

/* MSRs */

static bool is_sint(uint32_t msr)
{
	return msr >= HV_MSR_SINT0 && msr < HV_MSR_SINT0 + HV_SINT_COUNT;
}

/* What the partition must have to touch @msr at all; 0: not an MSR of ours. */
static uint64_t msr_privilege(uint32_t msr)
{
	if (is_sint(msr))
		return HV_ACCESS_SYNIC_REGS;
	switch (msr) {
	case HV_MSR_GUEST_OS_ID:
	case HV_MSR_HYPERCALL:
		return HV_ACCESS_HYPERCALL_MSRS;
	case HV_MSR_VP_INDEX:
		return HV_ACCESS_VP_INDEX;
	case HV_MSR_SCONTROL:
	case HV_MSR_SVERSION:
	case HV_MSR_SIEFP:
	case HV_MSR_SIMP:
	case HV_MSR_EOM:
		return HV_ACCESS_SYNIC_REGS;
	default:
		return 0;
	}
}

static bool may_access(const struct hvhost_vp *vp, uint32_t msr)
{
	return msr_privilege(msr) & vp->partition->config.privileges;
}

static uint64_t read_register(struct hvhost_vp *vp, uint32_t msr)
{
	if (is_sint(msr))
		return synic_read_sint(vp, msr - HV_MSR_SINT0);
	switch (msr) {
	case HV_MSR_GUEST_OS_ID:
		return atomic_load(&vp->partition->guest_os_id);
	case HV_MSR_HYPERCALL:
		return atomic_load(&vp->partition->hypercall_msr);
	case HV_MSR_VP_INDEX:
		return vp->index;
	case HV_MSR_SCONTROL:
		return vp->scontrol;
	case HV_MSR_SVERSION:
		return SVERSION;
	case HV_MSR_SIEFP:
		return vp->siefp;
	case HV_MSR_SIMP:
		return vp->simp;
	default: /* EOM */
		return 0;
	}
}

int hvhost_vp_read_msr(struct hvhost_vp *vp, uint32_t msr, uint64_t *value)
{
	struct lock_shard *shard;

	*value = 0;
	if (!may_access(vp, msr))
		return -EPERM;

	shard = lock_share(&vp->partition->machine->lock);
	*value = read_register(vp, msr);
	lock_unshare(shard);
	return 0;
}

static int write_guest_os_id(struct hvhost_vp *vp, uint64_t value)
{
	struct hvhost_partition *partition = vp->partition;

	lock_exclude(&partition->machine->lock);
	atomic_store(&partition->guest_os_id, value);
	if (!value)
		atomic_fetch_and(&partition->hypercall_msr, ~HV_PAGE_ENABLE);
	lock_unexclude(&partition->machine->lock);
	return 0;
}

static int write_hypercall(struct hvhost_vp *vp, uint64_t value)
{
	struct hvhost_partition *partition = vp->partition;
	int err = 0;

	lock_exclude(&partition->machine->lock);
	if (!atomic_load(&partition->guest_os_id))
		value &= ~HV_PAGE_ENABLE;
	if (atomic_load(&partition->hypercall_msr) & HV_HYPERCALL_LOCKED ||
	    (value & HV_PAGE_ENABLE && !partition_has_page(partition, value)))
		err = -EPERM;
	else
		atomic_store(&partition->hypercall_msr, value);
	lock_unexclude(&partition->machine->lock);
	return err;
}

/* SCONTROL, SIMP, SIEFP: what they switch is looked at by every post. */
static int write_shape(struct hvhost_vp *vp, uint32_t msr, uint64_t value)
{
	struct lock *lock = &vp->partition->machine->lock;

	if (msr != HV_MSR_SCONTROL && value & HV_PAGE_ENABLE &&
	    !partition_has_page(vp->partition, value))
		return -EPERM;

	lock_exclude(lock);
	switch (msr) {
	case HV_MSR_SCONTROL:
		vp->scontrol = value;
		break;
	case HV_MSR_SIMP:
		vp->simp = value;
		vp_tell_overlay(vp, msr, value, vp->sim);
		break;
	default:
		vp->siefp = value;
		vp_tell_overlay(vp, msr, value, vp->sief);
		break;
	}
	synic_deliver(vp, UINT16_MAX);
	lock_unexclude(lock);
	return 0;
}

static int write_sint(struct hvhost_vp *vp, unsigned int sint, uint64_t value)
{
	struct lock *lock = &vp->partition->machine->lock;

	if (!(value & HV_SINT_MASKED) &&
	    (value & HV_SINT_VECTOR_MASK) < HV_SINT_VECTOR_MIN)
		return -EPERM;

	lock_exclude(lock);
	synic_write_sint(vp, sint, value);
	lock_unexclude(lock);
	return 0;
}

int hvhost_vp_write_msr(struct hvhost_vp *vp, uint32_t msr, uint64_t value)
{
	if (!may_access(vp, msr))
		return -EPERM;
	if (is_sint(msr))
		return write_sint(vp, msr - HV_MSR_SINT0, value);

	switch (msr) {
	case HV_MSR_GUEST_OS_ID:
		return write_guest_os_id(vp, value);
	case HV_MSR_HYPERCALL:
		return write_hypercall(vp, value);
	case HV_MSR_SCONTROL:
	case HV_MSR_SIMP:
	case HV_MSR_SIEFP:
		return write_shape(vp, msr, value);
	case HV_MSR_EOM:
		hvhost_vp_eom(vp);
		return 0;
	default: /* VP_INDEX, SVERSION */
		return -EPERM;
	}
}

/* Exclusive: who has queued a message may not have looked at the slot yet. */
void hvhost_vp_inspect(struct hvhost_vp *vp, struct hvhost_vp_state *state)
{
	struct lock *lock = &vp->partition->machine->lock;

	memset(state, 0, sizeof(*state));
	lock_exclude(lock);
	state->synic_on = vp_synic_is_on(vp);
	state->sim_on = !!(vp->simp & HV_PAGE_ENABLE);
	state->sief_on = !!(vp->siefp & HV_PAGE_ENABLE);
	state->lost = atomic_load(&vp->lost);
	state->eoms = atomic_load(&vp->eoms);
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++) {
		uint16_t bit = (uint16_t)(1u << sint);

		if (synic_sint_is_masked(vp, sint))
			state->sints_masked |= bit;
		if (synic_slot_is_occupied(vp, sint))
			state->slots_occupied |= bit;
		state->queued[sint] = queue_depth(&vp->queue[sint]);
		state->delivered += synic_delivered(vp, sint);
		if (state->queued[sint] && (!vp_takes_messages(vp) ||
					    synic_slot_is_free(vp, sint)))
			state->sints_stuck |= bit;
	}
	lock_unexclude(lock);
}

uint64_t hvhost_vp_refused(const struct hvhost_vp *vp, uint16_t status)
{
	return status < STATUSES ? atomic_load(&vp->refused[status]) : 0;
}
