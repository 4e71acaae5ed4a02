#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the scenario echo, on our own host
# kernel: any
# host: hvhost

# shellcheck source=tests/vm/scenarios/echo.sh
. /vm/scenarios/echo.sh
