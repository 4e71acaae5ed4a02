// SPDX-License-Identifier: GPL-2.0-only
#include "hvpost.h"

#include <linux/errno.h>
#include <linux/io.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/version.h>
#include <linux/vmalloc.h>

#include "compat.h"

/* hypercall_page.S */
void hvp_hypercall_page(void);

#define MODE_STOPPED	0
#define MODE_FAILED	(-1)

/*
 * What load chose, and what posts may use now: the same, or one of the above.
 * Calls read the latter with preemption off, so after a change and
 * synchronize_rcu() no call is under way that saw the old value.
 */
static int chosen_mode;
static int hypercall_mode;

/* What we wrote, so that unload takes back only that; 0: nothing. */
static u64 our_guest_os_id;
static u64 our_hypercall_msr;

/* The register convention is the same for instruction and page. */
#define HYPERCALL_ASM(instruction)					\
static u64 hypercall_by_##instruction(u64 control, u64 input, u64 output) \
{									\
	register u64 r8 asm("r8") = output;				\
	u64 result;							\
									\
	asm volatile(HYPERCALL_##instruction				\
		     : "=a" (result), "+c" (control), "+d" (input),	\
		       "+r" (r8), ASM_CALL_CONSTRAINT			\
		     : : "cc", "memory", "r9", "r10", "r11");		\
	return result;							\
}
#define HYPERCALL_vmcall	"vmcall"
#define HYPERCALL_vmmcall	"vmmcall"
#define HYPERCALL_page		"call hvp_hypercall_page"

HYPERCALL_ASM(vmcall)
HYPERCALL_ASM(vmmcall)
HYPERCALL_ASM(page)

int hvp_hypercall_mode(void)
{
	return chosen_mode;
}

const char *hvp_hypercall_mode_name(void)
{
	switch (chosen_mode) {
	case HVPOST_HYPERCALL_KERNEL:
		return "the kernel's hypercall page";
	case HVPOST_HYPERCALL_PAGE:
		return "a hypercall page of its own";
	case HVPOST_HYPERCALL_VMCALL:
		return "VMCALL";
	default:
		return "VMMCALL";
	}
}

static u64 issue(int mode, u64 control, u64 word1)
{
	switch (mode) {
	case HVPOST_HYPERCALL_PAGE:
		return hypercall_by_page(control, word1, 0);
	case HVPOST_HYPERCALL_VMCALL:
		return hypercall_by_vmcall(control, word1, 0);
	case HVPOST_HYPERCALL_VMMCALL:
		return hypercall_by_vmmcall(control, word1, 0);
	case MODE_STOPPED:
		return HVP_RESULT_STOPPED;
	default:
		return HVP_RESULT_NO_CALL;
	}
}

u64 hvp_hypercall_post(struct hv_post_message_input *input)
{
	int mode = READ_ONCE(hypercall_mode);

	lockdep_assert_preemption_disabled();
	if (mode == HVPOST_HYPERCALL_KERNEL)
		return hvp_linux_hypercall(HV_CALL_POST_MESSAGE, input);

	return issue(mode, HV_CALL_POST_MESSAGE, virt_to_phys(input));
}

u64 hvp_hypercall_signal(u32 connection_id, u16 flag_number)
{
	u64 word = connection_id |
		   (u64)flag_number << HV_SIGNAL_EVENT_FLAG_SHIFT;
	int mode = READ_ONCE(hypercall_mode);

	lockdep_assert_preemption_disabled();
	if (mode == HVPOST_HYPERCALL_KERNEL)
		return hvp_linux_hypercall_fast(HV_CALL_SIGNAL_EVENT, word);

	return issue(mode, HV_CALL_SIGNAL_EVENT | HV_CONTROL_FAST, word);
}

/* Hypercalls are refused, or taken for KVM's, until the guest names itself. */
static int name_guest(void)
{
	u64 id;
	int err;

	err = hvp_rdmsr_safe(HV_MSR_GUEST_OS_ID, &id);
	if (err || id)
		return err;

	our_guest_os_id =
		HV_GUEST_OS_ID_OPEN_SOURCE |
		HV_GUEST_OS_ID_TYPE_LINUX << HV_GUEST_OS_ID_TYPE_SHIFT |
		(u64)LINUX_VERSION_CODE << HV_GUEST_OS_ID_VERSION_SHIFT;
	return hvp_wrmsr_safe(HV_MSR_GUEST_OS_ID, our_guest_os_id);
}

static int enable_page(void)
{
	unsigned long pfn = vmalloc_to_pfn(hvp_hypercall_page);
	u64 msr, ours;
	int err;

	err = hvp_rdmsr_safe(HV_MSR_HYPERCALL, &msr);
	if (err)
		return err;
	if (msr & (HV_PAGE_ENABLE | HV_HYPERCALL_LOCKED))
		return -EBUSY;

	ours = (msr & ~HV_PAGE_ADDRESS_MASK) | HV_PAGE_ENABLE |
	       (u64)pfn << HV_PAGE_SHIFT;
	err = hvp_wrmsr_safe(HV_MSR_HYPERCALL, ours);
	if (err)
		return err;
	our_hypercall_msr = ours;

	/* With no guest id in force the hypervisor drops the bit silently. */
	err = hvp_rdmsr_safe(HV_MSR_HYPERCALL, &msr);
	return err ?: msr == ours ? 0 : -EIO;
}

/* Take an MSR back if it still holds what we wrote. */
static void restore_msr(u32 msr, u64 *ours, u64 value)
{
	u64 now;

	if (*ours && !hvp_rdmsr_safe(msr, &now) && now == *ours)
		hvp_wrmsr_safe(msr, value);
	*ours = 0;
}

void hvp_hypercall_stop(void)
{
	WRITE_ONCE(hypercall_mode, MODE_STOPPED);
	synchronize_rcu();
	restore_msr(HV_MSR_HYPERCALL, &our_hypercall_msr, 0);
	restore_msr(HV_MSR_GUEST_OS_ID, &our_guest_os_id, 0);
}

int hvp_hypercall_start(void)
{
	int err = 0;

	if (hypercall_mode > 0)
		return 0;
	if (chosen_mode != HVPOST_HYPERCALL_KERNEL)
		err = name_guest();
	if (!err && chosen_mode == HVPOST_HYPERCALL_PAGE)
		err = enable_page();
	if (err) {
		pr_err("cannot set the hypercall interface up by %s (error %d); try hypercall=auto\n",
		       hvp_hypercall_mode_name(), err);
		hvp_hypercall_stop();
		WRITE_ONCE(hypercall_mode, MODE_FAILED);
		return err;
	}
	WRITE_ONCE(hypercall_mode, chosen_mode);
	return 0;
}

int hvp_hypercall_init(int mode)
{
	chosen_mode = mode;
	return hvp_hypercall_start();
}
