# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For scenario hvhost-suspend: answer the guest; and when it asks for keys, press one
# now and then until it says that it is awake. One that comes while it falls asleep
# keeps it awake, so the pauses grow. The keys are open for both ways, as a last one
# may come when the guest has gone and nobody reads them.

../../../examples/responder 0x10 6 host:socket,partition=app &
responder=$!
hvpost listen 5 --count 2 --target host:socket,partition=keys >heard-keys &
listener=$!
until grep -q 'press keys' heard-keys; do
	sleep 0.2
done
exec 3<>keys
pause=2
while kill -0 $listener 2>/dev/null; do
	sleep $pause
	[ $pause -ge 8 ] || pause=$((pause * 2))
	printf x >&3
done
wait $listener
cat heard-keys
grep -q awake heard-keys
wait $responder
