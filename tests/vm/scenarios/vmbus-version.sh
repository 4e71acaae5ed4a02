#!/bin/sh
# SPDX-License-Identifier: MIT
# about: no hv_vmbus: a program negotiates VMBus's version from user space
# devices: vmbus-bridge
# kernel: any
# vmbus: module

# What the host and the guest have in common.
: "${vmbus_version:=4.0}"

load_hvpost
step "a version is agreed on over VMBus's connection and SINT"
expect_output "^version $vmbus_version: yes$" /examples/vmbus-version

step "it left the host clean: a second run, then the kernel's own driver"
expect_output "^version $vmbus_version: yes$" /examples/vmbus-version

step "which takes SINT 2 away from who has it"
listen_start 2
load_vmbus
kernel_log_has "Vmbus version:$vmbus_version"
listen_fails 1
grep -q 'hv_vmbus' /tmp/listener || fail "the listener does not say why"

step "and is not hurt by it"
expect_status 1 hvpost listen 2 --timeout 1s
rmmod hv_vmbus
unload_hvpost
