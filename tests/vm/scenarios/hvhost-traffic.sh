#!/bin/sh
# SPDX-License-Identifier: MIT
# about: 100,000 messages to a guest, 2,000 back, with slow readers, while hvhost is looked at
# host: hvhost
# hvhost: --link test:0x10=app:6 --link app:0x10=test:6,vp=0 --link test:0x11=app:7 --link app:0x11=test:7
# beside: traffic.sh 100000 2000 3 81
# cpus: 1
# seconds: 240
# kernel: any

load_hvpost
messages=$((100000 / ${slowness:?})) back=2000

# A guest's messages to the process take as much time, and the process's own way out
# is not what is looked at here.
step "every message comes once, whole and in order, also past readers that stop"
traffic device $back $messages 3 17 >/tmp/traffic
cat /tmp/traffic
grep -q "^sent $back, stopped the reader 3 times; received $messages at 1 VPs, was stopped 3 times" /tmp/traffic ||
	fail "that is not all of it"

step "each pause left the slot occupied behind a full ring"
[ "$(sed -n 's/.* \([0-9]*\) stalls$/\1/p' /tmp/traffic)" -ge 3 ] || fail "too few stalls"
unload_hvpost
