#!/bin/sh
# SPDX-License-Identifier: MIT
#
# First process of the nested machine, which has the real KVM. Runs the guests
# that /vm/plan names, "jobs" at a time, and sends the results of each, as soon
# as it ends, to the outer machine: a stream of tar archives on a virtio port.
# The kernel command line sets jobs.

mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
modprobe virtio_pci
modprobe virtio_console
modprobe kvm-amd npt=1

# The file "ended" goes last: when it arrives, all has.
send()
{
	for file in console report qemu status seconds stopped ended; do
		[ ! -e "run/$1/$file" ] || echo "$1/$file"
	done | xargs tar -c -C run
}

cd /vm || exit
xargs -n 1 -P "${jobs:?}" sh guest.sh <plan | while read -r event; do
	case $event in
	*/started) : >"run/$event"; tar -c -C run "$event" ;;
	*/ended) send "${event%/ended}" ;;
	esac
done >/dev/vport0p1

poweroff -f
