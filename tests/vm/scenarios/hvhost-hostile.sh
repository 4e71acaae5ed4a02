#!/bin/sh
# SPDX-License-Identifier: MIT
# about: a guest that does what it can to our own host takes no message from another
# host: hvhost
# hvhost: --guest hostile,kernel=../../../vm-bare/hostile.elf,memory=16M --link hostile:0x10=test:7
# kernel: any

load_hvpost
echo_connections 6

step "it begins"
listen_start 7
heard 'the attack begins'

step "meanwhile each message comes back, of both VPs"
for connection in 0x10 0x11; do
	expect_output '^200 sent, 200 received, 0 lost, 0 unexpected' \
		hvpost ping $connection 6 --count 200 --interval 0 --size 240 --quiet
done

step "it has done all that it could, and was heard of"
heard 'the attack is over'
listen_stop
unload_hvpost
