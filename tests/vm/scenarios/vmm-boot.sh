#!/bin/sh
# SPDX-License-Identifier: MIT
# about: our own host boots a guest with two CPUs, which finds all it should
# host: hvhost

step "both CPUs are online"
expect_output '^0-1$' cat /sys/devices/system/cpu/online

step "Linux believes it runs on Hyper-V"
kernel_log_has 'Hypervisor detected: Microsoft Hyper-V'

step "it has the privileges that the partition has, and no others"
kernel_log_has 'privilege flags low 0xa76, high 0x30,'

step "ACPI: VMBus, the off switch, the timer"
[ -e /sys/bus/acpi/devices/VMBUS:00 ] || fail "ACPI names no VMBus device"
kernel_log_has 'ACPI: PM: \(supports S0 S5\)'
kernel_log_lacks 'ACPI.*(Error|Warning)|Firmware Bug'

step "the clock tells the time"
[ "$(date +%Y)" -ge 2024 ] || fail "it is $(date)"

step "the first serial port has its interrupt"
grep -E '4-edge +ttyS0' /proc/interrupts
