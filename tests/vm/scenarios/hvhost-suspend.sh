#!/bin/sh
# SPDX-License-Identifier: MIT
# about: suspend to idle and resume under a listener, with posts that wait, on our own host
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

modprobe hvpost_rival
rival=/sys/module/hvpost_rival/parameters

step "when the driver has let go for a suspend and all still run, posts wait"
hvpost send 0x11 'press keys' --timeout "$(patience 60)"
echo Y >$rival/hold
echo freeze >/sys/power/state &
suspend=$!
eventually grep -qx Y $rival/held
expect_status 1 hvpost send 0x10 'no time' --timeout 0
hvpost send 0x10 'from before to after' --timeout "$(patience 60)" &
sender=$!
hvpost listen 7 >/dev/null &
other=$!
eventually grep -q hvpost-sint7 /proc/interrupts
[ "$(synic_state | grep -c 'SINT7 masked')" -eq 2 ] || fail "SINT 7 is armed for a suspend"
kill -0 $sender || fail "a post for which there is time does not wait"
echo N >$rival/hold
wait $suspend || echo "a key broke it off"

step "suspend to idle; a key wakes the guest"
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
wait $sender
heard '"from before to after"'
[ "$(synic_state | grep -cE 'SINT7 0x')" -eq 2 ] || fail "SINT 7 is not armed after a suspend"
kill $other
wait $other
listen_stop
unload_hvpost
