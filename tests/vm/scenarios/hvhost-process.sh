#!/bin/sh
# SPDX-License-Identifier: MIT
# about: a guest and a process talk through our own host, both ways at once
# kernel: any
# host: hvhost
# hvhost: --link test:0x10=app:6 --link app:0x10=test:6
# beside: examples/responder 0x10 6 host:socket,partition=app

load_hvpost

step "the process is there"
listen_start 6
eventually hvpost send 0x10 'are you there?'
heard 'are you there?'
listen_stop

step "each message comes back as it was, of every size"
for size in 56 240; do
	expect_output '^300 sent, 300 received, 0 lost, 0 unexpected' \
		hvpost ping 0x10 6 --count 300 --interval 0 --size $size --quiet
done

step "a flood: the full port makes the sender wait, and all come back"
listen_start 6 --stats
hvpost send 0x10 --count 2000 flood
flood() { grep -c '"flood"' /tmp/heard; }
all_are_back() { [ "$(flood)" -ge 2000 ]; }
eventually all_are_back
listen_stop
[ "$(flood)" -eq 2000 ] || fail "not every message came once"

step "each VP's messages in the order of their sequence"
sed -n 's/.* vp \([0-9]*\) sint 6 seq \([0-9]*\) .*/\1 \2/p' /tmp/heard |
	awk '$2 != ++got[$1] { print "line " NR ": VP " $1 " sequence " $2; exit 1 }' ||
	fail "out of order"
unload_hvpost
