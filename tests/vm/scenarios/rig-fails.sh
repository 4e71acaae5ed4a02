#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the rig itself: an assertion that does not hold is a failure
# expect: failed: 'echo ten' printed no line like 'nine', in step compare
# kernel: none

step "compare"
expect_output nine echo ten
