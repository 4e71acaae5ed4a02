#!/bin/sh
# SPDX-License-Identifier: MIT
# about: hv_vmbus built into the kernel: hvpost beside it, on another SINT of the same SIM pages
# devices: hyperv-testdev vmbus-bridge
# vmbus: built-in

# What the host and the guest have in common.
: "${vmbus_version:=4.0}"

step "hv_vmbus connected when the kernel booted"
kernel_log_has "Vmbus version:$vmbus_version"

step "hvpost shares its SynIC"
load_hvpost
kernel_log_has 'SynIC shared on 2 CPUs'
expect_output '^SynIC +shared:' hvpost info
doctor_finds note vmbus 'connections 1 to 4'

step "our messages come beside VMBus"
echo_connections 6
expect_echo 0 6 'VP 0 beside VMBus'
expect_echo 1 6 'VP 1 beside VMBus'

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

step "and once more, from the start"
unload_hvpost
load_hvpost
expect_echo 1 6 'VP 1 again'
unload_hvpost

# It spoke to the host before there was anybody to look, and does so once more when
# devices are frozen as for hibernation: it takes leave then, and comes again.
step "its handshake is seen by name"
hvpost trace --json --source hv_vmbus >/tmp/seen 2>/tmp/tracer &
tracer=$!
eventually grep -x 'following hv_vmbus' /tmp/tracer
freeze
seen() { grep "\"event\":\"$1\".*\"vmbus_name\":\"$2\"" /tmp/seen; }
eventually seen post 'request offers'
kill $tracer
wait $tracer || fail "the tracer ended with $?"
cat /tmp/tracer
seen post 'unload' | grep '"status_name":"HV_STATUS_SUCCESS"'
seen post 'initiate contact' | grep '"status_name":"HV_STATUS_SUCCESS"'
seen slot 'unload response\|version response\|all offers delivered'
! grep hvpost /sys/kernel/tracing/kprobe_events || fail "a probe is left"
