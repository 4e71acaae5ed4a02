// SPDX-License-Identifier: MIT
#include "observer_why.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Bits of CapEff */
#define CAP_SYS_ADMIN	(UINT64_C(1) << 21)
#define CAP_PERFMON	(UINT64_C(1) << 38)
#define CAP_BPF		(UINT64_C(1) << 39)

#define STILL_WORKS \
	"; without BPF there are the driver's counters (" \
	"/sys/class/misc/hvpost) and its trace points in tracefs " \
	"(events/hvpost), 'hvpost listen' and 'hvhost inspect'"

/* Facts */

static FILE *open_below(const char *root, const char *path)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	return fopen(whole, "re");
}

static bool is_there(const char *root, const char *path)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	return !access(whole, F_OK);
}

static bool may_bpf(const char *root)
{
	FILE *file = open_below(root, "/proc/self/status");
	unsigned long long bits = 0;
	char line[256];

	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "CapEff: %llx", &bits) == 1)
			break;
	fclose(file);
	return bits & CAP_SYS_ADMIN || (bits & CAP_BPF && bits & CAP_PERFMON);
}

static bool is_locked_down(const char *root)
{
	FILE *file = open_below(root, "/sys/kernel/security/lockdown");
	char line[256] = "";

	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		*line = '\0';
	fclose(file);
	return strstr(line, "[confidentiality]");
}

void observer_facts_collect(struct observer_facts *facts, const char *root)
{
	*facts = (struct observer_facts){
		.may_bpf = may_bpf(root),
		.is_locked_down = is_locked_down(root),
		.has_tracefs =
			is_there(root, "/sys/kernel/tracing/kprobe_events") ||
			is_there(root,
				 "/sys/kernel/debug/tracing/kprobe_events"),
		.has_uprobes = is_there(
			root, "/sys/bus/event_source/devices/uprobe/type"),
		.driver_loaded = is_there(root, "/sys/module/hvpost"),
		.vmbus_loaded = is_there(root, "/sys/module/hv_vmbus"),
		.kvm_loaded = is_there(root, "/sys/module/kvm"),
	};
}

/* Reasons */

__attribute__((format(printf, 2, 3))) static struct observer_reason
reason(const char *hint, const char *format, ...)
{
	struct observer_reason made = { .hint = hint };
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(made.text, sizeof(made.text), format, arguments);
	va_end(arguments);
	return made;
}

static struct observer_reason not_permitted(const struct observer_facts *facts)
{
	if (!facts->may_bpf)
		return reason("run it as root, or with CAP_BPF and CAP_PERFMON"
			      STILL_WORKS,
			      "BPF programs are not for this user");
	return reason("boot without lockdown=confidentiality" STILL_WORKS,
		      "this kernel is locked down for confidentiality: "
		      "nobody may trace it");
}

struct observer_reason observer_why_none(int error,
					 const struct observer_facts *facts)
{
	if (facts->is_locked_down || error == -EPERM || error == -EACCES)
		return not_permitted(facts);
	if (error == -ENOSYS)
		return reason("a kernel with CONFIG_BPF_SYSCALL has it"
			      STILL_WORKS, "this kernel has no BPF");
	if (error == -ENOMEM)
		return reason("give the container, or the machine, 8 MiB more",
			      "there is no memory for BPF programs");
	return reason("Linux 6.1 and later take them" STILL_WORKS,
		      "this kernel does not take the BPF programs: %s",
		      strerror(-error));
}

static struct observer_reason other(int error)
{
	return reason("the kernel log may say more", "cannot attach: %s",
		      strerror(-error));
}

static struct observer_reason why_not_driver(int error,
					     const struct observer_facts *facts)
{
	if (!facts->driver_loaded)
		return reason("modprobe hvpost, then trace again",
			      "hvpost.ko is not loaded");
	if (error == -ENOENT)
		return reason("load the hvpost.ko that came with this tool",
			      "this hvpost.ko lacks a trace point");
	return other(error);
}

static struct observer_reason why_not_vmbus(int error,
					    const struct observer_facts *facts)
{
	if (!facts->has_tracefs)
		return reason("mount -t tracefs tracefs /sys/kernel/tracing; "
			      "if that is there, the kernel lacks "
			      "CONFIG_KPROBE_EVENTS",
			      "tracefs is not mounted, or without probes of "
			      "the kernel");
	if (error == -ENOENT || error == -EINVAL)
		return reason("'perf probe' may find where they went",
			      "this hv_vmbus lacks the functions to look at");
	return other(error);
}

static struct observer_reason why_not_kvm(int error,
					  const struct observer_facts *facts)
{
	if (!facts->kvm_loaded)
		return reason("load it where the guests run; in a guest there "
			      "is nothing to see of it",
			      "kvm is not loaded");
	if (error == -ENOENT)
		return reason("a kernel with CONFIG_KVM_HYPERV has them",
			      "this kvm lacks the Hyper-V trace points");
	return other(error);
}

static struct observer_reason why_not_probes(int error,
					     const struct observer_facts *facts)
{
	if (!facts->has_uprobes)
		return reason("a kernel with CONFIG_UPROBE_EVENTS has them",
			      "this kernel has no probes of processes");
	if (error == -ENOENT)
		return reason("name the program with --program; it must be "
			      "linked with a library of this version",
			      "no file with probes was found");
	return other(error);
}

struct observer_reason observer_why(enum sighting_source source,
				    const struct observer_outcome *outcome,
				    const struct observer_facts *facts)
{
	if (outcome->state == OBSERVER_AWAITS)
		return reason("modprobe hv_vmbus shows its handshake",
			      "hv_vmbus is not loaded yet");
	switch (source) {
	case SIGHTING_BY_DRIVER:
		return why_not_driver(outcome->error, facts);
	case SIGHTING_BY_VMBUS:
		return why_not_vmbus(outcome->error, facts);
	case SIGHTING_BY_KVM:
		return why_not_kvm(outcome->error, facts);
	case SIGHTING_BY_LIBRARY:
	case SIGHTING_BY_HOST:
		return why_not_probes(outcome->error, facts);
	case SIGHTING_SOURCES:
		break;
	}
	return other(outcome->error);
}

const char *observer_why_not_file(int error)
{
	switch (error) {
	case -ENODATA:
		return "it has no such probes";
	case -EBADF:
		return "it is no program and no library";
	case -ENXIO:
		return "it is no regular file";
	case -EAGAIN:
		return "somebody holds a lease on it";
	case -ENOSPC:
		return "there is no room for the probes of more files";
	default:
		return strerror(-error);
	}
}
