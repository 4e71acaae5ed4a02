#!/bin/sh
# SPDX-License-Identifier: MIT
# about: no hv_vmbus: a program negotiates VMBus's version from user space
# devices: vmbus-bridge

load_hvpost
step "version 4.0 is agreed on over connection 1 and SINT 2"
expect_output "4\.0" /examples/vmbus-version

step "it left the host clean: a second run, then the kernel's own driver"
expect_output "4\.0" /examples/vmbus-version
load_vmbus
kernel_log_has 'Vmbus version:4.0'
rmmod hvpost
