#!/bin/sh
# SPDX-License-Identifier: MIT
# about: event flags, shared SINTs and filters, by bare ioctls
# devices: hyperv-testdev
# seconds: 240
# append: preempt=full

export CK_DEFAULT_TIMEOUT=60 CK_VERBOSITY=normal

# Nobody is to mend what the suite changes in a SINT.
load_hvpost watch_seconds=0
testdev message-create 0x16 0 6
testdev message-create 0x26 1 6
for connection in $(seq 128 227); do
	testdev event-create "$connection" 1 13
done
testdev event-create 228 0 12

step "events and sharers"
device_share

step "nothing is left behind"
unload_hvpost
