#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Run the guests of one scenario to their end, on this machine or inside the
# nested one:
#
#	guest.sh NAME
#
# run/NAME/command starts them; run/NAME/bound is its limit in seconds, and after
# run/NAME/silence seconds without a sign of life a guest is gone. run/NAME/files
# names what is to be left there: console and report (what the guest printed; of a
# second guest b console.b and report.b), qemu (what the host printed), status (the
# host's exit code) and, of a program beside the host, beside and beside.status. Also
# there are then seconds and - if it had to be stopped - stopped, which says why.
# Prints NAME/started and NAME/ended.

patience=200	# tenths of a second for the program beside the host to end after it
tick=5		# seconds between two looks, which take the guests' processor time

# stop HOST WHY
stop()
{
	echo "$2" >stopped
	kill -KILL "$1"
}

watch_time()
{
	bound=$(cat bound)

	while sleep $tick && kill -0 "$1"; do
		bound=$((bound - tick))
		[ $bound -gt 0 ] || stop "$1" "bound $(cat bound)"
	done
}

# watch_life HOST [.GUEST]: the host writes the two serial ports to files, so their
# sizes show life. A guest whose last word is said may end before others do.
watch_life()
{
	silence=$(cat silence)
	quiet=0
	sizes=

	while sleep $tick && kill -0 "$1"; do
		quiet=$((quiet + tick))
		now=$(stat -c %s "console$2" "report$2")
		[ "$now" = "$sizes" ] || quiet=0
		sizes=$now
		[ $quiet -ge "$silence" ] || continue
		tail -n 1 "report$2" | grep -Eq '^rig: (success|ended)' ||
			stop "$1" "silent $silence $2"
		return
	done
}

# What runs beside the host ends when it does.
await_beside()
{
	while [ ! -e beside.status ] && [ $patience -gt 0 ]; do
		patience=$((patience - 1))
		sleep 0.1
	done
}

cd "$(dirname "$0")/run/$1" || exit
echo "$1/started"
grep -E '^(console|report)' files | while read -r file; do
	: >"$file"
done
start=$(date +%s)
sh ./command </dev/null >qemu 2>&1 &
host=$!
watch_time $host >/dev/null 2>&1 &
watchers=$!
for report in report*; do
	watch_life $host "${report#report}" >/dev/null 2>&1 &
	watchers="$watchers $!"
done
wait $host
echo $? >status
# shellcheck disable=SC2086 # some numbers
kill $watchers 2>/dev/null
! grep -qx beside.status files || await_beside
echo $(($(date +%s) - start)) >seconds
: >ended
echo "$1/ended"
