#!/bin/sh
# SPDX-License-Identifier: MIT
# about: a host without the Hyper-V interface: refused
# kernel: any
# cpu: host

step "the doctor says so before"
doctor_finds missing interface 'Hv#1'

step "loading is refused with the flags that help"
! modprobe hvpost || fail "hvpost.ko loaded"
kernel_log_has 'hvpost: the hypervisor does not offer the Hyper-V interface.*hv-vpindex,hv-synic'
