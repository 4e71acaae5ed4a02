#!/bin/sh
# SPDX-License-Identifier: MIT
# about: hv_vmbus first, then hvpost on another SINT of the same SIM pages
# devices: hyperv-testdev vmbus-bridge

step "hv_vmbus connects"
load_vmbus
kernel_log_has 'Vmbus version:4.0'

step "hvpost shares its SynIC"
load_hvpost
kernel_log_has 'SynIC shared on 2 CPUs'
expect_output 'shared' hvpost info

step "both work on the same pages"
echo_connections 6
expect_echo 0 6 'VP 0 beside VMBus'
expect_echo 1 6 'VP 1 beside VMBus'

step "an event is signalled: hv_vmbus has a SIEF page on"
testdev event-create 0x30 1 6
hvpost signal 0x30

step "what is VMBus's stays VMBus's"
expect_status 1 hvpost send 1 mine
expect_status 1 hvpost send 4 mine
expect_status 1 hvpost listen 2 --timeout 1s

step "a CPU goes off and comes back"
listen_start 6
echo 0 >/sys/devices/system/cpu/cpu1/online
hvpost send 0x10 'VP 0 while VP 1 is off'
heard 'while VP 1 is off'
echo 1 >/sys/devices/system/cpu/cpu1/online
hvpost send 0x11 'VP 1 is back'
heard 'vp 1 .*VP 1 is back'
listen_stop

step "VMBus lives on without us: it unloads and connects again"
unload_hvpost
rmmod hv_vmbus
kernel_log_lacks 'VMBus UNLOAD did not complete'
load_vmbus
[ "$(dmesg | grep -c 'Vmbus version:4.0')" -eq 2 ] || fail "no second contact"
