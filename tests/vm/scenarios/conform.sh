#!/bin/sh
# SPDX-License-Identifier: MIT
# about: hvpost conform through the device, on a host that nobody prepared
# devices: hyperv-testdev
# kernel: any

load_hvpost

step "QEMU is asked, and stays alive"
expect_status 2 hvpost conform >/tmp/matrix
cat /tmp/matrix
grep -Eq '^ +no such connection +INVALID_CONNECTION_ID +INVALID_CONNECTION_ID +pass$' /tmp/matrix ||
	fail "an unknown connection is not what it should be"

step "what it answers otherwise than documented is seen"
grep -Eq '^ +payload of 241 bytes +INVALID_PARAMETER +INVALID_HYPERCALL_INPUT +fail$' /tmp/matrix ||
	fail "QEMU's own status for a payload too large did not come through"

step "calls that a program cannot issue are told apart"
grep -Eq "^[0-9]+ unreachable: this target issues no calls of a program's own$" /tmp/matrix ||
	fail "no reason is given for what is unreachable"

step "the same as JSON"
expect_status 2 hvpost conform --json >/tmp/json
[ "$(wc -l </tmp/json)" -eq 1 ] || fail "that is not one object"
grep -q '"got":null,"result":"unreachable","reason":"' /tmp/json ||
	fail "no unreachable row has its reason"

# hvpost_rawcall.ko issues what hvpost.ko never would.
step "calls word for word are asked and answered, and QEMU stays alive"
modprobe hvpost_rawcall
expect_status 2 env LD_PRELOAD=/bin/rawcalls.so hvpost conform >/tmp/raw
cat /tmp/raw
grep -Eq '^ +unknown call code +INVALID_HYPERCALL_CODE +INVALID_HYPERCALL_CODE +pass$' /tmp/raw ||
	fail "an unknown code is not what it should be"
grep -Eq '^ +fast form +INVALID_HYPERCALL_INPUT +INVALID_HYPERCALL_CODE +fail$' /tmp/raw ||
	fail "QEMU's own status for a fast post did not come through"
rmmod hvpost_rawcall

step "the device works as before"
echo_connections 6
expect_echo 1 6 'still here'
unload_hvpost
