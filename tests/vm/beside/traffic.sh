#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The other end of what the guest's traffic sends and receives, of which the host's
# administrator sees as much as he likes meanwhile.

inspections socket &
traffic host:socket,partition=app "$@"
wait $!
