/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A page of our own for HV_X64_MSR_HYPERCALL. The hypervisor lays its call
 * sequence over it; until then a call into it returns at once.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/nospec-branch.h>

	.section .text, "ax", @progbits
	/* Single-byte nops: call depth tracking looks for them before a target. */
	.balign 4096, 0x90
SYM_CODE_START_LOCAL_NOALIGN(hvp_page_start)
SYM_INNER_LABEL(hvp_hypercall_page, SYM_L_GLOBAL)
	UNWIND_HINT_FUNC
	ANNOTATE_NOENDBR
	RET
	.balign 4096, 0xcc
SYM_CODE_END(hvp_page_start)
