#!/bin/sh
# SPDX-License-Identifier: MIT
#
# For scenario hvhost-trace: the capture has what hvhost counted, and one that lacks
# much says where, and how much: what it has and what it lacks are all posts.

# shellcheck source=tests/vm/after/capture.sh
. ../../../../tests/vm/after/capture.sh

all=$(awk '/"Post"/ { sum += $1 } END { print sum }' counts)
dissect lossy.pcapng -T fields -e frame.number -e frame.drop_count >losses
awk -v all="$all" '
{ lost += $2; places += $2 > 0 }
END {
	print NR " packets, and " lost " lost at " places " places, of " all
	exit !(lost > 0 && NR + lost == all)
}' losses
