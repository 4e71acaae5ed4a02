#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the scenario nopv, on our own host
# host: hvhost
# append: nopv
# kernel: any

# shellcheck source=tests/vm/scenarios/nopv.sh
. /vm/scenarios/nopv.sh
