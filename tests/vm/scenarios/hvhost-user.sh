#!/bin/sh
# SPDX-License-Identifier: MIT
# about: hvhost runs guests as nobody, with KVM's group and under its filter of calls
# host: hvhost
# user: nobody
# hvhost: --link test:0x10=app:6 --link app:0x10=test:6 --link look:0x20=test:7
# beside: hvhost-user.sh
# kernel: any

load_hvpost

step "a process comes to it while the guest runs, and answers"
listen_start 6
eventually hvpost send 0x10 'are you there?'
heard 'are you there?'
listen_stop
expect_output '^200 sent, 200 received, 0 lost, 0 unexpected' \
	hvpost ping 0x10 6 --count 200 --interval 0 --size 240 --quiet

step "the host has no rights, in none of its threads"
expect_output 'no rights' hvpost listen 7 --count 1 --timeout "$(patience 60)"
unload_hvpost
