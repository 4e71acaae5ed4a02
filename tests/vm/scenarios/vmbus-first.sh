#!/bin/sh
# SPDX-License-Identifier: MIT
# about: hv_vmbus first, then hvpost on another SINT of the same SIM pages
# devices: hyperv-testdev vmbus-bridge
# vmbus: module

# What the host and the guest have in common.
: "${vmbus_version:=4.0}"

step "hv_vmbus connects"
load_vmbus
kernel_log_has "Vmbus version:$vmbus_version"

step "hvpost shares its SynIC"
load_hvpost
kernel_log_has 'SynIC shared on 2 CPUs'
expect_output 'shared' hvpost info

step "our messages come beside VMBus"
echo_connections 6
expect_echo 0 6 'VP 0 beside VMBus'
expect_echo 1 6 'VP 1 beside VMBus'

step "an event is signalled: hv_vmbus has a SIEF page on"
testdev event-create 0x30 1 6
listen_start 6
hvpost signal 0x30
listen_stop

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

step "hv_vmbus goes under a listener"
listen_start 6
callbacks=$(irq_count '^ *HYP:')
rmmod hv_vmbus
expect_output '^SynIC +owned:' hvpost info
hvpost send 0x10 'VP 0 without VMBus'
heard 'vp 0 .*without VMBus'

step "and comes back: messages of both on the same pages"
load_vmbus
[ "$(dmesg | grep -c "Vmbus version:$vmbus_version")" -eq 2 ] || fail "no second contact"
[ "$(irq_count '^ *HYP:')" -gt "$callbacks" ] || fail "nothing came for VMBus"
expect_output '^SynIC +shared:' hvpost info
hvpost send 0x10 'VP 0 beside VMBus again'
hvpost send 0x11 'VP 1 beside VMBus again'
heard 'vp 0 .*beside VMBus again'
heard 'vp 1 .*beside VMBus again'
listen_stop

# At rmmod hv_vmbus takes leave of the host and waits for its answer; to connect
# again takes VMBus's connection, its SINT and both SynIC pages.
step "VMBus lives on without us: it unloads and connects again"
synic_remember
synic_expect_masked 6
unload_hvpost
rmmod hv_vmbus
load_vmbus
[ "$(dmesg | grep -c "Vmbus version:$vmbus_version")" -eq 3 ] || fail "no third contact"
