// SPDX-License-Identifier: MIT
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cpuid.h"

/* Where a processor without real mode keeps KVM's crutches: in the hole. */
#define IDENTITY_MAP	0xfffbc000ull
#define TSS		0xfffbd000u

/* What must be there, and what to say if it is not. */
static const struct {
	int cap;
	const char *name;
} needs[] = {
	{ KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP" },
	{ KVM_CAP_PIT2, "KVM_CAP_PIT2" },
	{ KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY" },
	{ KVM_CAP_IRQFD_RESAMPLE, "KVM_CAP_IRQFD_RESAMPLE" },
	{ KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT" },
	{ KVM_CAP_HYPERV_VP_INDEX, "KVM_CAP_HYPERV_VP_INDEX" },
	{ KVM_CAP_HYPERV_SYNIC2, "KVM_CAP_HYPERV_SYNIC2" },
	{ KVM_CAP_HYPERV_CPUID, "KVM_CAP_HYPERV_CPUID" },
	{ KVM_CAP_HYPERV_ENFORCE_CPUID, "KVM_CAP_HYPERV_ENFORCE_CPUID" },
	{ KVM_CAP_X86_USER_SPACE_MSR, "KVM_CAP_X86_USER_SPACE_MSR" },
	{ KVM_CAP_X86_MSR_FILTER, "KVM_CAP_X86_MSR_FILTER" },
};

static int open_device(struct vmm_guest *guest, char *error)
{
	guest->kvm_fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (guest->kvm_fd >= 0)
		return 0;
	if (errno == EACCES)
		return vmm_fail(error, -EACCES,
				"/dev/kvm: permission denied: join the group kvm");
	return vmm_fail(error, -errno, "/dev/kvm: %s: guests need a processor "
			"with virtualization, and kvm-intel.ko or kvm-amd.ko",
			strerror(errno));
}

static int check_capabilities(const struct vmm_guest *guest, char *error)
{
	if (ioctl(guest->kvm_fd, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return vmm_fail(error, -ENOTSUP, "/dev/kvm speaks another "
				"version of KVM's interface than %d",
				KVM_API_VERSION);
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++)
		if (ioctl(guest->kvm_fd, KVM_CHECK_EXTENSION,
			  needs[i].cap) <= 0)
			return vmm_fail(error, -ENOTSUP,
					"/dev/kvm lacks %s: Linux 5.14 or newer "
					"has it, unless built without "
					"CONFIG_KVM_HYPERV", needs[i].name);
	return 0;
}

static int set_memory(const struct vmm_guest *guest, uint32_t slot,
		      uint64_t gpa, uint64_t size, uint8_t *at)
{
	struct kvm_userspace_memory_region region = {
		.slot = slot,
		.guest_phys_addr = gpa,
		.memory_size = size,
		.userspace_addr = (uintptr_t)at,
	};

	return size ? ioctl(guest->vm_fd, KVM_SET_USER_MEMORY_REGION, &region)
		    : 0;
}

/*
 * The engine and KVM both keep the SynIC's registers, so both must know what the
 * guest writes: these writes come to us first. EOM too, as its answer, the next
 * message, is then in place before the guest goes on: KVM's own way, an eventfd,
 * would wake another thread for it.
 */
static int filter_msrs(const struct vmm_guest *guest)
{
	/* Bit n of a bitmap, if 0: MSR base + n exits. KVM reads whole words. */
	uint64_t hypercall = ~0x3ull;
	uint64_t synic = 0xffe2;	/* not SVERSION, nor what is unknown */
	struct kvm_msr_filter filter = {
		.flags = KVM_MSR_FILTER_DEFAULT_ALLOW,
		.ranges = {
			{
				.flags = KVM_MSR_FILTER_WRITE,
				.base = HV_MSR_GUEST_OS_ID,
				.nmsrs = 8,
				.bitmap = (void *)&hypercall,
			}, {
				.flags = KVM_MSR_FILTER_WRITE,
				.base = HV_MSR_SCONTROL,
				.nmsrs = 32,
				.bitmap = (void *)&synic,
			},
		},
	};
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_X86_USER_SPACE_MSR,
		.args = { KVM_MSR_EXIT_REASON_FILTER },
	};

	if (ioctl(guest->vm_fd, KVM_ENABLE_CAP, &cap))
		return -1;
	return ioctl(guest->vm_fd, KVM_X86_SET_MSR_FILTER, &filter);
}

static int create_devices(const struct vmm_guest *guest)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	uint64_t identity_map = IDENTITY_MAP;

	if (ioctl(guest->vm_fd, KVM_SET_IDENTITY_MAP_ADDR, &identity_map) ||
	    ioctl(guest->vm_fd, KVM_SET_TSS_ADDR, TSS) ||
	    ioctl(guest->vm_fd, KVM_CREATE_IRQCHIP, 0))
		return -1;
	return ioctl(guest->vm_fd, KVM_CREATE_PIT2, &pit);
}

int kvm_open(struct vmm_guest *guest, char *error)
{
	int err = open_device(guest, error);

	return err ? err : check_capabilities(guest, error);
}

int kvm_create_vm(struct vmm_guest *guest, char *error)
{
	const struct memory *memory = &guest->memory;
	int size;

	guest->vm_fd = ioctl(guest->kvm_fd, KVM_CREATE_VM, 0);
	if (guest->vm_fd < 0)
		return vmm_fail(error, -errno, "cannot create a VM: %s",
				strerror(errno));
	if (create_devices(guest))
		return vmm_fail(error, -errno, "cannot create a VM's interrupt "
				"controller and timer: %s", strerror(errno));
	if (filter_msrs(guest))
		return vmm_fail(error, -errno,
				"KVM does not let us see SynIC MSRs: %s",
				strerror(errno));
	if (set_memory(guest, 0, 0, memory->low_size, memory->ram) ||
	    set_memory(guest, 1, MEMORY_HIGH, memory->size - memory->low_size,
		       memory->ram + memory->low_size))
		return vmm_fail(error, -errno, "cannot give a VM its memory: %s",
				strerror(errno));
	size = ioctl(guest->kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);
	if (size < (int)sizeof(struct kvm_run))
		return vmm_fail(error, -ENOTSUP, "KVM's vCPUs have no room to "
				"tell of their exits");
	guest->run_size = (size_t)size;
	return 0;
}

static int enable_vcpu_cap(const struct vcpu *vcpu, uint32_t number,
			   uint64_t argument)
{
	struct kvm_enable_cap cap = { .cap = number, .args = { argument } };

	return ioctl(vcpu->fd, KVM_ENABLE_CAP, &cap);
}

int kvm_create_vcpu(struct vcpu *vcpu, char *error)
{
	const struct vmm_guest *guest = vcpu->guest;
	void *run;

	vcpu->fd = ioctl(guest->vm_fd, KVM_CREATE_VCPU, vcpu->index);
	if (vcpu->fd < 0)
		return vmm_fail(error, -errno, "cannot create vCPU %u: %s",
				vcpu->index, strerror(errno));
	run = mmap(NULL, guest->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		   vcpu->fd, 0);
	if (run == MAP_FAILED)
		return vmm_fail(error, -errno, "cannot map vCPU %u: %s",
				vcpu->index, strerror(errno));
	vcpu->run = run;
	if (enable_vcpu_cap(vcpu, KVM_CAP_HYPERV_SYNIC2, 0) ||
	    enable_vcpu_cap(vcpu, KVM_CAP_HYPERV_ENFORCE_CPUID, 1))
		return vmm_fail(error, -errno, "cannot give vCPU %u a SynIC: %s",
				vcpu->index, strerror(errno));
	/* KVM begins with 1, the engine with 0. */
	if (kvm_write_msr(vcpu, HV_MSR_SCONTROL, 0))
		return vmm_fail(error, -EIO, "cannot reset vCPU %u's SynIC",
				vcpu->index);
	return 0;
}

void kvm_close_vcpu(struct vcpu *vcpu)
{
	if (vcpu->run)
		munmap(vcpu->run, vcpu->guest->run_size);
	if (vcpu->fd >= 0)
		close(vcpu->fd);
	vcpu->run = NULL;
	vcpu->fd = -1;
}

void kvm_close_vm(struct vmm_guest *guest)
{
	if (guest->vm_fd >= 0)
		close(guest->vm_fd);
	guest->vm_fd = -1;
}

void kvm_close(struct vmm_guest *guest)
{
	if (guest->kvm_fd >= 0)
		close(guest->kvm_fd);
	guest->kvm_fd = -1;
}

int kvm_write_msr(const struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
	/* A struct kvm_msrs with one entry. */
	struct {
		uint32_t count, padding;
		struct kvm_msr_entry entry;
	} one = {
		.count = 1, .entry = { .index = msr, .data = value },
	};

	return ioctl(vcpu->fd, KVM_SET_MSRS, &one) == 1 ? 0 : -EPERM;
}

void kvm_set_irq(const struct vmm_guest *guest, uint32_t gsi, bool level)
{
	struct kvm_irq_level line = { .irq = gsi, .level = level };

	ioctl(guest->vm_fd, KVM_IRQ_LINE, &line);
}
