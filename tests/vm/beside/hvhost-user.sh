# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For scenario hvhost-user: answer the guest, and look at the host, whose process id
# is $host, while the guest runs and we are attached. Tell the guest that all is well.

export HVHOST_SOCKET=socket

# has PATTERN: each of its threads has such a line in what the kernel tells of it.
has()
{
	for thread in /proc/"${host:?}"/task/*; do
		grep -Eq "$1" "$thread/status" || {
			echo "no line like '$1':"
			cat "$thread/status"
			exit 1
		}
	done
}

../../../examples/responder 0x10 6 host:socket,partition=app &
until hvhost partition list | grep -q '^app .*active'; do
	sleep 0.1
done
# The main thread, the guest's and the one that serves processes
threads=$(find /proc/"$host"/task -mindepth 1 -maxdepth 1 | wc -l)
echo "$threads threads"
[ "$threads" -ge 4 ]
if [ "$(id -u)" -eq 0 ]; then
	uid=65534
	has "^Groups:.$(stat -c %g /dev/kvm) *$"
else
	uid=$(id -u)
fi
has "^Uid:.$uid.$uid.$uid.$uid$"
has '^CapPrm:.0+$'
has '^CapEff:.0+$'
has '^CapBnd:.0+$'
has '^NoNewPrivs:.1$'
has '^Seccomp:.2$'
# The guest listens when it has done with the rest.
until hvpost send 0x20 'no rights' --target host:socket,partition=look; do
	kill -0 "$host"
	sleep 0.2
done
wait
