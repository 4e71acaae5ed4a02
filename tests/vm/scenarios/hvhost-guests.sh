#!/bin/sh
# SPDX-License-Identifier: MIT
# about: two guests talk through our own host, both ways at once, each at all its VPs
# host: hvhost
# guests: a b
# hvhost: --link a:0x10=b:6 --link b:0x10=a:6 --link a:0x11=b:7 --link b:0x11=a:7
# seconds: 240
# kernel: any

load_hvpost

step "every message comes once and whole, and those of each VP in order"
traffic device 3000 3000 0 0 >/tmp/traffic
cat /tmp/traffic
grep -q '; received 3000 at 2 VPs' /tmp/traffic || fail "a VP got none"
unload_hvpost
