// SPDX-License-Identifier: GPL-2.0-only
/*
 * What hosts us. CPUID alone decides: reading a SynIC MSR that the host does
 * not offer is a general protection fault.
 */
#include "hvpost.h"

#include <linux/cc_platform.h>
#include <linux/errno.h>
#include <linux/string.h>

#include <asm/cpufeature.h>
#include <asm/hypervisor.h>
#include <asm/processor.h>

#include "compat.h"

struct hvp_host hvp_host;

/* KVM's own leaves; with Hyper-V's shown too they move up by steps of 0x100. */
#define KVM_SIGNATURE		"KVMKVMKVM\0\0\0"
#define KVM_CPUID_FIRST		0x40000000u
#define KVM_CPUID_LAST		0x4000ff00u
#define KVM_CPUID_STEP		0x100u

/*
 * KVM features whose guest side issues KVM hypercalls: PV_UNHALT, TLB_FLUSH,
 * SEND_IPI, SCHED_YIELD. With GUEST_OS_ID set, KVM takes every VMCALL for a
 * Hyper-V one, and those calls come to nothing.
 */
#define KVM_HYPERCALL_FEATURES	(BIT(7) | BIT(9) | BIT(11) | BIT(13))

static bool host_is_hyperv_like(void)
{
	if (!boot_cpu_has(X86_FEATURE_HYPERVISOR)) {
		pr_err("no hypervisor here; load this in a Hyper-V guest, or in a KVM guest with Hyper-V enlightenments\n");
		return false;
	}
	if (cpuid_eax(HV_CPUID_VENDOR) < HV_CPUID_LEAF_MIN ||
	    cpuid_eax(HV_CPUID_INTERFACE) != HV_CPUID_INTERFACE_HV1) {
		pr_err("the hypervisor does not offer the Hyper-V interface; with QEMU start the guest with -accel kvm -cpu host,kvm=off,hv-vpindex,hv-synic\n");
		return false;
	}
	return true;
}

static bool host_is_confidential(void)
{
	u32 isolation = HV_ISOLATION_TYPE_NONE;

	if (cpuid_eax(HV_CPUID_VENDOR) >= HV_CPUID_ISOLATION)
		isolation = cpuid_ebx(HV_CPUID_ISOLATION) &
			    HV_ISOLATION_TYPE_MASK;

	return isolation == HV_ISOLATION_TYPE_SNP ||
	       isolation == HV_ISOLATION_TYPE_TDX ||
	       cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT);
}

int hvp_host_detect(void)
{
	const u32 needed = HV_ACCESS_SYNIC_REGS | HV_ACCESS_HYPERCALL_MSRS |
			   HV_ACCESS_VP_INDEX;

	if (!host_is_hyperv_like())
		return -ENODEV;

	hvp_host.privileges_low = cpuid_eax(HV_CPUID_FEATURES);
	hvp_host.privileges_high = cpuid_ebx(HV_CPUID_FEATURES);

	if ((hvp_host.privileges_low & needed) != needed) {
		pr_err("the host does not give this guest a SynIC (privileges %#x, need %#x); with QEMU add hv-vpindex,hv-synic to -cpu\n",
		       hvp_host.privileges_low, needed);
		return -ENODEV;
	}
	if (!(hvp_host.privileges_high & HV_POST_MESSAGES)) {
		pr_err("the host does not give this guest the PostMessages privilege; with QEMU add hv-synic to -cpu, without x-hv-synic-kvm-only\n");
		return -EACCES;
	}
	if (host_is_confidential()) {
		pr_err("this is a confidential guest (SNP or TDX); its pages would have to be shared with the host, which this driver does not do yet\n");
		return -EOPNOTSUPP;
	}
	return 0;
}

/* KVM's feature bits, or 0 where KVM does not show itself. */
static u32 kvm_features(void)
{
	u32 leaf, eax, signature[3];

	for (leaf = KVM_CPUID_FIRST; leaf <= KVM_CPUID_LAST;
	     leaf += KVM_CPUID_STEP) {
		cpuid(leaf, &eax, &signature[0], &signature[1], &signature[2]);
		if (!memcmp(signature, KVM_SIGNATURE, sizeof(signature)))
			return cpuid_eax(leaf + 1);
	}
	return 0;
}

static int bare_instruction(void)
{
	switch (boot_cpu_data.x86_vendor) {
	case X86_VENDOR_AMD:
	case X86_VENDOR_HYGON:
		return HVPOST_HYPERCALL_VMMCALL;
	default:
		return HVPOST_HYPERCALL_VMCALL;
	}
}

/* Does the kernel own GUEST_OS_ID and the hypercall page? */
static bool kernel_owns_hypercalls(void)
{
	return IS_ENABLED(CONFIG_HYPERV) &&
	       x86_hyper_type == X86_HYPER_MS_HYPERV;
}

static int choose_by_host(void)
{
	u32 features;

	if (kernel_owns_hypercalls())
		return HVPOST_HYPERCALL_KERNEL;

	switch (x86_hyper_type) {
	case X86_HYPER_KVM:
		features = kvm_features() & KVM_HYPERCALL_FEATURES;
		if (!features)
			return bare_instruction();
		pr_err("Linux runs as a KVM guest and uses KVM hypercalls (features %#x), which would stop working; start the guest with kvm=off in QEMU's -cpu, or with kvm-pv-unhalt=off,kvm-pv-tlb-flush=off,kvm-pv-ipi=off,kvm-pv-sched-yield=off\n",
		       features);
		return -EBUSY;
	default:
		return bare_instruction();
	}
}

static int check_wish(int mode)
{
	if (mode == HVPOST_HYPERCALL_KERNEL && !kernel_owns_hypercalls()) {
		pr_err("hypercall=kernel: Linux did not set up Hyper-V's hypercalls here; leave the parameter away\n");
		return -EINVAL;
	}
	if (mode == HVPOST_HYPERCALL_PAGE && kernel_owns_hypercalls()) {
		pr_err("hypercall=page: the kernel owns the hypercall page; use hypercall=kernel or leave the parameter away\n");
		return -EINVAL;
	}
	/* The other vendor's instruction faults, or is patched in read-only text. */
	if ((mode == HVPOST_HYPERCALL_VMCALL ||
	     mode == HVPOST_HYPERCALL_VMMCALL) && mode != bare_instruction()) {
		pr_err("hypercall=%s: this processor has the other instruction; leave the parameter away\n",
		       mode == HVPOST_HYPERCALL_VMCALL ? "vmcall" : "vmmcall");
		return -EINVAL;
	}
	return mode;
}

int hvp_host_choose_hypercall(const char *wish)
{
	/* Index 0 is "auto"; the others are HVPOST_HYPERCALL_*. */
	static const char * const names[] = {
		"auto", "kernel", "page", "vmcall", "vmmcall",
	};
	int mode = match_string(names, ARRAY_SIZE(names), wish);

	if (mode < 0) {
		pr_err("hypercall=%s: use auto, kernel, page, vmcall or vmmcall\n",
		       wish);
		return -EINVAL;
	}
	if (!mode)
		return choose_by_host();
	if (x86_hyper_type == X86_HYPER_KVM &&
	    kvm_features() & KVM_HYPERCALL_FEATURES)
		pr_warn("hypercall=%s: forced in a guest that uses KVM hypercalls; they stop working, and CPUs may hang\n",
			wish);
	return check_wish(mode);
}
