#!/bin/sh
# SPDX-License-Identifier: MIT
#
# First process of the machine around the guests of `make bench`. Starts them,
# /vm/HOST/command, and lets them work by turns: in each round every line of
# /vm/plan, "PATTERN COUNT HOST...". Writes for each turn a line to the virtio
# port, and "done" at the end:
#
#	ROUND PATTERN HOST MESSAGES NANOSECONDS EXITS LEAVES SLEEPS
#
# What the guest measured, and what happened meanwhile: exits of its VPs; how often
# one of their threads left KVM, or its processor; how often a thread of the host
# went to sleep. Those of the order and the answer are among them.

# fail HOST WHAT: end it all; the console gets to know why.
fail()
{
	echo "bench: $1: $2" >/dev/ttyS0
	cat "$1/errors" "$1/console" >/dev/ttyS0
	poweroff -f
}

# start HOST: what its guest is told goes into HOST/orders, what it says comes out
# of HOST/answers. Each is opened for both ways: so no open waits for another one.
start()
{
	mkfifo "$1/orders" "$1/answers"
	(cd "$1" && exec sh ./command <>orders 1<>answers 2>errors) &
	echo $! >"$1/pid"
}

# await HOST WORD: set answer to the rest of its next line, which is to begin so.
await()
{
	# shellcheck disable=SC3045 # busybox has it
	while read -t 100 -r word answer; do
		case $word in
		"$2") return ;;
		*_bench:) fail "$1" "$answer" ;;
		esac
	done <>"$1/answers"
	fail "$1" "does not answer"
}

# counters HOST: three numbers
counters()
{
	read -r pid <"$1/pid"
	for name in exits host_state_reload; do
		cat /sys/kernel/debug/kvm/"$pid"-*/$name
	done
	awk '/^voluntary/ { sum += $2 } END { print sum }' \
		/proc/"$pid"/task/*/status
}

# turn ROUND PATTERN COUNT HOST
turn()
{
	counters "$4" >before
	echo "$2 $3" 1<>"$4/orders"
	await "$4" "$2"
	counters "$4" >after
	echo "$1 $2 $4 $answer" "$(paste before after | awk '{ print $2 - $1 }' |
		xargs)"
}

mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t debugfs debug /sys/kernel/debug
modprobe virtio_pci
modprobe virtio_console
modprobe kvm-amd npt=1
cd /vm || exit
exec >/dev/vport0p1

for command in */command; do
	host=${command%/command}
	echo "booting a guest of $host"
	start "$host"
	await "$host" ready
done
for round in $(seq "${rounds:?}"); do
	while read -r pattern count hosts; do
		for host in $hosts; do
			turn "$round" "$pattern" "$count" "$host"
		done
	done <plan
done
echo "done"
poweroff -f
