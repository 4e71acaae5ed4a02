#!/bin/sh
# SPDX-License-Identifier: MIT
# about: suspend to memory and resume, under a listener
# devices: hyperv-testdev
# append: nopv

load_hvpost
echo_connections 6
listen_start 6
hvpost send 0x11 'before'
heard 'vp 1 .*before'

# QEMU resets its SynIC when the machine wakes, and ends if a route is left.
testdev message-destroy 0x10
testdev message-destroy 0x11

step "suspend to memory; the clock wakes the machine, which has forgotten all"
echo deep >/sys/power/mem_sleep
echo +5 >/sys/class/rtc/rtc0/wakealarm
echo mem >/sys/power/state
kernel_log_has 'PM: suspend exit'

step "messages come as before, on each VP"
echo_connections 6
hvpost send 0x10 'VP 0 after suspend'
hvpost send 0x11 'VP 1 after suspend'
heard 'vp 0 .*after suspend'
heard 'vp 1 .*after suspend'
expect_output 'owned' hvpost info

listen_stop
unload_hvpost
