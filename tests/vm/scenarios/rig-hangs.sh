#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the rig itself: a scenario that never ends is a failure
# seconds: 20
# expect: failed: it was not done after [0-9]+ s, in step hang
# kernel: none

step "hang"
sleep 1000
