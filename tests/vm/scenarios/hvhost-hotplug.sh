# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# about: CPUs and the driver come and go under traffic; no message is lost, nothing is left
# host: hvhost
# cpus: 3
# kernel: any
# seconds: 300

online=/sys/devices/system/cpu/cpu
module=/lib/modules/$(uname -r)/hvpost.ko

# echoes_for SINT: what steady wants.
echoes_for()
{
	for vp in 0 1 2; do
		testdev message-create $((16 * (vp + 1) + $1)) $vp "$1"
	done
}

# more_than COUNT SINT [CPU]: so many messages of SINT have come.
more_than()
{
	[ "$(irq_count "hvpost-sint$2\$" "${3-}")" -gt "$1" ]
}

# comes CPU: messages of both SINTs arrive there, more than there were.
comes()
{
	for sint in 6 7; do
		eventually more_than "$(irq_count "hvpost-sint$sint\$" "$1")" $sint "$1"
	done
}

load_hvpost
echoes_for 6
echoes_for 7

step "messages pass at every VP, by read() and by mapped rings"
steady read 6 3 >/tmp/by-read 2>&1 &
by_read=$!
steady map 7 3 >/tmp/by-map 2>&1 &
by_map=$!
eventually more_than 0 6
eventually more_than 0 7
for cpu in 0 1 2; do
	comes $cpu
done

step "each CPU but the first goes off and comes back"
for cpu in 1 2; do
	echo 0 >$online$cpu/online
	comes 0
	echo 1 >$online$cpu/online
	comes $cpu
done

step "all of them go off, and come back in another order"
for cpu in 1 2; do
	echo 0 >$online$cpu/online
done
comes 0
for cpu in 2 1; do
	echo 1 >$online$cpu/online
done

step "they come and go as fast as they can"
for round in 1 2 3; do
	for cpu in 2 1; do
		echo 0 >$online$cpu/online
		echo 1 >$online$cpu/online
	done
done
for cpu in 0 1 2; do
	comes $cpu
done

step "nothing was lost, nothing came twice, each sender's order is kept"
kill -TERM $by_read $by_map
wait $by_read || fail "read() ended with $?: $(cat /tmp/by-read)"
wait $by_map || fail "the rings ended with $?: $(cat /tmp/by-map)"
cat /tmp/by-read /tmp/by-map
kernel_log_lacks 'hvpost: CPU'

step "a second load is refused and does no harm"
listen_start 6
! insmod "$module" 2>/tmp/output || fail "it loaded twice"
grep 'File exists' /tmp/output
hvpost send 0x36 'still here'
heard 'vp 2 .*still here'
listen_stop
unload_hvpost

# loads COUNT: load and unload it, each time with readers killed in the midst of it.
irqs=$(find /sys/kernel/irq -maxdepth 1 | wc -l)
loads()
{
	for round in $(seq "$1"); do
		insmod "$module" || fail "load $round"
		steady map 6 3 &
		steady=$!
		eventually more_than 20 6
		kill -KILL $steady
		expect_status 137 wait $steady
		rmmod hvpost || fail "unload $round"
		for left in /dev /sys/class/misc /sys/module; do
			[ ! -e $left/hvpost ] || fail "unload $round left $left/hvpost"
		done
		[ "$(find /sys/kernel/irq -maxdepth 1 | wc -l)" -eq "$irqs" ] ||
			fail "unload $round left interrupts"
	done
}

step "twenty loads in a row, under traffic, or as many fewer as the kernel is slower"
loads $((20 / slowness))
synic_unchanged

step "loads while CPUs come and go"
while [ ! -e /tmp/enough ]; do
	for cpu in 1 2; do
		echo 0 >$online$cpu/online
		echo 1 >$online$cpu/online
	done
done &
toggling=$!
loads 3
: >/tmp/enough
wait $toggling
synic_unchanged
load_hvpost
listen_start 6
hvpost send 0x36 'all is well'
heard 'vp 2 .*all is well'
listen_stop
unload_hvpost
