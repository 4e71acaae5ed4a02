#!/bin/sh
# SPDX-License-Identifier: MIT
#
# First process of a guest of `make bench`: makes the echo connections that the
# programs want and becomes the one that the command line names, bench=PROGRAM, with
# the second serial port to listen and to answer.

mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t tracefs trace /sys/kernel/tracing
mount -t tmpfs tmp /tmp
exec </dev/ttyS1 >/dev/ttyS1 2>&1
stty raw -echo
# shellcheck source=tests/vm/lib.sh
. /vm/lib.sh

# The driver that has no trace points takes the place of the other.
! grep -q ' untraced ' /proc/cmdline || cp /vm/untraced/hvpost.ko "/lib/modules/$(uname -r)"
# shellcheck disable=SC2119 # no parameters
load_hvpost
for sint in $(seq 8 15); do
	testdev message-create $((0x10 + sint)) 0 "$sint"
	testdev message-create $((0x20 + sint)) 1 "$sint"
done
modprobe hvpost_rawcall
program=$(sed 's/.* bench=\([a-z_]*\).*/\1/' /proc/cmdline)
exec "$program"
