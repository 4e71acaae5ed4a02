#!/bin/sh
# SPDX-License-Identifier: MIT
# about: as a KVM guest whose own hypercalls would break: refused, with advice
# cpu: host,kvm=on,hv-relaxed,hv-vpindex,hv-synic,hv-time
# devices: hyperv-testdev

kernel_log_has 'Hypervisor detected: KVM'

step "the doctor says so before"
doctor_finds missing kvm 'features 0x'

step "loading is refused"
! modprobe hvpost || fail "hvpost.ko loaded"
kernel_log_has 'hvpost: Linux runs as a KVM guest and uses KVM hypercalls.*kvm=off'
[ ! -e /dev/hvpost ] || fail "/dev/hvpost is there"

step "the tool says what to do"
expect_status 1 hvpost send 0x10 hello
hvpost send 0x10 hello 2>&1 | grep dmesg || fail "no advice"

step "a wrong parameter is refused by name"
! modprobe hvpost hypercall=sysenter || fail "hvpost.ko loaded"
kernel_log_has 'hvpost: hypercall=sysenter: use auto, kernel, page, vmcall or vmmcall'
! modprobe hvpost hypercall=vmcall || fail "hvpost.ko loaded"
kernel_log_has 'hvpost: hypercall=vmcall: this processor has the other instruction'
! modprobe hvpost hypercall=kernel || fail "hvpost.ko loaded"
kernel_log_has 'hvpost: hypercall=kernel: Linux did not set up'
