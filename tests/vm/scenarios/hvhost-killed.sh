#!/bin/sh
# SPDX-License-Identifier: MIT
# about: senders and listeners are killed in the midst of it, at a port that is full
# host: hvhost

# killed PID: kill it as nobody can prevent, and wait until it is gone.
killed()
{
	kill -KILL "$1"
	expect_status 137 wait "$1"
}

# waits_in PID FUNCTION: it sleeps inside a kernel function of that name.
waits_in()
{
	grep -Eq "$2" "/proc/$1/stack"
}

has_device()
{
	for fd in "/proc/$1/fd"/*; do
		[ "$(readlink "$fd")" != /dev/hvpost ] || return 0
	done
	return 1
}

load_hvpost
modprobe hvpost_testdev
dmesg | grep hvpost >/tmp/log

step "a port is full: its slot, and 16 buffers"
testdev message-create 0x20 0 9
hvpost send 0x20 full --count 17 --quiet
expect_status 2 hvpost send 0x20 'one too many' --timeout 0

step "senders are killed where they wait for room"
for round in 1 2 3; do
	hvpost send 0x20 "never sent $round" --timeout 1m &
	eventually waits_in $! hvp_post
	killed $!
done

step "senders are killed between one refusal and the next"
for round in 1 2 3; do
	hvpost send 0x20 "never sent $round" --count 1000000 --timeout 0 &
	eventually has_device $!
	killed $!
done
sints_are_free

step "what was in the port is there, and nothing else"
listen_start 9
hvpost send 0x20 'the last'
heard '"the last"'
listen_stop
sed 's/.*"\(.*\)"$/\1/' /tmp/heard | uniq -c | tr -s ' ' >/tmp/texts
printf ' 17 full\n 1 the last\n' | diff - /tmp/texts || fail "that is not what was sent"

step "listeners are killed where they wait, and their SINT is free at once"
for round in 1 2 3; do
	listen_start 9
	listener=$!
	eventually waits_in "$listener" 'poll|hvp_inbox'
	killed "$listener"
	sints_are_free
done

step "listeners are killed with full rings, occupied slots and a full port behind"
for round in 1 2 3; do
	listen_start 9 --ring 4
	listener=$!
	kill -STOP "$listener"
	expect_status 2 hvpost send 0x20 "for $round" --count 100 --timeout 0
	killed "$listener"
	sints_are_free
	listen_start 9
	hvpost send 0x20 "after $round"
	heard "\"after $round\""
	listen_stop
done

step "both are killed while messages pass"
for round in 1 2 3; do
	listen_start 9
	listener=$!
	hvpost send 0x20 "flood $round" --count 1000000 &
	sender=$!
	heard "\"flood $round\""
	killed "$listener"
	killed "$sender"
	sints_are_free
done
listen_start 9
hvpost send 0x20 'all is well'
heard '"all is well"'
listen_stop

step "the driver had nothing to say of it"
dmesg | grep hvpost | diff /tmp/log - || fail "the kernel log has grown"
unload_hvpost
