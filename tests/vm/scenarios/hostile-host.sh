#!/bin/sh
# SPDX-License-Identifier: MIT
# about: a host that rewrites slots and flags while the guest reads them
# host: hostile
# kernel: debug

load_hvpost

step "what comes is nonsense, but each record is one that can be"
expect_output '^[1-9][0-9]{3,} records in [1-9][0-9]* bindings, [1-9][0-9]* oversize, [1-9][0-9]* events$' \
	believe "${fuzz_seconds:?}"

step "nothing is left behind"
unload_hvpost
