#!/bin/sh
# SPDX-License-Identifier: MIT
# about: what 'make demo' shows
# devices: hyperv-testdev
# kernel: any

# show 'COMMAND': print it as typed, then what it prints.
show()
{
	echo "demo: # $1"
	eval "$1" >/tmp/shown 2>&1 || fail "'$1' exited with $?: $(cat /tmp/shown)"
	sed 's/^/demo:   /' /tmp/shown
	echo 'demo:'
}

say()
{
	echo "demo: $*"
}

say '1. Load the driver in the guest. It asks CPUID what hosts it, and says how it'
say '   will call the hypervisor and whose the interrupt controller (SynIC) is.'
synic_remember
show 'modprobe hvpost'
dmesg | sed -n 's/.*\(hvpost: .* ready.*\)/demo:   \1/p'
say

# Each VP's connection is 0x10 and the VP's number.
echo_connections 6
listen_start 6 --count 2 --timeout "$(patience 30)"
say '2. Post a message to each of two connections of the host, an echo device.'
show "hvpost send 0x10 'hello, hypervisor'"
show "hvpost send 0x11 'the other CPU'"
listen_wait

say '3. What came back. The host wrote each message into the slot of SINT 6 in the'
say '   SIM page of one virtual processor (VP) and raised its interrupt; the driver'
say '   copied the slot, freed it, and a listener read it:'
say '# hvpost listen 6 --count 2'
sed 's/^/demo:   /' /tmp/heard
say
grep -q 'vp 0 .*hello, hypervisor' /tmp/heard
grep -q 'vp 1 .*the other CPU' /tmp/heard

say '4. While something listens, SINT 6 has an interrupt of its own on each CPU:'
listen_start 6
hvpost send 0x10 tick >/dev/null
hvpost send 0x11 tock >/dev/null
heard tick
heard tock
say '# grep hvpost /proc/interrupts'
sed -n '1s/^/demo:   /p; s/^\(.*hvpost.*\)/demo:   \1/p' /proc/interrupts
say
listen_stop

say '5. Round trips, application to host and back:'
show 'hvpost ping 0x10 6 --count 200 --interval 0 --quiet'

say '6. And a refusal, as the hypervisor gave it:'
say '# hvpost send 0x77 nobody'
expect_status 2 hvpost send 0x77 nobody >/tmp/shown 2>&1
sed 's/^/demo:   /' /tmp/shown
unload_hvpost
