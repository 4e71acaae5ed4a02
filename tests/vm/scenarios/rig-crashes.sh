#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the rig itself: a kernel that panics is a failure
# expect: failed: the kernel log says .*Kernel panic.*, in step crash
# kernel: none

step "crash"
echo c >/proc/sysrq-trigger
