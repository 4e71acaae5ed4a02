#!/bin/sh
# SPDX-License-Identifier: MIT
#
# First process of the guest under test. Runs one scenario and powers off.
# The kernel command line sets scenario, nonce and, on our own host, the guest's
# name as guest. All that is not the kernel's goes to the second serial port; the
# rig's own lines there begin with "rig:", and the last one, "rig: success NONCE", is
# what the outer machine believes.

report()
{
	echo "rig: $*" >/dev/ttyS1
}

mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tmpfs tmp /tmp
mount -t tmpfs run /run
mount -t debugfs debug /sys/kernel/debug
mount -t tracefs trace /sys/kernel/tracing
stty -F /dev/ttyS1 raw -echo
echo 30 >/proc/sys/kernel/hung_task_timeout_secs

# no_leaks: on a kernel that looks for them, all memory is known to somebody. It
# believes in nothing younger than 5 seconds, and tells what two scans saw alike.
no_leaks()
{
	kmemleak=/sys/kernel/debug/kmemleak
	[ -e $kmemleak ] || return 0
	sleep 5
	echo scan >$kmemleak && echo scan >$kmemleak || return
	cat $kmemleak >/run/leaks
	[ ! -s /run/leaks ] || { cat /run/leaks >/dev/ttyS1; return 1; }
}

# A sign of life: a guest that lost its timer stops giving it.
(while report alive; do sleep 10; done) &
life=$!

# The nonce is not the scenario's to know.
word="success ${nonce:?}"
unset nonce

script=/vm/scenarios/${scenario:?}.sh
export script
sh -eu -c '
	trap "echo \$LINENO >/run/line" EXIT
	. /vm/lib.sh
	. "$script"
	: >/run/complete
' </dev/null >/dev/ttyS1 2>&1
status=$?
line=$(cat /run/line 2>/dev/null)
leaked=
[ $status -ne 0 ] || no_leaks || leaked=yes

kill $life
wait $life 2>/dev/null
if [ $status -ne 0 ]; then
	report "ended with status $status at line $line: $(sed -n "${line}p" "$script")"
	dmesg | tail -n 100 >/dev/ttyS0
elif [ ! -e /run/complete ]; then
	report "ended before its last line, at line $line"
elif [ -n "$leaked" ]; then
	report "fail kmemleak found memory that nobody knows"
else
	report "$word"
fi
poweroff -f
