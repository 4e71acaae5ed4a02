#!/bin/sh
# SPDX-License-Identifier: MIT
# about: random calls by several threads, beside a neighbour, while a CPU and hv_vmbus come and go
# host: hvhost
# hvhost: --link test:1=vmbus:2 --link test:4=vmbus:2 --link vmbus:0x20=test:2,vp=0
# beside: examples/vmbus-host --target host:socket,partition=vmbus
# kernel: debug
# append: slub_debug=A;-,radix_tree_node,proc_dir_entry

allocations_may_fail

await_vmbus_host
load_hvpost
for sint in 6 7; do
	testdev message-create $((0x10 + sint)) 0 $sint
	testdev message-create $((0x20 + sint)) 1 $sint
	for vp in 0 1; do
		testdev event-create $((0x30 + 2 * (sint - 6) + vp)) $vp $sint
	done
done
testdev message-create 0x18 0 8

step "a neighbour, whose SINT is its own"
listen_start 8
heard_of_neighbour()
{
	[ "$(grep -c '"neighbour ' /tmp/heard)" -eq "$1" ]
}

# neighbour ROUND: what it posts comes, whatever the others do.
neighbour()
{
	hvpost send 0x18 "neighbour $1" --count 10 --timeout "$(patience 60)"
	eventually heard_of_neighbour $((10 * $1))
}

step "random calls"
# The kernel command line says how long.
device_fuzz "${fuzz_seconds:?}" /vm/driver-blocks >/tmp/fuzz &
fuzz=$!
round=0 vmbus=0
while kill -0 $fuzz 2>/dev/null; do
	round=$((round + 1))
	echo 0 >/sys/devices/system/cpu/cpu1/online || true
	neighbour $round
	echo 1 >/sys/devices/system/cpu/cpu1/online || true
	# Who has its SINT, or its connection's buffers, may make it wait in vain.
	! modprobe hv_vmbus || vmbus=$((vmbus + 1))
	! grep -q '^hv_vmbus ' /proc/modules || rmmod hv_vmbus
done
wait $fuzz || fail "device_fuzz ended with $?: $(cat /tmp/fuzz)"
notes /tmp/fuzz
note "CPU 1 left $round times, hv_vmbus came $vmbus times"
grep -Eq '[1-9][0-9]* records received, [1-9][0-9]* programs kept' /tmp/fuzz ||
	fail "it did not come far"

step "the neighbour missed nothing, in order, and heard nothing twice"
listen_stop
seq $round | sed 's/.*/10 neighbour &/' >/tmp/wanted
sed -n 's/.*"\(neighbour [0-9]*\)"$/\1/p' /tmp/heard | uniq -c | tr -s ' ' |
	sed 's/^ //' | diff - /tmp/wanted || fail "that is not what it sent"

step "it works as ever"
hvpost info
testdev message-destroy 0x16
testdev message-create 0x10 0 6
listen_start 6
hvpost send 0x10 'hello from VP 0'
# After what the threads have left in their ports
heard 'vp 0 sint 6 .*"hello from VP 0"'
listen_stop
unload_hvpost
