#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the host says no: each refusal by exit code and in words
# kernel: any
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

# One message fills the slot and one waits in QEMU, whose device keeps the text of
# the last that it refused: so all of those say the same.
step "INSUFFICIENT_BUFFERS under a burst to a slot that nobody empties"
testdev message-create 0x20 0 9
hvpost send 0x20 'in the slot'
hvpost send 0x20 'in the host'
refused 2 'HV_STATUS_INSUFFICIENT_BUFFERS \(0x13\)' hvpost send 0x20 'in the host' --count 10 --timeout 0
step "the same with time to wait: it runs out"
refused 3 'HV_STATUS_INSUFFICIENT_BUFFERS \(0x13\)' hvpost send 0x20 'in the host' --timeout 200ms

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

step "the two that were taken come, in order, and then what is sent next"
heard 'in the host'
hvpost send 0x20 'after the burst'
heard 'after the burst'
listen_stop
sed 's/.* seq \([0-9]*\) .*"\(.*\)"/\1 \2/' /tmp/heard >/tmp/texts
printf '1 in the slot\n2 in the host\n3 after the burst\n' |
	diff - /tmp/texts || fail "the listener heard something else"
unload_hvpost
