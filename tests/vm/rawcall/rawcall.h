/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * rawcall.h - /dev/hvpost_rawcall of the VM scenarios: hypercalls word for word, as
 * hvpost_hypercall() describes them, from inside a guest's kernel.
 */
#ifndef RAWCALL_H
#define RAWCALL_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define RAWCALL_PATH	"/dev/hvpost_rawcall"
#define RAWCALL_MEMORY	8192

/**
 * struct rawcall - one call (RAWCALL_IOC)
 * @control:	RCX
 * @input:	RDX: offset in @memory, or the first word of a fast call
 * @output:	R8: the same, the second word
 * @memory_size: from this offset on there is no memory, though the guest's ends
 *		behind it; from RAWCALL_MEMORY on, it has ended
 * @result:	out: RAX
 * @memory:	two pages in a row, read before and written after the call
 */
struct rawcall {
	__u64 control;
	__u64 input;
	__u64 output;
	__u64 memory_size;
	__u64 result;
	__u8 memory[RAWCALL_MEMORY];
};

/**
 * struct rawcall_row - the same call many times in a row (RAWCALL_IOC_ROW)
 * @control:	RCX; no fast call
 * @count:	how many times, up to RAWCALL_ROW_MAX
 * @result:	out: RAX of the last one
 * @ticks:	out: of the time stamp counter, what each of them took
 * @input:	of the call, at the beginning of a page
 *
 * It ends with a call whose result is not that of the first: EIO.
 */
#define RAWCALL_ROW_MAX		64
#define RAWCALL_INPUT_MAX	256

struct rawcall_row {
	__u64 control;
	__u64 count;
	__u64 result;
	__u64 ticks[RAWCALL_ROW_MAX];
	__u8 input[RAWCALL_INPUT_MAX];
};

#define RAWCALL_IOC	_IOWR(0xbd, 0, struct rawcall)
#define RAWCALL_IOC_ROW	_IOWR(0xbd, 1, struct rawcall_row)

#endif /* RAWCALL_H */
