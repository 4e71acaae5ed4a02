#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the scenario vmbus-later, answered by a process on our own host
# host: hvhost
# hvhost: --link test:1=vmbus:2 --link test:4=vmbus:2 --link vmbus:0x20=test:2,vp=0
# beside: examples/vmbus-host --target host:socket,partition=vmbus 4.1 4.0
# kernel: any

step "the process is there"
await_vmbus_host

vmbus_version=4.1
# shellcheck source=tests/vm/scenarios/vmbus-later.sh
. /vm/scenarios/vmbus-later.sh
