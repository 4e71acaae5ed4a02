/* SPDX-License-Identifier: MIT */
/*
 * fake_kvm.h - /dev/kvm for programs that run the guests' monitor without one.
 *
 * Link with --wrap=ioctl and --wrap=open: opening /dev/kvm and every ioctl() then
 * come here. It can do all that the monitor asks for, runs no guest, and keeps
 * the MSRs that the monitor writes.
 */
#ifndef FAKE_KVM_H
#define FAKE_KVM_H

#include <stdbool.h>
#include <stdint.h>

/* Of a vCPU's shared pages: the exit, port data, writes that were put off. */
#define FAKE_KVM_RUN_SIZE	(3u * 4096u)
#define FAKE_KVM_PORT_DATA	4096u

/* Forget all vCPUs: another guest begins. */
void fake_kvm_reset(void);

/* No more interrupts can be set up, or they can again. */
void fake_kvm_refuse_irqfds(bool refuse);

/* What the monitor wrote last, of Hyper-V's MSRs; 0 before. */
uint64_t fake_kvm_msr(uint32_t vcpu, uint32_t msr);

#endif /* FAKE_KVM_H */
