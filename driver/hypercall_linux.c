// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's own hypercall path. <asm/mshyperv.h> and <hvpost/hyperv.h> name
 * the same facts in two ways, so this file sees only the former.
 */
#include <linux/types.h>

#include <asm/mshyperv.h>

u64 hvp_linux_hypercall(u64 control, void *input);
u64 hvp_linux_hypercall_fast(u16 code, u64 input);

#if IS_ENABLED(CONFIG_HYPERV)

u64 hvp_linux_hypercall(u64 control, void *input)
{
	return hv_do_hypercall(control, input, NULL);
}

u64 hvp_linux_hypercall_fast(u16 code, u64 input)
{
	return hv_do_fast_hypercall8(code, input);
}

#else /* hvp_host_choose_hypercall() never comes here */

u64 hvp_linux_hypercall(u64 control, void *input)
{
	return U64_MAX;
}

u64 hvp_linux_hypercall_fast(u16 code, u64 input)
{
	return U64_MAX;
}

#endif
