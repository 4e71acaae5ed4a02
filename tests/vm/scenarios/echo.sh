#!/bin/sh
# SPDX-License-Identifier: MIT
# about: as a Hyper-V guest: post, echo, receive on every VP
# devices: hyperv-testdev

step "the kernel owns the hypercall page, we the SynIC"
load_hvpost
kernel_log_has "hvpost: .* ready: hypercalls by the kernel's hypercall page, SynIC owned on 2 CPUs"
expect_output 'kernel' hvpost info

step "a message comes back on each VP"
echo_connections 6
expect_echo 0 6 'hello from VP 0'
expect_echo 1 6 'hello from VP 1'

step "each VP has an interrupt of its own"
listen_start 6
grep 'hvpost-sint6' /proc/interrupts
before0=$(irq_count hvpost-sint6 0)
before1=$(irq_count hvpost-sint6 1)
hvpost send 0x11 'to VP 1 alone'
heard 'to VP 1 alone'
[ "$(irq_count hvpost-sint6 0)" -eq "$before0" ] || fail "VP 0 was interrupted"
[ "$(irq_count hvpost-sint6 1)" -gt "$before1" ] || fail "VP 1 was not interrupted"

step "a CPU goes off and comes back under a listener"
echo 0 >/sys/devices/system/cpu/cpu1/online
hvpost send 0x10 'VP 0 while VP 1 is off'
heard 'while VP 1 is off'
echo 1 >/sys/devices/system/cpu/cpu1/online
hvpost send 0x11 'VP 1 is back'
heard 'vp 1 .*VP 1 is back'
listen_stop

step "round trips"
expect_output '^20 sent, 20 received' hvpost ping 0x10 6 --count 20 --interval 0 --quiet
expect_output '^20 sent, 20 received' hvpost ping 0x11 6 --count 20 --interval 0 --size 239 --quiet

step "no unload while somebody listens"
listen_start 6
! rmmod hvpost || fail "hvpost.ko unloaded under a listener"
hvpost send 0x11 'still here'
heard 'still here'
listen_stop

step "unload, and load again"
unload_hvpost
load_hvpost
expect_echo 1 6 'after a second load'
unload_hvpost
