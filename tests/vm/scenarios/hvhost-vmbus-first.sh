#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the scenario vmbus-first, answered by a process on our own host
# host: hvhost
# hvhost: --link test:1=vmbus:2 --link test:4=vmbus:2 --link vmbus:0x20=test:2,vp=0
# beside: examples/vmbus-host --target host:socket,partition=vmbus
# vmbus: module

step "the process is there"
await_vmbus_host

vmbus_version=5.3
# shellcheck source=tests/vm/scenarios/vmbus-first.sh
. /vm/scenarios/vmbus-first.sh
