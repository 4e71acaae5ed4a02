#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the rig itself: a command that fails ends the scenario
# expect: failed: the scenario ended with status 3 at line 8: .exit 3., in step run a command
# kernel: none

step "run a command"
(exit 3)
step "never reached"
