/* SPDX-License-Identifier: MIT */
/* cpuid.h - what a guest is told of its processor and its hypervisor. */
#ifndef VMM_CPUID_H
#define VMM_CPUID_H

#include <linux/kvm.h>
#include <stdbool.h>

#include "vmm.h"

/* KVM's own limit. */
#define CPUID_ENTRIES_MAX 256

/* A struct kvm_cpuid2 with room. */
struct cpuid {
	uint32_t count, padding;
	struct kvm_cpuid_entry2 entry[CPUID_ENTRIES_MAX];
};
_Static_assert(offsetof(struct cpuid, entry) == sizeof(struct kvm_cpuid2),
	       "as KVM has it");

struct cpuid_wish {
	uint32_t vp_index;
	enum vmm_cpuid cpuid;
	uint64_t privileges;
	bool tsc_deadline;	/* KVM's APIC has that timer */
};

/*
 * Of the privileges, those that a guest of this KVM cannot have; 0: none. @hv is
 * what KVM_GET_SUPPORTED_HV_CPUID says.
 */
uint64_t cpuid_missing_privileges(const struct cpuid *hv, uint64_t privileges);

/*
 * Make @cpuid out of @supported, what KVM_GET_SUPPORTED_CPUID says, and @hv.
 * Return 0, or -E2BIG.
 */
int cpuid_build(const struct cpuid *supported, const struct cpuid *hv,
		const struct cpuid_wish *wish, struct cpuid *cpuid);

struct vcpu;

/* Tell @vcpu. Return 0 or a negative errno value. */
int cpuid_set(const struct vcpu *vcpu, char *error);

#endif /* VMM_CPUID_H */
