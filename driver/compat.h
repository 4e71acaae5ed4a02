/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between kernels, one entry each. Kbuild probes the headers for
 * them: stable kernels carry API changes back, so version numbers would lie.
 */
#ifndef HVP_COMPAT_H
#define HVP_COMPAT_H

#include <linux/mm.h>

#include <asm/msr.h>

/* rdmsrl() and friends became rdmsrq() in 6.16. */
#ifdef HVP_HAVE_RDMSRQ
#define hvp_rdmsr_safe(msr, value)	rdmsrq_safe(msr, value)
#define hvp_wrmsr_safe(msr, value)	wrmsrq_safe(msr, value)
#else
#define hvp_rdmsr_safe(msr, value)	rdmsrl_safe(msr, value)
#define hvp_wrmsr_safe(msr, value)	wrmsrl_safe(msr, value)
#endif

/* Only vm_flags_mod() and its like may write vm_flags since 6.3. */
static inline void hvp_vm_flags_mod(struct vm_area_struct *vma,
				    unsigned long set, unsigned long clear)
{
#ifdef HVP_HAVE_VM_FLAGS_SET
	vm_flags_mod(vma, set, clear);
#else
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
#endif
}

#endif /* HVP_COMPAT_H */
