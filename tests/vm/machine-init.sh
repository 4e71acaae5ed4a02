#!/bin/sh
# SPDX-License-Identifier: MIT
#
# First process of the machine around the guests, which has the real KVM. On a virtio
# port it is told which guest to run, one after the other, until "end" comes. Sends
# the results of each, as soon as it ends, out there as tar archives.

mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
modprobe virtio_pci
modprobe virtio_console
modprobe kvm-amd npt=1
# Our own host asks for huge pages: without them its guests take twice as long to boot.
echo advise >/sys/kernel/mm/transparent_hugepage/shmem_enabled
# As udev does it, with the group kvm
chown 0:36 /dev/kvm
chmod 660 /dev/kvm

# The file "ended" goes last: when it arrives, all has.
send()
{
	printf '%s\n' seconds stopped ended | cat "run/$1/files" "run/$1/leaves" - |
	while read -r file; do
		[ ! -e "run/$1/$file" ] || echo "$1/$file"
	done | xargs tar -c -C run
}

cd /vm || exit
exec 3<>/dev/vport0p1
while read -r name <&3 && [ "$name" != end ]; do
	sh guest.sh "$name" </dev/null
done | while read -r event; do
	case $event in
	*/started) : >"run/$event"; tar -c -C run "$event" ;;
	*/ended) send "${event%/ended}" ;;
	esac
done >&3

poweroff -f
