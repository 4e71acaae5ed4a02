#!/bin/sh
# SPDX-License-Identifier: MIT
# about: hvpost conform through the device, on our own host, prepared for it
# host: hvhost
# hvhost: --conformance test
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
unload_hvpost
