#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the scenario device-flow, on our own host
# host: hvhost
# append: preempt=full
# kernel: any

# A port has 16 buffers.
# shellcheck disable=SC2034 # device-flow.sh uses it
host_buffers=16
# shellcheck source=tests/vm/scenarios/device-flow.sh
. /vm/scenarios/device-flow.sh
