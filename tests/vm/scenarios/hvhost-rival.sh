# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# about: somebody else changes the SynIC behind the driver's back: told once, taken again
# host: hvhost
# kernel: any
# seconds: 240

counts=/sys/class/misc/hvpost
expected_losses=0

# does CPU DEED [SINT]: the rival does it.
does()
{
	echo "$*" >/sys/module/hvpost_rival/parameters/deed
}

# lost COUNT TEXT: so many more losses are found, and told by that text once.
lost()
{
	expected_losses=$((expected_losses + $1))
	eventually grep -qx $expected_losses $counts/synic_losses
	[ "$(dmesg | grep -c "hvpost: $2")" -eq 1 ] || fail "not told once: $2"
}

# owner_changed COUNT: so many more times a CPU's SynIC was taken over, or shared.
owner_changed()
{
	owner_changes=$((owner_changes + $1))
	[ "$(cat $counts/owner_changes)" -eq $owner_changes ] || fail "owner_changes is not $owner_changes"
}

# both_hear TEXT: messages come to both VPs.
both_hear()
{
	hvpost send 0x10 "VP 0 $1"
	hvpost send 0x11 "VP 1 $1"
	heard "vp 0 .*VP 0 $1"
	heard "vp 1 .*VP 1 $1"
}

modprobe hvpost_rival

step "beside an owner without a page for flags events are refused"
does 0 take-simp
does 0 set-scontrol
load_hvpost
kernel_log_has 'owned on some and shared on others'
expect_status 1 hvpost listen 6 --events --timeout 1s 2>/tmp/output
cat /tmp/output
sints_are_free
listen_start 6
listen_stop
unload_hvpost
does 0 clear-simp
does 0 clear-scontrol

step "all is ours"
load_hvpost watch_seconds=1
echo_connections 6
testdev event-create 0x30 1 6
listen_start 6 --events --stats --ring 1
both_hear 'at first'

owner_changes=$(cat $counts/owner_changes)

step "SIMP is cleared: it is ours again"
does 1 clear-simp
lost 1 'CPU 1: somebody changed its SIMP, SIEFP or SCONTROL; taken up again'
both_hear 'after SIMP'

step "the SINT is masked: it is armed again"
does 1 mask 6
lost 1 'CPU 1: somebody masked SINT 6; armed again'
both_hear 'after the mask'

step "the SINT is somebody's: it is left to them, until they mask it"
does 0 take 6
lost 1 'CPU 0: somebody took SINT 6; it is not received until they mask it'
does 0 mask 6
eventually sh -c "dmesg | grep -q 'hvpost: CPU 0: has SINT 6 again'"
both_hear 'after the theft'

step "the SynIC is switched off: it is on again"
dmesg -c >/dev/null
does 0 clear-scontrol
lost 1 'CPU 0: somebody changed its SIMP, SIEFP or SCONTROL; taken up again'
both_hear 'after SCONTROL'
owner_changed 0

step "flags have no page: they have one again"
dmesg -c >/dev/null
does 1 clear-siefp
lost 1 'CPU 1: somebody changed its SIMP, SIEFP or SCONTROL; taken up again'
hvpost signal 0x30
heard 'vp 1 .*event'

step "SIMP is moved: messages are received from the other page"
dmesg -c >/dev/null
does 1 take-simp
lost 1 'CPU 1: somebody changed its SIMP, SIEFP or SCONTROL; taken up again'
both_hear 'on the other page'
expect_output '^SynIC +mixed' hvpost info
owner_changed 1

step "its new owner has no page for flags: messages go on, also after a stall"
dmesg -c >/dev/null
does 1 clear-siefp
lost 1 'CPU 1: somebody changed its SIMP, SIEFP or SCONTROL; taken up again'
both_hear 'beside no page for flags'
full=$(cat $counts/ring_full)
kill -STOP "$listener"
for number in 1 2 3; do
	hvpost send 0x11 "behind a full ring $number"
done
eventually sh -c "[ \$(cat $counts/ring_full) -gt $full ]"
kill -CONT "$listener"
for number in 1 2 3; do
	heard "vp 1 .*behind a full ring $number"
done

step "its new owner switches the SynIC off: that is theirs to end"
dmesg -c >/dev/null
does 1 clear-scontrol
lost 1 'CPU 1: somebody switched its SynIC off'
does 1 set-scontrol
eventually sh -c "dmesg | grep -q 'hvpost: CPU 1: has its SynIC again'"
both_hear 'when it is on again'
does 1 clear-simp
lost 1 'CPU 1: somebody changed its SIMP, SIEFP or SCONTROL; taken up again'
both_hear 'on our own page'
owner_changed 1

step "a new watch_seconds, or another bind, has it look at once"
dmesg -c >/dev/null
does 1 mask 6
echo 3600 >/sys/module/hvpost/parameters/watch_seconds
lost 1 'CPU 1: somebody masked SINT 6; armed again'
dmesg -c >/dev/null
does 1 mask 6
hvpost listen 7 >/dev/null 2>&1 &
other=$!
lost 1 'CPU 1: somebody masked SINT 6; armed again'
kill $other
wait $other

step "the reader knows as well"
listen_stop
cat /tmp/listener
grep -E "losses 11$" /tmp/listener

step "both pages are put back as they were found, and SCONTROL as the rival left it"
sed -i 's/^CPU1 SCONTROL .*/CPU1 SCONTROL 0x1/' /tmp/synic
unload_hvpost
