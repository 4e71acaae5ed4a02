#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The other end of what the guest's traffic sends and receives, of which the host's
# administrator sees as much as he likes meanwhile: traffic.sh SEND RECEIVE PAUSES ROOM.
# To a guest whose kernel is slow there are so many fewer; those back are few, and
# have to be enough for all pauses.

inspections socket &
traffic host:socket,partition=app $(($1 / ${slowness:?})) "$2" "$3" "$4"
wait $!
