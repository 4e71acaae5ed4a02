#!/bin/sh
# SPDX-License-Identifier: MIT
# about: a guest is stopped in a flood of its posts; others keep their service
# host: hvhost
# hvhost: --guest second,kernel=../../../vm-bare/bare.elf,memory=16M,cmdline=flood=0 --link second:0x30=app:7 --link test:0x31=second:6 --link end:0x32=test:7 --link test:0x20=second:5 --link test:0x10=echo:6 --link echo:0x10=test:6
# beside: hvhost-stop.sh
# kernel: any

ping()
{
	expect_output "^$1 sent, $1 received, 0 lost, 0 unexpected" hvpost ping \
		0x10 6 --count "$1" --interval 0 --timeout "$(patience 20)" --quiet
}

# What is posted to the second guest gets this, as to a partition that is gone.
second_is_gone()
{
	! hvpost send 0x20 x --timeout 0 2>/tmp/refusal || return 1
	grep -q INVALID_PORT_ID /tmp/refusal
}

load_hvpost
listen_start 7 --count 1 --timeout "$(patience 100)"
step "a process answers, while another guest floods another one, and is stopped"
eventually hvpost ping 0x10 6 --count 1 --timeout "$(patience 20)" --quiet
hvpost send 0x31 --hex 00
until second_is_gone; do
	ping 20
done

step "and after that"
ping 100
second_is_gone || fail "$(cat /tmp/refusal)"

step "nor has the process that was flooded lost anything"
listen_wait
heard '"all is well"'
unload_hvpost
