#!/bin/sh
# SPDX-License-Identifier: MIT
# about: a host that withdrew the rights to post and to signal, which CPUID still claims
# host: hvhost
# hvhost: --conformance test
# guest: withheld=0x3000000000
# memory: 3200M
# kernel: any

load_hvpost
dmesg | grep hvpost >/tmp/log

# denied COMMAND...: the hypervisor refuses it, and what that means is said.
denied()
{
	expect_status 2 "$@" 2>/tmp/words
	cat /tmp/words
	grep -q 'HV_STATUS_ACCESS_DENIED (0x6)' /tmp/words || fail "that is not why"
}

step "posts and signals are denied"
denied hvpost send 0x100 text
denied hvpost signal 0x110

step "at once, however long one would wait"
denied hvpost send 0x100 text --timeout 60m

step "the driver says so by errno"
expect_status 2 hvpost send 0x100 text --json >/tmp/json
grep -q '"errno":"EACCES"' /tmp/json || fail "no EACCES: $(cat /tmp/json)"

step "hvpost conform sees both denials"
modprobe hvpost_rawcall
expect_status 2 env LD_PRELOAD=/bin/rawcalls.so hvpost conform --restricted device >/tmp/matrix
cat /tmp/matrix
grep 'caller lacks' /tmp/matrix | tee /tmp/denials
for right in PostMessages SignalEvents; do
	grep -Eq "caller lacks $right +ACCESS_DENIED +ACCESS_DENIED +pass\$" /tmp/denials ||
		fail "no denial for want of $right"
done

step "no fault in a call tells more to who may not make it"
for row in 'fast form' 'input not aligned' 'input cannot be read' 'message type 0' \
	'no such connection' 'port deleted'; do
	grep -Eq "^  $row .* ACCESS_DENIED  .*fail\$" /tmp/matrix || fail "'$row' told more"
done
rmmod hvpost_rawcall

step "what needs no such right works"
listen_start 6
listen_stop

step "a thousand denials leave no line in the log"
expect_status 2 hvpost send 0x100 text --count 1000 --timeout 0
dmesg | grep hvpost | diff /tmp/log - || fail "the kernel log has grown"
unload_hvpost
