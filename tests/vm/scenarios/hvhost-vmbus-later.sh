#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the scenario vmbus-later, answered by a process on our own host, and under traffic
# host: hvhost
# hvhost: --link test:1=vmbus:2 --link test:4=vmbus:2 --link vmbus:0x20=test:2,vp=0
# beside: examples/vmbus-host --target host:socket,partition=vmbus 4.1 4.0
# kernel: any
# seconds: 240
# vmbus: module

step "the process is there"
await_vmbus_host

vmbus_version=4.1
# shellcheck source=tests/vm/scenarios/vmbus-later.sh
. /vm/scenarios/vmbus-later.sh

step "SINT 2 is taken away from who has its rings mapped"
rmmod hv_vmbus
load_hvpost watch_seconds=1
testdev message-create 0x32 1 2
CK_DEFAULT_TIMEOUT=60 device_revoked
[ "$(dmesg | grep -c "Vmbus version:$vmbus_version")" -eq 6 ] || fail "no sixth contact"
rmmod hv_vmbus

# looks_twice: the driver looks at CPU 1, and finds what we do there and nothing else.
losses=0
looks_twice()
{
	for _ in 1 2; do
		losses=$((losses + 1))
		echo 1 mask 6 >$rival/deed
		eventually grep -qx $losses /sys/class/misc/hvpost/synic_losses
	done
}

# told_late COMMAND...: it has hv_vmbus come or go, of which the driver is told late.
told_late()
{
	echo Y >$rival/hold
	"$@" &
	eventually grep -qx Y $rival/held
	looks_twice
	echo N >$rival/hold
	wait $!
}

step "hv_vmbus is taken for no rival, however long its coming and going takes"
rival=/sys/module/hvpost_rival/parameters
modprobe hvpost_rival
listen_start 6
told_late modprobe hv_vmbus
hvpost send 0x11 'VP 1, told late'
heard 'vp 1 .*VP 1, told late'
told_late rmmod hv_vmbus
hvpost send 0x11 'VP 1, told late again'
heard 'vp 1 .*VP 1, told late again'
listen_stop

step "hv_vmbus comes and goes while messages pass to both VPs"
listen_start 6
senders=
for vp in 0 1; do
	hvpost send 0x1$vp "to VP $vp" --count 1000000 --timeout "$(patience 60)" --json >/tmp/sent$vp &
	senders="$senders $!"
done
heard 'to VP 1'
for round in 1 2 3; do
	load_vmbus
	passed=$(wc -l </tmp/heard)
	echo "round $round: $passed messages"
	rmmod hv_vmbus
	eventually sh -c "[ \$(wc -l </tmp/heard) -gt $passed ]"
done

step "none of them is lost, and none comes twice"
for sender in $senders; do
	kill -0 "$sender" || fail "a sender ended before it was told to"
	kill "$sender"
	expect_status 1 wait "$sender"
done
cat /tmp/sent[01]
for vp in 0 1; do
	posted=$(sed -n 's/.*"posted":\([0-9]*\).*/\1/p' /tmp/sent$vp)
	eventually sh -c "[ \$(grep -c 'to VP $vp' /tmp/heard) -ge $posted ]"
	grep "to VP $vp" /tmp/heard | sed -n "s/.* vp $vp sint 6 seq \([0-9]*\) .*/\1/p" |
		awk -v posted="$posted" '
		$1 != NR { exit }
		END { exit NR != posted || $1 != NR }' || fail "not each once, and in order"
done
listen_stop
[ "$(cat /sys/class/misc/hvpost/synic_losses)" = $losses ] || fail "hv_vmbus was taken for a rival"
unload_hvpost
