#!/bin/sh
# SPDX-License-Identifier: MIT
# about: hvpost conform through the device, on our own host, prepared for it
# host: hvhost
# hvhost: --conformance test
# memory: 3200M
# kernel: any

load_hvpost

# KVM looks at SignalEvent's input itself, before the engine does.
step "all that a guest can reach is as documented, but for KVM's own answer"
expect_status 2 hvpost conform >/tmp/matrix
cat /tmp/matrix
grep 'fail$' /tmp/matrix >/tmp/failed || fail "nothing fails: look at this scenario"
[ "$(wc -l </tmp/failed)" -eq 1 ] || fail "more than that fails"
grep -Eq 'id of over 24 bits +INVALID_CONNECTION_ID +INVALID_HYPERCALL_INPUT' /tmp/failed ||
	fail "something else fails"

step "each cause of a refused post is among what passes"
sed -n '/^HvCallPostMessage/,/^HvCallSignalEvent/p' /tmp/matrix >/tmp/posts
for status in INVALID_PARAMETER INVALID_VP_INDEX INVALID_PORT_ID \
	INVALID_CONNECTION_ID INSUFFICIENT_BUFFERS INVALID_SYNIC_STATE; do
	grep -Eq " $status +$status +pass\$" /tmp/posts || fail "no $status"
done

# hvpost_rawcall.ko issues what hvpost.ko never would. Memory of over 3 GiB has a hole.
step "nor does any post fail that only a kernel can word"
modprobe hvpost_rawcall
expect_status 2 env LD_PRELOAD=/bin/rawcalls.so hvpost conform >/tmp/raw
cat /tmp/raw
sed '/^HvCallSignalEvent/,$d' /tmp/raw >/tmp/posts
! grep 'fail$' /tmp/posts || fail "some do"
grep 'unreachable$' /tmp/posts | tee /tmp/unreached
[ "$(wc -l </tmp/unreached)" -eq 1 ] || fail "more is out of reach than a denial"
for row in 'input not aligned' 'input crosses a page' 'input past the end of memory' \
	'input cannot be read' 'reserved control bits 63:60' 'reserved word not zero' \
	'fast form'; do
	grep -Eq "^  $row .* pass\$" /tmp/posts || fail "no row '$row'"
done
rmmod hvpost_rawcall
unload_hvpost
