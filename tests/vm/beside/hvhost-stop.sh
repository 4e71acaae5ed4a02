# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For scenario hvhost-stop: answer the first guest, have the second flood us, and
# stop it in the midst of that. All that it posted comes, once and in order: then
# tell the first guest.

export HVHOST_SOCKET=socket

fails()
{
	if "$@"; then
		exit 1
	fi
}

is_drained()
{
	hvhost inspect | sed -n '/^app:/,/^[^ ]*: /p' | grep -q 'SINT 7  slot free, 0 queued'
}

../../../examples/responder 0x10 6 host:socket,partition=echo &
hvpost listen 7 --target host:socket,partition=app >flood &
listener=$!
until [ "$(wc -l <flood)" -gt 200 ]; do
	sleep 0.2
done

hvhost guest stop second
fails hvhost guest stop second
hvhost guest list >guests
fails grep second guests
until is_drained; do
	sleep 0.2
done
kill $listener
wait $listener
sed 's/.*"\([0-9]*\)"$/\1/' flood >numbers
awk '{ printf "%08d\n", NR - 1 }' numbers | diff - numbers
hvpost send 0x32 'all is well' --timeout $((60 * slowness))s --target host:socket,partition=end
wait
