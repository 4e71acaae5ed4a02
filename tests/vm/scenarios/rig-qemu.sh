#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the rig itself: QEMU's refusal is a failure in QEMU's words
# devices: no-such-device
# expect: failed: QEMU exited with 1: .*no-such-device
# kernel: none
