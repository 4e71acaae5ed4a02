/* SPDX-License-Identifier: MIT */
/*
 * fake_kvm.h - /dev/kvm for programs that run the guests' monitor without one.
 *
 * Link with --wrap=ioctl and --wrap=open: opening /dev/kvm and every ioctl() then
 * come here. It can do all that the monitor asks for, and keeps the MSRs that the
 * monitor writes. What a guest does is for its user to say.
 */
#ifndef FAKE_KVM_H
#define FAKE_KVM_H

#include <stdbool.h>
#include <stdint.h>

/* Of a vCPU's shared pages: the exit, port data, writes that were put off. */
#define FAKE_KVM_RUN_SIZE	(3u * 4096u)
#define FAKE_KVM_PORT_DATA	4096u

/* Forget all vCPUs, and what was said before: another guest begins. */
void fake_kvm_reset(void);

/*
 * What a vCPU does in the guest, in its thread: return true with an exit in @run,
 * or false if a kick is why it comes back. Without it, entering does nothing.
 */
struct kvm_run;
void fake_kvm_run(bool (*run)(uint32_t vcpu, struct kvm_run *run));

/* How many VMs there have been. */
unsigned int fake_kvm_vms(void);

/* No more interrupts can be set up, or they can again. */
void fake_kvm_refuse_irqfds(bool refuse);

/* Writes of this MSR, of Hyper-V's, fail from now on; 0: of none. */
void fake_kvm_refuse_msr(uint32_t msr);

/* What the monitor wrote last, of Hyper-V's MSRs; 0 before. */
uint64_t fake_kvm_msr(uint32_t vcpu, uint32_t msr);

#endif /* FAKE_KVM_H */
