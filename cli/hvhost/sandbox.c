// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* CLONE_THREAD, O_PATH */
#include "sandbox.h"

#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/kvm.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

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
	SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(futex),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_yield),
	SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
	/* the time, and the standard streams */
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
	SCMP_SYS(getrandom), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
	SCMP_SYS(lseek), SCMP_SYS(pread64),
	/*
	 * The end: remove the socket if it is ours. A filter cannot read paths:
	 * remove_beside() bounds what may be removed, and nothing bounds what may
	 * be looked at, as fstat() is newfstatat(), too.
	 */
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

/*
 * Threads, but no processes, and none in a namespace of its own. What clone3() is
 * asked for is in memory, where no filter looks: it is as on older kernels, and a
 * libc then takes clone().
 */
static int add_thread_rules(scmp_filter_ctx filter)
{
	const unsigned long thread = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD;
	const unsigned long namespaces = CLONE_NEWNS | CLONE_NEWCGROUP |
		CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
		CLONE_NEWNET;
	const struct scmp_arg_cmp flags = {
		.arg = 0, .op = SCMP_CMP_MASKED_EQ,
		.datum_a = thread | namespaces, .datum_b = thread,
	};
	const struct scmp_arg_cmp ours = {
		.arg = 0, .op = SCMP_CMP_EQ, .datum_a = (scmp_datum_t)getpid(),
	};
	int err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				   flags);

	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS),
				       SCMP_SYS(clone3), 0);
	return err ? err : seccomp_rule_add(filter, SCMP_ACT_ALLOW,
					    SCMP_SYS(tgkill), 1, ours);
}

static int add_rules(scmp_filter_ctx filter)
{
	int err = 0;

	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && !err; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
	if (!err)
		err = add_socket_rule(filter);
	if (!err)
		err = add_thread_rules(filter);
	return err ? err : add_mapping_rules(filter);
}

static int add_folder(int ruleset, const char *socket)
{
	struct landlock_path_beneath_attr beneath = {
		.allowed_access = LANDLOCK_ACCESS_FS_REMOVE_FILE,
	};
	char *path = strdup(socket);
	int err = 0;

	if (!path)
		return -ENOMEM;
	beneath.parent_fd = open(dirname(path),
				 O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(path);
	if (beneath.parent_fd < 0)
		return -errno;
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH,
		    &beneath, 0))
		err = -errno;
	close(beneath.parent_fd);
	return err;
}

static int restrict_to(int ruleset)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_landlock_restrict_self, ruleset, 0))
		return -errno;
	return 0;
}

/* A second fence, and no reason not to serve where it cannot be had. */
static int remove_beside(const char *socket)
{
	const struct landlock_ruleset_attr removing = {
		.handled_access_fs = LANDLOCK_ACCESS_FS_REMOVE_FILE,
	};
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &removing,
				   sizeof(removing), 0);
	int err;

	if (ruleset < 0)
		return 0;
	err = add_folder(ruleset, socket);
	if (!err)
		err = restrict_to(ruleset);
	close(ruleset);
	return err;
}

static int filter_calls(bool has_guests)
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

int sandbox_enter(const char *socket, bool has_guests)
{
	int err = remove_beside(socket);

	return err ? err : filter_calls(has_guests);
}
