#!/bin/sh
# SPDX-License-Identifier: MIT
# about: suspend to idle and resume under a listener, on our own host
# host: hvhost
# guest: serial2=stdio
# keys: yes
# hvhost: --link test:0x10=app:6 --link app:0x10=test:6 --link test:0x11=keys:5
# beside: hvhost-suspend.sh
# kernel: any

# Our tables offer no S3: suspend to idle, with a key at the second serial port to
# end it, is what a guest of ours can do.
load_hvpost
echo enabled >/sys/class/tty/ttyS1/power/wakeup
listen_start 6
eventually hvpost send 0x10 'before'
heard '"before"'

step "suspend to idle; a key wakes the guest"
hvpost send 0x11 'press keys' --timeout "$(patience 60)"
# One that comes too early breaks the suspend off.
slept() { [ "$(cat /sys/power/suspend_stats/success)" -ge 1 ]; }
until slept; do
	echo freeze >/sys/power/state || sleep 0.1
done
kernel_log_has 'PM: suspend entry \(s2idle\)'
kernel_log_has 'PM: suspend exit'
hvpost send 0x11 'awake' --timeout "$(patience 60)"

step "messages come as before"
hvpost send 0x10 'after' --timeout "$(patience 60)"
heard '"after"'
listen_stop
unload_hvpost
