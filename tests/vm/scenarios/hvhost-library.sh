#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the library's cases on the device target, with all that our own host can do
# append: rcupdate.rcu_expedited=1
# host: hvhost
# seconds: 240
# kernel: any

# One process for all cases: to part with a process takes such a guest longer than
# most of them do.
export CK_VERBOSITY=normal CK_FORK=no

step "the links that the cases need"
load_hvpost
testdev message-create 0x70 0 5
for sint in 6 7 8 9; do
	testdev message-create $((0x10 + sint)) 0 $sint
done

step "the cases"
library target=device connection=0x16 sint=6 stuck=0x70 event=0 payload=240 \
	behind=17 flow=1 hypercalls=0 messages=100

step "nothing is left behind"
unload_hvpost
