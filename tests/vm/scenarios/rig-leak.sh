#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the rig itself: memory that a module forgot is a failure
# expect: failed: kmemleak found memory that nobody knows, in step forget
# kernel: debug

step "forget"
modprobe hvpost_broken fault=leak
rmmod hvpost_broken
