# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For scenario hvhost-suspend: answer the guest; and when it asks for keys, press one
# now and then until it says that it is awake. One that comes while it falls asleep
# keeps it awake, so the pauses grow.

../../../examples/responder 0x10 6 host:socket,partition=app &
responder=$!
hvpost listen 5 --count 2 --target host:socket,partition=keys >heard-keys &
listener=$!
until grep -q 'press keys' heard-keys; do
	sleep 0.2
done
pause=2
while kill -0 $listener 2>/dev/null; do
	sleep $pause
	pause=$((pause * 2))
	printf x >keys
done
wait $listener
cat heard-keys
grep -q awake heard-keys
wait $responder
