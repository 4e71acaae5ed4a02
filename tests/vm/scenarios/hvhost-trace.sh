#!/bin/sh
# SPDX-License-Identifier: MIT
# about: hvpost trace beside hvhost and above KVM counts what hvhost counts
# host: hvhost
# hvhost: --link test:0x20=app:7 --link end:0x10=test:6
# beside: hvhost-trace.sh
# leaves: seen.pcapng counts lossy.pcapng
# after: hvhost-trace.sh
# seconds: 240
# kernel: any

load_hvpost
listen_start 6 --count 1 --timeout "$(patience 120)"
listen_wait
grep '"begin"' /tmp/heard

step "a reader that stops has the host refuse us; all come in the end"
listen_start 6 --count 1 --timeout "$(patience 120)"
hvpost send 0x20 --count 400 --timeout "$(patience 120)" 'to the process'
listen_wait

step "the tracer saw as much as the host counted"
grep '"all is well"' /tmp/heard || fail "the host's side saw otherwise: see beside"
unload_hvpost
