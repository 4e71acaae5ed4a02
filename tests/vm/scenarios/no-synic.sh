#!/bin/sh
# SPDX-License-Identifier: MIT
# about: a host without SynIC: refused, and no MSR is touched
# kernel: any
# cpu: host,kvm=off,hv-relaxed,hv-vpindex,hv-time,hv-frequencies

kernel_log_has 'Hypervisor detected: Microsoft Hyper-V'

step "the doctor says so before"
doctor_finds missing privileges AccessSynicRegs
doctor_finds missing loaded ''

step "loading is refused with the flags that help"
! modprobe hvpost || fail "hvpost.ko loaded"
kernel_log_has 'hvpost: the host does not give this guest a SynIC.*hv-vpindex,hv-synic'
kernel_log_lacks 'unchecked MSR access'
