#!/bin/sh
# SPDX-License-Identifier: MIT
# about: two guests are taken to snapshots of the host in the midst of a flood
# host: hvhost
# hvhost: --guest second,kernel=../../../vm-bare/bare.elf,memory=16M,cmdline=flood=0 --link second:0x30=test:6,vp=0 --link test:0x31=second:6 --link end:0x32=test:7
# beside: hvhost-snapshot.sh
# kernel: any

load_hvpost
hvpost listen 7 --count 1 --timeout "$(patience 100)" >/tmp/told 2>&1 &
end=$!

step "another guest floods us; time and again the host goes back to a snapshot"
listen_start 6 --ring 1024 --stats
hvpost send 0x31 --hex 00
wait $end || fail "we were not told that it has ended: $(cat /tmp/told)"
posted=$(sed -n 's/.*"\([0-9]*\) posted"$/\1/p' /tmp/told)
echo "$posted were posted"

step "each message came once, and in order"
all_are_here() { [ "$(wc -l </tmp/heard)" -ge "$posted" ]; }
eventually all_are_here
listen_stop
cat /tmp/listener
sed -n 's/.*"\([0-9]*\)"$/\1/p' /tmp/heard >/tmp/numbers
seq 0 $((posted - 1)) | sed 's/^/0000000/; s/.*\(.\{8\}\)$/\1/' |
	diff - /tmp/numbers >/tmp/difference ||
	fail "out of order: $(head -n 5 /tmp/difference)"
unload_hvpost
