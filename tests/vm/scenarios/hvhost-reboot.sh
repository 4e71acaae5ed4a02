#!/bin/sh
# SPDX-License-Identifier: MIT
# about: a guest that reboots twice in its partition: its links work each time
# host: hvhost
# guest: on-reset=restart
# hvhost: --link test:0x20=app:6 --link app:0x20=test:7
# beside: hvhost-reboot.sh
# seconds: 240
# kernel: any

load_hvpost
echo_connections 6

step "messages come and go by the test device"
expect_output '^100 sent, 100 received, 0 lost, 0 unexpected' \
	hvpost ping 0x10 6 --count 100 --interval 0 --timeout "$(patience 20)" --quiet

step "and by links, whose other end counts our boots"
listen_start 7 --count 1 --timeout "$(patience 60)"
eventually hvpost send 0x20 'which boot?'
listen_wait
boot=$(sed -n 's/.*"boot \([123]\)".*/\1/p' /tmp/heard)
[ "$boot" ] || fail "it was not told: $(cat /tmp/heard)"

if [ "$boot" -lt 3 ]; then
	step "boot $boot ends, with all in use"
	listen_start 6
	reboot -f
	sleep "$(patience 60)"
	fail "it did not reboot"
fi

step "the third one ends in peace"
unload_hvpost
