#!/bin/sh
# SPDX-License-Identifier: MIT
# about: every documented condition of the device, by bare ioctls
# devices: hyperv-testdev
# seconds: 240

export CK_DEFAULT_TIMEOUT=60 CK_VERBOSITY=normal

# device.h of the suites says what each of these is for.
step "the world the suites need"
# Before the SynIC is on: never emptied
testdev message-create 0x70 0 5
testdev message-create 0x73 0 4
load_hvpost
modprobe msr
for sint in 6 7 8 9; do
	testdev message-create $((0x10 + sint)) 0 $sint
	testdev message-create $((0x20 + sint)) 1 $sint
done
testdev event-create 0x71 0 13

step "the sending half"
device_post

step "the receiving half"
device_receive

step "rights and quotas"
device_rights

step "nothing is left behind"
unload_hvpost
