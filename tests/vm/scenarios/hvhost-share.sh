#!/bin/sh
# SPDX-License-Identifier: MIT
# about: event flags, shared SINTs and filters, on our own host
# host: hvhost
# seconds: 240
# append: preempt=full
# kernel: any

# shellcheck source=tests/vm/scenarios/device-share.sh
. /vm/scenarios/device-share.sh
