#!/bin/sh
# SPDX-License-Identifier: MIT
# about: a receiver stopped while thousands of messages arrive: all come, in order
# devices: hyperv-testdev
# append: preempt=full

load_hvpost
testdev message-create 0x16 0 6
testdev message-create 0x26 1 6

step "back-pressure, then every message in order"
timeout 100 flow 4000

step "nothing is left behind"
unload_hvpost
