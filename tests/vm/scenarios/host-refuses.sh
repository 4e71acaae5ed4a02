#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the host says no: each refusal by exit code and in words
# devices: hyperv-testdev

load_hvpost

# refused CODE PATTERN COMMAND...: it exits with CODE and says PATTERN.
refused()
{
	code=$1
	words=$2
	shift 2
	expect_status "$code" "$@" 2>/tmp/words
	cat /tmp/words
	grep -Eq -- "$words" /tmp/words || fail "'$*' did not say '$words'"
}

step "an unknown connection"
refused 2 'HV_STATUS_INVALID_CONNECTION_ID \(0x12\)' hvpost send 0x77 nobody

step "INSUFFICIENT_BUFFERS under a burst to a slot that nobody empties"
testdev message-create 0x20 0 9
refused 2 'HV_STATUS_INSUFFICIENT_BUFFERS \(0x13\)' hvpost send 0x20 burst --count 10 --timeout 0
step "the same with time to wait: it runs out"
refused 3 'HV_STATUS_INSUFFICIENT_BUFFERS \(0x13\)' hvpost send 0x20 late --timeout 200ms

step "a payload of 241 bytes never leaves"
head -c 241 /dev/zero >/tmp/241
refused 1 '240' hvpost send 0x20 --file /tmp/241

step "types that only the hypervisor may use"
refused 1 'type' hvpost send 0x20 text --type 0
refused 1 'type' hvpost send 0x20 text --type 0x80000000

step "an unknown event connection"
refused 2 'HV_STATUS_INVALID_CONNECTION_ID \(0x12\)' hvpost signal 0x78

step "SINTs that cannot be had"
refused 1 'SINT' hvpost listen 0
refused 1 'SINT' hvpost listen 16
listen_start 9
refused 1 'in use' hvpost listen 9
listen_stop

step "the first of the burst were not lost: the listener had them"
grep -q 'burst' /tmp/heard || fail "nothing came"
unload_hvpost
