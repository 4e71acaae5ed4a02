#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the scenario vmbus-version, answered by a process on our own host
# host: hvhost
# hvhost: --link test:1=vmbus:2 --link test:4=vmbus:2 --link vmbus:0x20=test:2,vp=0
# beside: examples/vmbus-host --target host:socket,partition=vmbus 5.0
# kernel: any
# vmbus: module

step "the process is there"
await_vmbus_host

vmbus_version=5.0
# shellcheck source=tests/vm/scenarios/vmbus-version.sh
. /vm/scenarios/vmbus-version.sh
