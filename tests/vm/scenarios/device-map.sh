#!/bin/sh
# SPDX-License-Identifier: MIT
# about: rings in a reader's memory, honest and lying ones, by bare mmap()
# devices: hyperv-testdev
# cpus: 2,maxcpus=3
# seconds: 240
# append: preempt=full

export CK_DEFAULT_TIMEOUT=60 CK_VERBOSITY=normal

load_hvpost
for sint in 6 7; do
	testdev message-create $((0x10 + sint)) 0 $sint
	testdev message-create $((0x20 + sint)) 1 $sint
done

step "mapped rings"
device_map

step "nothing is left behind"
unload_hvpost
