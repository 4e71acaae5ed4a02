#!/bin/sh
# SPDX-License-Identifier: MIT
#
# seen.pcapng is a capture, and each line of counts says how many packets it has that
# a display filter of Wireshark's lets pass: COUNT FILTER. tshark and the dissector
# are to find so many. A debug kernel has no BPF, so what it leaves is empty.

case ${release:?} in
*-debug) exit 0 ;;
esac

# dissect FILE OPTION...: what tshark makes of a capture.
dissect()
{
	tshark -n -X lua_script:../../../../packaging/wireshark/hvpost.lua -r "$@"
}

# A table of all filters in one run: after the row's name two columns for each, of
# which the first has the packets.
filters=$(sed 's/^[0-9]* //' counts | paste -sd ,)
dissect seen.pcapng -q -z "io,stat,0,$filters" >table
sed -n '/<>/s/^| *[^|]*|//p' table | tr '|' '\n' | awk 'NF && NR % 2 { print $1 }' >found
paste -d ' ' found counts >compared
cat compared
[ -s counts ] || { echo 'nothing was counted'; exit 1; }
awk '$1 != $2 || !$2 { print "found, counted: " $0; wrong = 1 } END { exit wrong }' compared
