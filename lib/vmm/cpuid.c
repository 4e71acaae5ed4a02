// SPDX-License-Identifier: MIT
/*
 * Each VP is a package of its own, with one core of one thread: the simplest
 * truth, as the host's topology is not the guest's.
 *
 * Hyper-V's leaves begin at 0x40000000. KVM's, if wished, follow at 0x40000100,
 * where guests that know KVM look too. Of KVM's features, those that are
 * hypercalls are left out: once the guest has set GUEST_OS_ID, KVM takes each of
 * its hypercalls for one of Hyper-V's, and a kick of another VP would be lost.
 */
#include "cpuid.h"

#include <errno.h>
#include <linux/kvm_para.h>
#include <string.h>
#include <sys/ioctl.h>

#include "internal.h"

#define LEAF_IS_HYPERVISOR(leaf) (((leaf) & 0xffff0000u) == 0x40000000u)

#define KVM_LEAVES		0x40000100u

/* Leaf 1 */
#define ECX_TSC_DEADLINE	(1u << 24)
#define EDX_HTT			(1u << 28)
/* Leaf 0x80000001, ECX */
#define CMP_LEGACY		(1u << 1)
#define TOPOLOGY_EXTENSIONS	(1u << 22)

#define TOPOLOGY_SMT		0x100u
#define TOPOLOGY_CORE		0x201u

#define RELAXED_TIMING		(1u << 5)
#define FREQUENCY_MSRS		(1u << 8)
#define NEVER_NOTIFY		0xffffffffu

/* KVM keeps what a KVM guest needs for its clock and no hypercall. */
#define KVM_HYPERCALL_FEATURES \
	((1u << KVM_FEATURE_PV_UNHALT) | (1u << KVM_FEATURE_PV_TLB_FLUSH) | \
	 (1u << KVM_FEATURE_PV_SEND_IPI) | (1u << KVM_FEATURE_PV_SCHED_YIELD) | \
	 (1u << KVM_FEATURE_HC_MAP_GPA_RANGE) | (1u << KVM_FEATURE_MMU_OP))

static const struct kvm_cpuid_entry2 *find(const struct cpuid *cpuid,
					   uint32_t leaf)
{
	static const struct kvm_cpuid_entry2 none;

	for (uint32_t i = 0; i < cpuid->count; i++)
		if (cpuid->entry[i].function == leaf)
			return &cpuid->entry[i];
	return &none;
}

/*
 * Synthetic timers are never given: KVM would write their messages into the
 * slots behind the engine's back. Of what lies in EBX, KVM knows all that it
 * passes on to us, and has an answer to the rest.
 */
uint64_t cpuid_missing_privileges(const struct cpuid *hv, uint64_t privileges)
{
	uint32_t offered = find(hv, HV_CPUID_FEATURES)->eax &
			   ~HV_ACCESS_SYNTHETIC_TIMERS;

	return (uint32_t)privileges & ~offered;
}

static struct kvm_cpuid_entry2 *add(struct cpuid *cpuid,
				    struct kvm_cpuid_entry2 entry)
{
	struct kvm_cpuid_entry2 *new;

	/* The count goes on: cpuid_build() sees that it was too much. */
	if (cpuid->count++ >= CPUID_ENTRIES_MAX)
		return &cpuid->entry[0];
	new = &cpuid->entry[cpuid->count - 1];
	*new = entry;
	return new;
}

static void add_topology(struct cpuid *cpuid, uint32_t leaf, uint32_t vp_index)
{
	const uint32_t levels[] = { TOPOLOGY_SMT, TOPOLOGY_CORE, 2 };

	for (uint32_t i = 0; i < ARRAY_SIZE(levels); i++)
		add(cpuid, (struct kvm_cpuid_entry2){
			.function = leaf, .index = i,
			.flags = KVM_CPUID_FLAG_SIGNIFCANT_INDEX,
			.ebx = i < 2, .ecx = levels[i], .edx = vp_index,
		});
}

/* One of the processor's own leaves, as a guest sees it. */
static void add_processor(struct cpuid *cpuid, struct kvm_cpuid_entry2 entry,
			  const struct cpuid_wish *wish)
{
	switch (entry.function) {
	case 0x1:
		entry.ebx = (entry.ebx & 0xffff) | 1u << 16 |
			    wish->vp_index << 24;
		entry.ecx |= HV_CPUID_PRESENT_ECX;
		if (wish->tsc_deadline)
			entry.ecx |= ECX_TSC_DEADLINE;
		entry.edx &= ~EDX_HTT;
		break;
	case 0x4:
		entry.eax &= 0x3fff;
		break;
	case 0xb:
	case 0x1f:
		if (!entry.index)
			add_topology(cpuid, entry.function, wish->vp_index);
		return;
	case 0x80000001:
		entry.ecx &= ~(CMP_LEGACY | TOPOLOGY_EXTENSIONS);
		break;
	case 0x80000008:
		entry.ecx = 0;
		break;
	case 0x8000001d:
	case 0x8000001e:
		return;
	}
	add(cpuid, entry);
}

static void add_hyperv(struct cpuid *cpuid, const struct cpuid *hv,
		       const struct cpuid_wish *wish)
{
	struct kvm_cpuid_entry2 *leaf;

	add(cpuid, (struct kvm_cpuid_entry2){
		.function = HV_CPUID_VENDOR, .eax = HV_CPUID_LIMITS,
		/* "Microsoft Hv": some guests look at nothing else. */
		.ebx = 0x7263694d, .ecx = 0x666f736f, .edx = 0x76482074,
	});
	add(cpuid, (struct kvm_cpuid_entry2){
		.function = HV_CPUID_INTERFACE, .eax = HV_CPUID_INTERFACE_HV1,
	});
	leaf = add(cpuid, *find(hv, HV_CPUID_VERSION));
	leaf->function = HV_CPUID_VERSION;
	add(cpuid, (struct kvm_cpuid_entry2){
		.function = HV_CPUID_FEATURES,
		.eax = (uint32_t)wish->privileges,
		.ebx = (uint32_t)(wish->privileges >> 32),
		.edx = find(hv, HV_CPUID_FEATURES)->edx & FREQUENCY_MSRS,
	});
	add(cpuid, (struct kvm_cpuid_entry2){
		.function = HV_CPUID_RECOMMENDATIONS,
		.eax = RELAXED_TIMING | HV_RECOMMEND_NO_AUTO_EOI,
		.ebx = NEVER_NOTIFY,
	});
	leaf = add(cpuid, *find(hv, HV_CPUID_LIMITS));
	leaf->function = HV_CPUID_LIMITS;
}

static void add_kvm(struct cpuid *cpuid, const struct cpuid *supported)
{
	struct kvm_cpuid_entry2 *leaf;

	leaf = add(cpuid, *find(supported, KVM_CPUID_SIGNATURE));
	leaf->function = KVM_LEAVES;
	leaf->eax = KVM_LEAVES + 1;
	leaf = add(cpuid, *find(supported, KVM_CPUID_FEATURES));
	leaf->function = KVM_LEAVES + 1;
	leaf->eax &= ~KVM_HYPERCALL_FEATURES;
}

int cpuid_build(const struct cpuid *supported, const struct cpuid *hv,
		const struct cpuid_wish *wish, struct cpuid *cpuid)
{
	memset(cpuid, 0, sizeof(*cpuid));
	for (uint32_t i = 0; i < supported->count; i++)
		if (!LEAF_IS_HYPERVISOR(supported->entry[i].function))
			add_processor(cpuid, supported->entry[i], wish);
	add_hyperv(cpuid, hv, wish);
	if (wish->cpuid == VMM_CPUID_KVM)
		add_kvm(cpuid, supported);
	return cpuid->count <= CPUID_ENTRIES_MAX ? 0 : -E2BIG;
}

int cpuid_set(const struct vcpu *vcpu, char *error)
{
	const struct vmm_guest *guest = vcpu->guest;
	struct cpuid supported = { .count = CPUID_ENTRIES_MAX };
	struct cpuid hv = { .count = CPUID_ENTRIES_MAX };
	struct cpuid cpuid;
	struct cpuid_wish wish = {
		.vp_index = vcpu->index,
		.cpuid = guest->cpuid,
		.privileges = guest->privileges,
		.tsc_deadline = ioctl(guest->kvm_fd, KVM_CHECK_EXTENSION,
				      KVM_CAP_TSC_DEADLINE_TIMER) > 0,
	};
	uint64_t missing;

	if (ioctl(guest->kvm_fd, KVM_GET_SUPPORTED_CPUID, &supported) ||
	    ioctl(vcpu->fd, KVM_GET_SUPPORTED_HV_CPUID, &hv))
		return vmm_fail(error, -errno,
				"KVM does not say which CPUID leaves it has: %s",
				strerror(errno));
	missing = cpuid_missing_privileges(&hv, guest->privileges);
	if (missing)
		return vmm_fail(error, -ENOTSUP, "KVM cannot give a guest the "
				"privileges 0x%llx: leave them out",
				(unsigned long long)missing);
	if (cpuid_build(&supported, &hv, &wish, &cpuid))
		return vmm_fail(error, -E2BIG, "too many CPUID leaves");
	if (ioctl(vcpu->fd, KVM_SET_CPUID2, &cpuid))
		return vmm_fail(error, -errno, "KVM refuses the CPUID leaves of "
				"vCPU %u: %s", vcpu->index, strerror(errno));
	return 0;
}
