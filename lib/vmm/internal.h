/* SPDX-License-Identifier: MIT */
/*
 * The monitor from the inside.
 *
 *	guest.c		a guest, made and freed
 *	life.c		its threads: begin, pause, end; stand.c: where they stand
 *	reset.c		from the end to the beginning
 *	restore.c	from one machine to another
 *	kvm.c		/dev/kvm, and what it must be able to do
 *	memory.c	guest memory, and the overlay pages over it
 *	image.c		files of unknown content, read once
 *	boot.c		the kernel: boot_linux.c or boot_multiboot.c
 *	error.c		what a failure says
 *	cpuid.c		what the guest is told of its processor
 *	vcpu.c		a vCPU's thread: its exits
 *	hyperv.c	hypercalls, SynIC MSRs, SINT interrupts and their EOIs
 *	io.c		I/O ports: serial.c, power.c, clock.c, testdev.c
 *	acpi.c		tables
 *	service.c	the thread that EOIs and serial input wake
 *
 * Locks: each serial port's own (serial.h); stand.lock, which also guards what
 * says so here; join_lock. None is taken with another held, and the engine calls
 * us with its own held. All else is written before the threads start, is one
 * thread's, is atomic, or lies behind the engine's locks.
 *
 * While a guest is paused all its threads stand, the service thread too: EOIs
 * wait in their eventfds, and input where it comes from. What others post to the
 * guest meanwhile reaches its slots, and KVM keeps the interrupts.
 *
 * Guest memory is changed by the guest at any time: it is copied, never looked
 * at twice.
 */
#ifndef VMM_INTERNAL_H
#define VMM_INTERNAL_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "boot.h"
#include "error.h"
#include "memory.h"
#include "power.h"
#include "serial.h"
#include "stand.h"
#include "testdev.h"
#include "vmm.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Things that are logged once for each guest. */
enum complaint {
	COMPLAINT_CRASH,
	COMPLAINT_FATAL,
	COMPLAINT_HYPERCALL,
	COMPLAINT_INTERRUPT,
	COMPLAINT_MMIO,
	COMPLAINT_MSR,
	COMPLAINT_OVERLAY,
	COMPLAINT_PORT,
	COMPLAINT_SERIAL,
	COMPLAINT_TESTDEV,
	COMPLAINT_COUNT
};

/* What wakes the service thread for a SINT: its interrupt was ended. */
struct sint {
	struct vcpu *vcpu;
	uint32_t number;
	/*
	 * Written to raise the SINT; -1 until the guest unmasks it for the
	 * first time. Set by the vCPU's thread before the engine hears of the
	 * unmasking, without which nobody but the test device raises it.
	 */
	_Atomic int raise_fd;
	int eoi_fd;		/* KVM signals it when the guest ends one */
	/*
	 * The service thread looks at eoi_fd, once. Else it only counts, which
	 * wakes nobody; what it has counted is seen when somebody looks again.
	 */
	_Atomic bool eoi_awaited;
};

struct vcpu {
	struct vmm_guest *guest;
	uint32_t index;
	int fd;
	struct kvm_run *run;
	struct hvhost_vp *vp;
	pthread_t thread;		/* to be joined */
	pthread_t self;			/* to be kicked; stand.lock */
	bool is_running;		/* there is that thread; stand.lock */
	struct sint sint[HV_SINT_COUNT];
};

struct vmm_guest {
	char *name;
	void (*log)(void *context, const char *text);
	void *log_context;
	_Atomic uint32_t complained;		/* bits of enum complaint */

	struct boot boot;
	enum vmm_cpuid cpuid;
	uint64_t privileges;			/* that CPUID tells of */

	struct hvhost_partition *partition;
	struct memory memory;
	int kvm_fd;
	int vm_fd;
	size_t run_size;
	struct vcpu *vcpus;
	uint32_t cpus;
	uint32_t threads;		/* vCPU threads that were started */
	bool serving;			/* the service thread was */
	pthread_t service_thread;
	bool service_is_running;	/* stand.lock, also the next */
	pthread_t service_self;		/* to be kicked */
	int service_fd;			/* epoll */
	/*
	 * What tells it of input: the input, or for a file, which epoll does not
	 * take, an eventfd of ours that is always readable; -1: none.
	 */
	int input_fd[VMM_SERIAL_COUNT];

	struct serial serial[VMM_SERIAL_COUNT];
	struct power power;
	_Atomic uint8_t clock_index;	/* register that the guest chose */
	struct testdev *testdev;

	_Atomic int end;		/* enum vmm_end; RUNNING again by a reset */
	int end_fd;			/* readable if it is not RUNNING */
	struct stand stand;		/* its threads', while it is paused */
	pthread_mutex_t join_lock;	/* one thread joins the others */
	bool joined;			/* join_lock */
	uint64_t resets;
	/*
	 * The overlay pages as they were before a restore fills them. Not NULL
	 * while that is under way: all guests are paused then, and nobody else
	 * calls the engine.
	 */
	void *pages_before;
	bool is_torn;		/* KVM has refused registers of a restore */

	_Atomic uint64_t msrs_refused;
	_Atomic uint64_t ports_unknown;
	_Atomic uint64_t mmio_unknown;
};

/* guest.c */

/* Say something about the guest, of each kind the first time only. */
void guest_complain(struct vmm_guest *guest, enum complaint complaint,
		    const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The VM as after power-on, all of it that is not the engine's. */
int guest_power_on(struct vmm_guest *guest, char *error);
/* Its threads have ended, and nobody raises its SINTs. */
void guest_power_off(struct vmm_guest *guest);

/* life.c */

/* It is over, and why; whoever says so first is right. */
void guest_finish(struct vmm_guest *guest, enum vmm_end end);
/* end_fd tells of it, once more if it has: the end is another one now. */
void guest_tell_end(const struct vmm_guest *guest);
/*
 * For its threads, with no lock held: stand for as long as the guest is paused.
 * Return false if it has ended.
 */
bool guest_may_go_on(struct vmm_guest *guest);
/* Once it has ended. */
void guest_join(struct vmm_guest *guest);
/* They are joined, and it has not ended any more: new ones may start. */
void guest_begin_anew(struct vmm_guest *guest);
static inline bool guest_has_ended(const struct vmm_guest *guest)
{
	return atomic_load(&guest->end) != VMM_RUNNING;
}

/* kvm.c */

int kvm_open(struct vmm_guest *guest, char *error);
int kvm_create_vm(struct vmm_guest *guest, char *error);
int kvm_create_vcpu(struct vcpu *vcpu, char *error);
void kvm_close_vcpu(struct vcpu *vcpu);
/* After its vCPUs. */
void kvm_close_vm(struct vmm_guest *guest);
void kvm_close(struct vmm_guest *guest);
/* The host's own write, which KVM takes without its checks of guests. */
int kvm_write_msr(const struct vcpu *vcpu, uint32_t msr, uint64_t value);
void kvm_set_irq(const struct vmm_guest *guest, uint32_t gsi, bool level);

/* vcpu.c */

int vcpu_set_entry(const struct vcpu *vcpu, const struct entry *entry);
void *vcpu_run(void *vcpu);
/* Do what vcpu->run says; apart from the thread, so that fuzzers can bring exits. */
void vcpu_handle_exit(struct vcpu *vcpu);
/* Install what vcpu_kick() interrupts a thread with; once a process. */
int vcpu_prepare_kick(void);
void vcpu_kick(struct vcpu *vcpu);
/* What waits in the kernel there returns: EINTR. */
void vcpu_kick_thread(pthread_t thread);
/* Of all signals a guest's threads take those. */
void vcpu_take_kicks_only(void);

/* hyperv.c */

extern const struct hvhost_partition_ops hyperv_partition_ops;

void hyperv_init(struct vcpu *vcpu);
/* As hyperv_init() left it. */
void hyperv_destroy(struct vcpu *vcpu);
/* Few of a VP's SINTs are ever used, so each gets its two descriptors late. */
void hyperv_prepare_sint(struct sint *sint);
int hyperv_route_interrupts(struct vmm_guest *guest, char *error);
void hyperv_hypercall(struct vcpu *vcpu, struct kvm_hyperv_exit *call);
/* Return 0, or -EPERM: raise #GP. */
int hyperv_write_msr(struct vcpu *vcpu, uint32_t msr, uint64_t value);
void hyperv_eoi(struct sint *sint);
void hyperv_raise(void *guest, uint32_t vp_index, unsigned int sint);

/* io.c */

void io_access(struct vmm_guest *guest, uint16_t port, bool write, void *data,
	       uint32_t size);

/* service.c */

extern const struct serial_ops service_serial_ops;

int service_init(struct vmm_guest *guest, char *error);
void service_destroy(struct vmm_guest *guest);
/* Look at its eoi_fd once: from the first on, and again. */
int service_add_sint(struct vmm_guest *guest, struct sint *sint);
void service_await_sint(struct vmm_guest *guest, struct sint *sint);
void *service_run(void *guest);

#endif /* VMM_INTERNAL_H */
