// SPDX-License-Identifier: MIT
#include "sandbox.h"

#include <asm/termbits.h>
#include <errno.h>
#include <linux/kvm.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

/*
 * EPERM and not the end of the process: a libc that begins to make another call
 * finds it missing, as on an older kernel, and partitions go on living.
 */
#define OTHERWISE SCMP_ACT_ERRNO(EPERM)

static const int allowed[] = {
	/* packets, doorbells, listeners */
	SCMP_SYS(accept4), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg),
	SCMP_SYS(sendto), SCMP_SYS(shutdown), SCMP_SYS(getsockopt),
	SCMP_SYS(eventfd2), SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev),
	SCMP_SYS(close), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(poll),
	SCMP_SYS(ppoll), SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_settime),
	SCMP_SYS(geteuid), SCMP_SYS(getuid),
	/* memory, shared and our own */
	SCMP_SYS(memfd_create), SCMP_SYS(ftruncate), SCMP_SYS(fcntl),
	SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
	/* threads */
	SCMP_SYS(clone), SCMP_SYS(clone3), SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq), SCMP_SYS(futex), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_yield), SCMP_SYS(gettid), SCMP_SYS(getpid),
	SCMP_SYS(tgkill), SCMP_SYS(exit), SCMP_SYS(exit_group),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
	/* the time, and the standard streams */
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
	SCMP_SYS(getrandom), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
	SCMP_SYS(lseek), SCMP_SYS(pread64),
	/* the end: remove the socket if it is ours */
	SCMP_SYS(lstat), SCMP_SYS(unlink),
};

/* Calls that say in their third argument what a mapping is good for. */
static const int mapping[] = { SCMP_SYS(mmap), SCMP_SYS(mprotect) };

/* What is asked of KVM once guests run, and of the terminal in the end. */
static const unsigned long allowed_for_guests[] = {
	KVM_RUN, KVM_SET_MSRS, KVM_IRQFD, KVM_IRQ_LINE, TCGETS, TCSETS,
	/* a VM made anew: a guest's reset */
	KVM_CREATE_VM, KVM_SET_IDENTITY_MAP_ADDR, KVM_SET_TSS_ADDR,
	KVM_CREATE_IRQCHIP, KVM_CREATE_PIT2, KVM_ENABLE_CAP,
	KVM_X86_SET_MSR_FILTER, KVM_SET_USER_MEMORY_REGION,
	KVM_GET_VCPU_MMAP_SIZE, KVM_CREATE_VCPU, KVM_CHECK_EXTENSION,
	KVM_GET_SUPPORTED_CPUID, KVM_GET_SUPPORTED_HV_CPUID, KVM_SET_CPUID2,
	KVM_SET_GSI_ROUTING, KVM_GET_SREGS, KVM_SET_SREGS, KVM_SET_REGS,
};

static int add_guest_rules(scmp_filter_ctx filter)
{
	const size_t count = sizeof(allowed_for_guests) /
			     sizeof(allowed_for_guests[0]);
	int err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		const struct scmp_arg_cmp request = {
			.arg = 1, .op = SCMP_CMP_EQ,
			.datum_a = allowed_for_guests[i],
		};

		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl),
				       1, request);
	}
	return err;
}

/* All code is there before the filter is: what comes later is never run. */
static int add_mapping_rules(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp not_to_run = {
		.arg = 2, .op = SCMP_CMP_MASKED_EQ,
		.datum_a = PROT_EXEC, .datum_b = 0,
	};
	int err = 0;

	for (size_t i = 0; i < sizeof(mapping) / sizeof(mapping[0]) && !err; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, mapping[i], 1,
				       not_to_run);
	return err;
}

/* Listeners: pairs of Unix sockets, which lead nowhere else. */
static int add_socket_rule(scmp_filter_ctx filter)
{
	const struct scmp_arg_cmp local = {
		.arg = 0, .op = SCMP_CMP_EQ, .datum_a = AF_UNIX,
	};

	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1,
				local);
}

static int add_rules(scmp_filter_ctx filter)
{
	int err = 0;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && !err; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	if (!err)
		err = add_socket_rule(filter);
	return err ? err : add_mapping_rules(filter);
}

int sandbox_enter(bool has_guests)
{
	scmp_filter_ctx filter = seccomp_init(OTHERWISE);
	int err;

	if (!filter)
		return -ENOMEM;
	err = add_rules(filter);
	if (!err && has_guests)
		err = add_guest_rules(filter);
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}
