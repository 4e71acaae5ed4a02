#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Run one guest to its end, on this machine or inside the nested one:
#
#	guest.sh NAME
#
# run/NAME/command starts QEMU; run/NAME/bound is its limit in seconds, and after
# run/NAME/silence seconds without a sign of life it is gone.
# Leaves beside them: console and report (what the guest printed), qemu (what
# QEMU printed), status (QEMU's exit code), seconds, and - if the guest had to
# be stopped - stopped, which says why. Prints NAME/started and NAME/ended.

# QEMU writes the two serial ports to files, so their sizes show life.
watch()
{
	bound=$(cat bound)
	silence=$(cat silence)
	quiet=0
	sizes=

	while sleep 1 && kill -0 "$1"; do
		bound=$((bound - 1))
		quiet=$((quiet + 1))
		now=$(stat -c %s console report)
		[ "$now" = "$sizes" ] || quiet=0
		sizes=$now
		[ $quiet -lt "$silence" ] || echo "silent $silence" >stopped
		[ $bound -gt 0 ] || echo "bound $(cat bound)" >stopped
		[ ! -e stopped ] || kill -KILL "$1"
	done
}

cd "$(dirname "$0")/run/$1" || exit
echo "$1/started"
: >console
: >report
start=$(date +%s)
sh ./command </dev/null >qemu 2>&1 &
guest=$!
watch $guest >/dev/null 2>&1 &
watcher=$!
wait $guest
echo $? >status
kill $watcher 2>/dev/null
echo $(($(date +%s) - start)) >seconds
: >ended
echo "$1/ended"
