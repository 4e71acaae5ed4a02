#!/bin/sh
# SPDX-License-Identifier: MIT
# about: counters, trace points, hvpost trace and top tell the same; hv_vmbus by name
# devices: hyperv-testdev vmbus-bridge
# seconds: 240
# vmbus: module
# leaves: seen.pcapng counts
# after: trace.sh

# scripts/debug-kernel's has trace points, and no BPF.
case $(uname -r) in
*-debug) bpf= ;;
*) bpf=yes ;;
esac
tracing=/sys/kernel/tracing
counts=/sys/class/misc/hvpost

# count NAME: what the driver has counted since load.
count()
{
	cat "$counts/$1"
}

# count_all NAME: the same, of all SINTs together.
count_all()
{
	cat "$counts/$1_by_sint"/* | awk '{ sum += $1 } END { print sum }'
}

# Of each: a counter, the trace point that is to have been passed as often, and what
# the status is then.
telling='posts post
signals signal
slots slot
flags flag
eoms eom
ring_full ring_full
ring_resumed ring_resumed
drops drop
owner_changes owner
posts_by_status/SUCCESS post SUCCESS
posts_by_status/INVALID_CONNECTION_ID post INVALID_CONNECTION_ID
posts_by_status/INSUFFICIENT_BUFFERS post INSUFFICIENT_BUFFERS
posts_by_status/none post none'

# send_echoes COUNT TEXT: messages that come back to SINT 6 of VP 0.
sent=0
send_echoes()
{
	hvpost send 0x10 --count "$1" --timeout "$(patience 60)" "$2"
	sent=$((sent + $1))
}

# waiting_is QUEUED OCCUPIED: so many records in the rings of SINT 6, and slots.
waiting_is()
{
	[ "$(count queued_by_sint/6) $(count occupied_by_sint/6)" = "$*" ]
}

# remember: what was counted before somebody looked.
remember()
{
	echo "$telling" | while read -r name _; do
		echo "$name $(count "$name")"
	done >/tmp/before
}

# in_trace POINT [STATUS]: how often the kernel's own trace has it.
in_trace()
{
	grep -Ec " hvpost_$1: ${2:+.*status=$2 }" /tmp/trace || :
}

# read_seen: /tmp/seen is what hvpost trace has written so far, as lines. It may be
# in the midst of a packet.
read_seen()
{
	hvpost capture --read /tmp/seen.pcapng --json >/tmp/seen || :
}

# seen POINT [STATUS]: how often hvpost trace saw it. What has no status says none.
seen()
{
	status=${2-}
	kind="\"event\":\"$(echo "$1" | tr _ -)\".*\"source\":\"hvpost.ko\""
	case $status in
	none) grep "$kind" /tmp/seen | grep -vc '"status"' || : ;;
	*) grep -c "$kind${status:+.*\"status_name\":\"HV_STATUS_$status\"}" /tmp/seen || : ;;
	esac
}

# agree: what was counted since, is in the trace, and was seen.
agree()
{
	cat $tracing/trace >/tmp/trace
	! grep -h '^overrun: [1-9]' $tracing/per_cpu/cpu*/stats || fail "the trace lost events"
	echo "$telling" | while read -r name point status; do
		before=$(sed -n "s|^$name ||p" /tmp/before)
		counted=$(($(count "$name") - before))
		traced=$(in_trace "$point" "$status")
		saw=$traced
		[ -z "$bpf" ] || saw=$(seen "$point" "$status")
		echo "$name: counted $counted, in the trace $traced, seen $saw"
		[ "$counted" -gt 0 ] || exit 1
		[ "$counted" -eq "$traced" ] || exit 1
		[ "$counted" -eq "$saw" ] || exit 1
	done || fail "they do not tell the same"
}

# tracer_start, tracer_stop: what it writes is a capture.
tracer_start()
{
	: >/tmp/seen.pcapng
	[ -n "$bpf" ] || return 0
	hvpost trace --payload --write /tmp/seen.pcapng 2>/tmp/tracer &
	tracer=$!
	eventually grep 'following hvpost.ko.* hv_vmbus once it is loaded' /tmp/tracer
}

tracer_stop()
{
	[ -n "$bpf" ] || return 0
	kill "$tracer"
	wait "$tracer" || fail "the tracer ended with $?"
	cat /tmp/tracer
	grep '^[0-9]* seen, 0 lost' /tmp/tracer
	read_seen
}

# What Wireshark calls a trace point, or a status.
shown_as()
{
	case $1 in
	post) echo 'hvpost.kind == "Post"' ;;
	signal) echo 'hvpost.kind == "Signal"' ;;
	slot) echo 'hvpost.kind == "Slot"' ;;
	flag) echo 'hvpost.kind == "Flag"' ;;
	eom) echo 'hvpost.kind == "EOM"' ;;
	ring_full) echo 'hvpost.kind == "Ring full"' ;;
	ring_resumed) echo 'hvpost.kind == "Ring resumed"' ;;
	drop) echo 'hvpost.kind == "Drop"' ;;
	owner) echo 'hvpost.kind == "Owner"' ;;
	esac
	case ${2-} in
	'') ;;
	none) echo '&& !hvpost.status' ;;
	*) echo "&& hvpost.status == \"$2\"" ;;
	esac
}

# expect_packets COUNT FILTER...: the capture has so many like that.
expect_packets()
{
	echo "$@" >>/tmp/counts
}

# leave_capture: what the driver counted is what others are to find in it.
leave_capture()
{
	echo "$telling" | while read -r name point status; do
		before=$(sed -n "s|^$name ||p" /tmp/before)
		# shellcheck disable=SC2046 # words
		expect_packets $(($(count "$name") - before)) \
			'hvpost.source == "hvpost.ko" &&' $(shown_as "$point" "$status")
	done
	posts='hvpost.source == "hvpost.ko" && hvpost.kind == "Post"'
	expect_packets $sent "$posts && hvpost.connection == 0x10 && hvpost.status == 0"
	expect_packets 1 "$posts && hvpost.connection == 0xee && hvpost.attempts == 1"
	expect_packets $sent 'hvpost.source == "hvpost.ko" && hvpost.kind == "Slot" &&' \
		'hvpost.vp == 0 && hvpost.sint == 6 && hvpost.origin == 0'
	expect_packets "$(sed -n 's/ seen, 0 lost$//p' /tmp/tracer)" frame
	leave /tmp/seen.pcapng /tmp/counts
}

step "without the driver, BPF or a right to it, the words are clear"
expect_status 1 hvpost trace --source hvpost.ko 2>/tmp/output
cat /tmp/output
if [ -n "$bpf" ]; then
	grep 'hvpost.ko is not loaded' /tmp/output
	grep 'modprobe hvpost' /tmp/output
	mkdir -p /etc
	printf 'root:x:0:0::/:/bin/sh\nguest:x:1003:1003::/:/bin/sh\n' >/etc/passwd
	expect_status 1 su -s /bin/sh guest -c 'hvpost trace' 2>/tmp/output
	grep 'not for this user' /tmp/output
else
	grep 'this kernel has no BPF' /tmp/output
	grep 'events/hvpost' /tmp/output
fi

step "counters are root's to read"
load_hvpost
echo_connections 6
# QEMU tells one route of a SINT about EOMs: so events have one of their own.
testdev event-create 0x30 0 7
[ "$(stat -c %a $counts/posts)" = 400 ]
[ "$(stat -c %a $counts/posts_by_status/SUCCESS)" = 400 ]
[ "$(stat -c %a $counts/queued_by_sint/6)" = 400 ]
[ "$(count owner_changes)" = 2 ]

step "all is looked at"
echo 1024 >$tracing/buffer_size_kb
tracer_start
echo 1 >$tracing/events/hvpost/enable
remember

step "messages and events come"
listen_start 6 --count 100
send_echoes 100 'to VP 0'
listen_wait
listen_start 7 --count 1 --events
hvpost signal 0x30
listen_wait
testdev message-create 0x20 1 8
listen_start 8 --count 5
hvpost send 0x20 --count 5 --timeout "$(patience 60)" 'to VP 1'
listen_wait

step "messages are refused, by the host and before it"
expect_status 2 hvpost send 0xee 'to nobody'
load_vmbus
expect_status 1 hvpost send 1 'to VMBus'

step "a reader that is stopped has them wait"
listen_start 6 --ring 2
reader=$!
kill -STOP $reader
# Two in the ring, one in its slot, one with the host.
send_echoes 4 'to a full ring'
expect_status 2 hvpost send 0x10 --timeout 0 'to a full ring'
eventually waiting_is 2 1
hvpost top --once --interval 0
hvpost top --once --interval 0 --json >/tmp/top
grep '"name":"6",.*"lost":0,"queued":2,"occupied":1,"state":"bound"}' /tmp/top
kill -CONT $reader
all_are_heard() { [ "$(grep -c 'full ring' /tmp/heard)" -eq 4 ]; }
# QEMU waits for ever for the EOI of what comes while nobody listens.
eventually all_are_heard
listen_stop

step "one that shares the SINT loses them"
listen_start 6 --ring 2 --shared
reader=$!
kill -STOP $reader
send_echoes 9 'to a shared ring'
eventually waiting_is 2 0
kill -CONT $reader
listen_stop

# vmbus_slot_is_seen: one that QEMU answered. A message that comes while another probe
# of hv_vmbus runs on its CPU is not: it depends on how fast QEMU is.
vmbus_slot_is_seen()
{
	[ -n "$bpf" ] || return 0
	read_seen
	grep '"source":"hv_vmbus".*"vmbus_name":"version response"' /tmp/seen
}

step "hv_vmbus says goodbye, and comes again until an answer to it is seen"
rmmod hv_vmbus
until vmbus_slot_is_seen; do
	load_vmbus
	rmmod hv_vmbus
done

step "all of it is told three times, alike"
echo 0 >$tracing/events/hvpost/enable
tracer_stop
agree
called=$(($(count posts) - $(count posts_by_status/none)))
[ $called -le "$(count post_attempts)" ] ||
	fail "$called posts took $(count post_attempts) hypercalls"

step "SINTs tell the same as all of them together"
[ "$(count slots_by_sint/6)" -eq $sent ]
[ "$(count slots_by_sint/8)" -eq 5 ]
[ "$(count drops_by_sint/6)" -gt 0 ]
for what in slots drops; do
	[ "$(count_all $what)" -eq "$(count $what)" ] ||
		fail "SINTs have $(count_all $what) $what, and all $(count $what)"
done

step "hvpost top shows what was counted"
hvpost top --once --interval 0 --json >/tmp/top
cat /tmp/top
hvpost top --once --interval 0
grep "\"name\":\"all\",\"posted\":$(count posts_by_status/SUCCESS),\"refused\":$(($(count posts) - $(count posts_by_status/SUCCESS)))" /tmp/top
nothing='"queued":0,"occupied":0}'
grep "\"name\":\"all\",\"arrived\":$(count slots),\"lost\":$(count drops),$nothing" /tmp/top
grep "\"name\":\"6\",\"arrived\":$sent,\"lost\":$(count drops),$nothing" /tmp/top
grep "\"name\":\"8\",\"arrived\":5,\"lost\":0,$nothing" /tmp/top
grep "\"name\":\"none\",\"posts\":$(count posts_by_status/none)}" /tmp/top

step "no payload is in the kernel's trace"
! grep -E 'to (VP 0|nobody|a full ring)' /tmp/trace ||
	fail "the trace shows payloads"

# tracer_is_right: what else it is to have seen.
tracer_is_right()
{
	step "who asks for payloads by name has them"
	grep -m 1 '"event":"post".*"payload_text":"to nobody"' /tmp/seen
	grep -m 1 '"event":"slot".*"payload_text":"to VP 0"' /tmp/seen

	step "hv_vmbus's handshake, from the first message on, by name"
	grep '"source":"hv_vmbus"' /tmp/seen | sed -n 's/.*"event":"\([a-z]*\)".*"vmbus_name":"\([^"]*\)".*/\1 \2/p' >/tmp/handshake
	cat /tmp/handshake
	grep -x 'post initiate contact' /tmp/handshake
	grep -x 'slot version response' /tmp/handshake
	grep -x 'post request offers' /tmp/handshake
	grep -x 'post unload' /tmp/handshake
	grep -m 1 '"source":"hv_vmbus".*"status_name":"HV_STATUS_SUCCESS".*"duration_ns":[0-9]' /tmp/seen
}
[ -z "$bpf" ] || tracer_is_right

step "Wireshark is to find the same in the capture"
leave_capture

step "nothing is left behind"
! grep hvpost $tracing/kprobe_events || fail "a probe is left"
unload_hvpost
