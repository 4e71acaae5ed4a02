#!/bin/sh
# SPDX-License-Identifier: MIT
# about: a guest with two CPUs boots and knows that it runs on Hyper-V

step "both CPUs are online"
expect_output '^0-1$' cat /sys/devices/system/cpu/online

step "Linux believes it runs on Hyper-V"
kernel_log_has 'Hypervisor detected: Microsoft Hyper-V'
