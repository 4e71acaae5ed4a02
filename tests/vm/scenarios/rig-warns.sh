#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the rig itself: a warning in the kernel log is a failure
# expect: failed: the kernel log says .*WARNING: CPU: 0 PID: 1 at made-up.c:1
# kernel: none

echo '<4>WARNING: CPU: 0 PID: 1 at made-up.c:1' >/dev/kmsg
