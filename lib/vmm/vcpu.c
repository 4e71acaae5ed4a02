// SPDX-License-Identifier: MIT
#include "internal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>

#define KICK_SIGNAL (SIGRTMIN + 3)

#define CR0_PE		(1u << 0)
#define CR0_PG		(1u << 31)
#define CR4_PAE		(1u << 5)
#define EFER_LME	(1u << 8)
#define EFER_LMA	(1u << 10)

#define SEGMENT_CODE	0xb	/* executable, readable, accessed */
#define SEGMENT_DATA	0x3	/* writable, accessed */

static struct kvm_segment flat_segment(uint16_t selector, uint8_t type,
				       bool long_mode)
{
	bool code = type == SEGMENT_CODE;

	return (struct kvm_segment){
		.limit = 0xffffffff, .selector = selector, .type = type,
		.present = 1, .s = 1, .g = 1,
		.db = !(code && long_mode), .l = code && long_mode,
	};
}

int vcpu_set_entry(const struct vcpu *vcpu, const struct entry *entry)
{
	struct kvm_regs regs = {
		.rip = entry->rip, .rsi = entry->rsi,
		.rax = entry->eax, .rbx = entry->ebx,
		.rflags = 0x2,
	};
	struct kvm_sregs sregs;

	if (ioctl(vcpu->fd, KVM_GET_SREGS, &sregs))
		return -errno;
	sregs.cs = flat_segment(0x10, SEGMENT_CODE, entry->long_mode);
	sregs.ds = flat_segment(0x18, SEGMENT_DATA, entry->long_mode);
	sregs.es = sregs.fs = sregs.gs = sregs.ss = sregs.ds;
	sregs.gdt.base = entry->gdt;
	sregs.gdt.limit = (uint16_t)(entry->gdt_size ? entry->gdt_size - 1 : 0);
	sregs.idt.base = 0;
	sregs.idt.limit = 0;
	sregs.cr0 |= CR0_PE;
	if (entry->long_mode) {
		sregs.cr0 |= CR0_PG;
		sregs.cr3 = entry->cr3;
		sregs.cr4 |= CR4_PAE;
		sregs.efer |= EFER_LME | EFER_LMA;
	}
	if (ioctl(vcpu->fd, KVM_SET_SREGS, &sregs) ||
	    ioctl(vcpu->fd, KVM_SET_REGS, &regs))
		return -errno;
	return 0;
}

/* That it comes is all: KVM_RUN returns. */
static void on_kick(int signal)
{
	(void)signal;
}

int vcpu_prepare_kick(void)
{
	struct sigaction action = { .sa_handler = on_kick };

	return sigaction(KICK_SIGNAL, &action, NULL) ? -errno : 0;
}

void vcpu_kick_thread(pthread_t thread)
{
	pthread_kill(thread, KICK_SIGNAL);
}

/* A vCPU that has not entered the guest yet finds immediate_exit there. */
void vcpu_kick(struct vcpu *vcpu)
{
	__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	vcpu_kick_thread(vcpu->self);
}

static void handle_io(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;

	for (uint32_t i = 0; i < run->io.count; i++)
		io_access(vcpu->guest, run->io.port,
			  run->io.direction == KVM_EXIT_IO_OUT,
			  data + i * run->io.size, run->io.size);
}

/* As on a bus where nobody answers. */
static void handle_mmio(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	if (!run->mmio.is_write)
		memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
	atomic_fetch_add(&vcpu->guest->mmio_unknown, 1);
	guest_complain(vcpu->guest, COMPLAINT_MMIO,
		       "%s at 0x%llx, where there is no memory",
		       run->mmio.is_write ? "write" : "read",
		       (unsigned long long)run->mmio.phys_addr);
}

static void handle_wrmsr(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	run->msr.error = !!hyperv_write_msr(vcpu, run->msr.index,
					    run->msr.data);
	if (!run->msr.error)
		return;
	atomic_fetch_add(&vcpu->guest->msrs_refused, 1);
	guest_complain(vcpu->guest, COMPLAINT_MSR,
		       "VP %u: #GP for a write of 0x%llx to MSR 0x%x",
		       vcpu->index, (unsigned long long)run->msr.data,
		       run->msr.index);
}

static void fail(struct vcpu *vcpu, const char *what, uint64_t number)
{
	if (guest_has_ended(vcpu->guest))
		return;
	guest_complain(vcpu->guest, COMPLAINT_FATAL, "VP %u: %s, 0x%llx",
		       vcpu->index, what, (unsigned long long)number);
	guest_finish(vcpu->guest, VMM_FAILED);
}

/*
 * What KVM has seen to itself: for one, the guest has written Hyper-V's MSR for a
 * reset. One that says by MSRs that it has crashed goes on, as it sees fit.
 */
static void handle_event(struct vcpu *vcpu)
{
	const uint32_t type = vcpu->run->system_event.type;

	switch (type) {
	case KVM_SYSTEM_EVENT_SHUTDOWN:
		guest_finish(vcpu->guest, VMM_POWERED_OFF);
		break;
	case KVM_SYSTEM_EVENT_RESET:
		guest_finish(vcpu->guest, VMM_RESET);
		break;
	case KVM_SYSTEM_EVENT_CRASH:
		guest_complain(vcpu->guest, COMPLAINT_CRASH,
			       "VP %u: it says that it has crashed",
			       vcpu->index);
		break;
	default:
		fail(vcpu, "KVM event that nobody asked for", type);
		break;
	}
}

void vcpu_handle_exit(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	switch (run->exit_reason) {
	case KVM_EXIT_HYPERV:
		if (run->hyperv.type == KVM_EXIT_HYPERV_HCALL)
			hyperv_hypercall(vcpu, &run->hyperv);
		break;
	case KVM_EXIT_X86_WRMSR:
		handle_wrmsr(vcpu);
		break;
	case KVM_EXIT_IO:
		handle_io(vcpu);
		break;
	case KVM_EXIT_MMIO:
		handle_mmio(vcpu);
		break;
	case KVM_EXIT_INTR:
		break;
	case KVM_EXIT_SHUTDOWN:
		guest_finish(vcpu->guest, VMM_CRASHED);
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		handle_event(vcpu);
		break;
	case KVM_EXIT_FAIL_ENTRY:
		fail(vcpu, "the processor refuses to enter the guest",
		     run->fail_entry.hardware_entry_failure_reason);
		break;
	case KVM_EXIT_INTERNAL_ERROR:
		fail(vcpu, "KVM cannot emulate what the guest does",
		     run->internal.suberror);
		break;
	default:
		fail(vcpu, "KVM exit that nobody asked for", run->exit_reason);
		break;
	}
}

/* The process's own signals are not for guests' threads. */
void vcpu_take_kicks_only(void)
{
	sigset_t others;

	sigfillset(&others);
	sigdelset(&others, KICK_SIGNAL);
	pthread_sigmask(SIG_SETMASK, &others, NULL);
}

static void set_running(struct vcpu *vcpu, bool is_running)
{
	struct stand *stand = &vcpu->guest->stand;

	pthread_mutex_lock(&stand->lock);
	vcpu->self = pthread_self();
	vcpu->is_running = is_running;
	pthread_mutex_unlock(&stand->lock);
}

static void enter_guest(struct vcpu *vcpu)
{
	if (!ioctl(vcpu->fd, KVM_RUN, 0))
		vcpu_handle_exit(vcpu);
	else if (errno == EINTR)
		/* We look why next: a kick from now on is for another reason. */
		__atomic_store_n(&vcpu->run->immediate_exit, 0,
				 __ATOMIC_SEQ_CST);
	else if (errno != EAGAIN)
		fail(vcpu, strerror(errno), (uint64_t)errno);
}

/*
 * Whoever ends or pauses the guest says so and then kicks those that are running;
 * we do it the other way round, so either the kick finds us or we find why.
 */
void *vcpu_run(void *context)
{
	struct vcpu *vcpu = context;

	vcpu_take_kicks_only();
	set_running(vcpu, true);
	while (guest_may_go_on(vcpu->guest))
		enter_guest(vcpu);
	set_running(vcpu, false);
	stand_leave(&vcpu->guest->stand);
	return NULL;
}
