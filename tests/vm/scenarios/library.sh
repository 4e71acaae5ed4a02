#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the library's cases on the device target
# kernel: any
# append: rcupdate.rcu_expedited=1
# devices: hyperv-testdev

# One process for all cases: to part with a process takes such a guest longer than
# most of them do.
export CK_VERBOSITY=normal CK_FORK=no

# device.h says what QEMU's test device can bear, and what it cannot.
step "the links that the cases need"
# Before the SynIC is on: never emptied
testdev message-create 0x70 0 5
load_hvpost
for sint in 6 7 8 9; do
	testdev message-create $((0x10 + sint)) 0 $sint
done

step "the cases"
library target=device connection=0x16 sint=6 stuck=0x70 event=0 payload=239 \
	behind=2 flow=0 hypercalls=0 messages=100

step "nothing is left behind"
unload_hvpost
