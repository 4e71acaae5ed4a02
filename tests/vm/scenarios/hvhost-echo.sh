#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the scenario echo, on our own host
# host: hvhost

. /vm/scenarios/echo.sh
