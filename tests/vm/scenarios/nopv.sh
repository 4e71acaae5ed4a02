#!/bin/sh
# SPDX-License-Identifier: MIT
# about: nobody but us speaks to the hypervisor: bare VMMCALL, then our own page
# devices: hyperv-testdev
# append: nopv

# all_ours PARAMETER MODE: load, use and unload; what was taken is given back.
all_ours()
{
	step "hypercall=$1: all of it is ours"
	load_hvpost hypercall="$1"
	expect_output "^hypercall +$2:" hvpost info
	expect_output '^SynIC +owned:' hvpost info
	[ -e /run/echo ] || echo_connections 6
	: >/run/echo

	step "hypercall=$1: a message comes back on each VP"
	expect_echo 0 6 "hello from VP 0 by $1"
	expect_echo 1 6 "hello from VP 1 by $1"
	expect_output '^20 sent, 20 received' \
		hvpost ping 0x11 6 --count 20 --interval 0 --quiet

	step "hypercall=$1: the host's refusals arrive, of posts and of signals"
	expect_status 2 hvpost send 0x77 nobody
	expect_status 2 hvpost signal 0x78

	step "hypercall=$1: nothing of it stays"
	unload_hvpost
	[ "$(synic_state | grep -c ' GUEST_OS_ID 0$')" -eq 2 ] ||
		fail "the guest still has its name"
}

kernel_log_lacks 'Hypervisor detected'
all_ours auto vmmcall
all_ours page page
all_ours vmmcall vmmcall
