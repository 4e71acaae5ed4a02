// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* memfd_create */
#include "fake_kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <hvpost/hyperv.h>

#define VCPUS	65u		/* one more than a process can have VPs */
#define MSRS	0x100u		/* from HV_MSR_GUEST_OS_ID on */

static struct {
	int fd;
	uint64_t msr[MSRS];
} vcpus[VCPUS];
static bool refuses_irqfds;
static uint32_t refused_msr;
static unsigned int vms;
static bool (*run_vcpu)(uint32_t vcpu, struct kvm_run *run);

void fake_kvm_reset(void)
{
	memset(vcpus, 0, sizeof(vcpus));
	refuses_irqfds = false;
	refused_msr = 0;
	vms = 0;
	run_vcpu = NULL;
}

void fake_kvm_refuse_irqfds(bool refuse)
{
	refuses_irqfds = refuse;
}

void fake_kvm_refuse_msr(uint32_t msr)
{
	refused_msr = msr;
}

void fake_kvm_run(bool (*run)(uint32_t vcpu, struct kvm_run *run))
{
	run_vcpu = run;
}

unsigned int fake_kvm_vms(void)
{
	return vms;
}

uint64_t fake_kvm_msr(uint32_t vcpu, uint32_t msr)
{
	return vcpus[vcpu].msr[msr - HV_MSR_GUEST_OS_ID];
}

static int new_vcpu(unsigned long index)
{
	int fd = memfd_create("vcpu", MFD_CLOEXEC);

	if (index >= VCPUS || fd < 0 || ftruncate(fd, FAKE_KVM_RUN_SIZE))
		return -1;
	memset(&vcpus[index], 0, sizeof(vcpus[index]));
	vcpus[index].fd = fd;
	return fd;
}

/* The leaves that the monitor copies, with every privilege. */
static int tell_hyperv_leaves(struct kvm_cpuid2 *cpuid)
{
	static const uint32_t leaves[] = {
		HV_CPUID_VERSION, HV_CPUID_FEATURES, HV_CPUID_LIMITS,
	};

	cpuid->nent = sizeof(leaves) / sizeof(leaves[0]);
	for (uint32_t i = 0; i < cpuid->nent; i++)
		cpuid->entries[i] = (struct kvm_cpuid_entry2){
			.function = leaves[i],
			.eax = UINT32_MAX, .ebx = UINT32_MAX,
		};
	return 0;
}

static int write_msrs(int fd, const struct kvm_msrs *msrs)
{
	const struct kvm_msr_entry *entry = &msrs->entries[0];
	uint32_t number = entry->index - HV_MSR_GUEST_OS_ID;

	for (uint32_t i = 0; i < VCPUS; i++) {
		if (vcpus[i].fd != fd || number >= MSRS ||
		    entry->index == refused_msr)
			continue;
		vcpus[i].msr[number] = entry->data;
		return 1;
	}
	return 0;
}

static int enter(int fd)
{
	for (uint32_t i = 0; run_vcpu && i < VCPUS; i++) {
		struct kvm_run *run;
		bool is_exit;

		if (vcpus[i].fd != fd)
			continue;
		run = mmap(NULL, FAKE_KVM_RUN_SIZE, PROT_READ | PROT_WRITE,
			   MAP_SHARED, fd, 0);
		is_exit = run_vcpu(i, run);
		munmap(run, FAKE_KVM_RUN_SIZE);
		errno = EINTR;
		return is_exit ? 0 : -1;
	}
	return 0;
}

static int assign_irqfd(void)
{
	if (!refuses_irqfds)
		return 0;
	errno = EMFILE;
	return -1;
}

/* Their names are the linker's, for those who call open() and ioctl(). */
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_open(const char *path, int flags, ...);

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	union {
		void *pointer;
		unsigned long number;
	} argument;

	va_start(arguments, request);
	argument.number = va_arg(arguments, unsigned long);
	va_end(arguments);
	switch (request) {
	case KVM_GET_API_VERSION:
		return KVM_API_VERSION;
	case KVM_CHECK_EXTENSION:
		return 1;
	case KVM_CREATE_VM:
		vms++;
		return eventfd(0, EFD_CLOEXEC);
	case KVM_CREATE_VCPU:
		return new_vcpu(argument.number);
	case KVM_GET_VCPU_MMAP_SIZE:
		return FAKE_KVM_RUN_SIZE;
	case KVM_GET_SUPPORTED_CPUID:
		((struct kvm_cpuid2 *)argument.pointer)->nent = 0;
		return 0;
	case KVM_GET_SUPPORTED_HV_CPUID:
		return tell_hyperv_leaves(argument.pointer);
	case KVM_GET_SREGS:
		memset(argument.pointer, 0, sizeof(struct kvm_sregs));
		return 0;
	case KVM_SET_MSRS:
		return write_msrs(fd, argument.pointer);
	case KVM_RUN:
		return enter(fd);
	case KVM_IRQFD:
		return assign_irqfd();
	default:
		return 0;
	}
}

int __wrap_open(const char *path, int flags, ...)
{
	va_list arguments;
	mode_t mode = 0;

	if (!strcmp(path, "/dev/kvm"))
		return eventfd(0, EFD_CLOEXEC);
	if (flags & O_CREAT) {
		va_start(arguments, flags);
		mode = va_arg(arguments, mode_t);
		va_end(arguments);
	}
	return __real_open(path, flags, mode);
}
