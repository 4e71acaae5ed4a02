#!/bin/sh
# SPDX-License-Identifier: MIT
# about: hv_vmbus loads after hvpost and moves its pages, then unloads under it
# devices: hyperv-testdev vmbus-bridge
# vmbus: module

# What the host and the guest have in common.
: "${vmbus_version:=4.0}"

step "hvpost owns the SynIC"
load_hvpost
kernel_log_has 'SynIC owned on 2 CPUs'
echo_connections 6
expect_echo 1 6 'before VMBus'

step "hv_vmbus comes under a listener, which goes on receiving"
listen_start 6
load_vmbus
kernel_log_has "Vmbus version:$vmbus_version"
kernel_log_has 'hvpost: hv_vmbus was loaded: sharing its SynIC pages'
expect_output 'shared' hvpost info
hvpost send 0x10 'VP 0 beside VMBus'
hvpost send 0x11 'VP 1 beside VMBus'
heard 'vp 0 .*beside VMBus'
heard 'vp 1 .*beside VMBus'

step "a CPU goes off and comes back, its callbacks now in the other order"
echo 0 >/sys/devices/system/cpu/cpu1/online
echo 1 >/sys/devices/system/cpu/cpu1/online
hvpost send 0x11 'VP 1 is back'
heard 'vp 1 .*VP 1 is back'

step "hv_vmbus goes under the listener, which goes on receiving"
rmmod hv_vmbus
kernel_log_has 'hvpost: hv_vmbus was unloaded: taking the SynIC over'
expect_output 'owned' hvpost info
hvpost send 0x10 'VP 0 after VMBus'
hvpost send 0x11 'VP 1 after VMBus'
heard 'vp 0 .*after VMBus'
heard 'vp 1 .*after VMBus'

step "and once more"
load_vmbus
[ "$(dmesg | grep -c "Vmbus version:$vmbus_version")" -eq 2 ] || fail "no second contact"
hvpost send 0x11 'VP 1 beside VMBus again'
heard 'VP 1 beside VMBus again'
listen_stop

step "hvpost unloads beside VMBus and leaves it alive"
synic_remember
synic_expect_masked 6
unload_hvpost
rmmod hv_vmbus
load_vmbus
[ "$(dmesg | grep -c "Vmbus version:$vmbus_version")" -eq 3 ] || fail "no third contact"
