# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For scenario hvhost-trace: follow hvhost and kvm from where they run while the guest
# posts to a process that is stopped for a while. Counters and the tracers are to tell
# the same, and the guest is told then. One tracer prints, one writes a capture, and one
# is stopped for a while, too, with little room for what waits: it loses much, and
# knows how much.

export HVHOST_SOCKET=socket
messages=400

# await COMMAND...
await()
{
	until "$@"; do
		sleep 0.2
	done
}

heard()
{
	[ "$(wc -l <heard)" -ge "$1" ]
}

# counted KEY: of the port that the messages came to.
counted()
{
	hvhost inspect --json |
		sed "s/.*\"type\":\"message\",\"sint\":7,[^}]*\"$1\":\([0-9]*\).*/\1/"
}

# seen PATTERN
seen()
{
	grep -c "$1" seen || :
}

is_refused()
{
	[ "$(seen '"event":"queue-full"')" -gt 0 ]
}

# agree WHAT COUNT SEEN
agree()
{
	echo "$1: counted $2, seen $3"
	[ "$2" -gt 0 ]
	[ "$2" -eq "$3" ]
}

# Anybody can have files of a library's name mapped, more than are followed, and put
# anything where one was; a process that uses another copy is seen all the same.
mkdir -p other/bin other/lib
cp ../../../bin/hvpost other/bin
cp ../../../lib/libhvpost.so.0 ../../../lib/libhvhost.so.0 other/lib
names=
for i in $(seq 20); do
	cp other/lib/libhvpost.so.0 "libhvhost.so.$i"
	names="$names ./libhvhost.so.$i"
done
LD_PRELOAD=$names hvpost listen 3 --target embedded 2>stranger &
stranger=$!
await grep -q '^listening' stranger
rm libhvhost.so.20
mkfifo "libhvhost.so.20 (deleted)"
other/bin/hvpost ping 0x13 3 --count 100000 --target embedded >pinged &
pinger=$!
await grep -q echo pinged
hvpost trace --source libhvhost --pid $pinger --count 1 2>judged
cat judged
grep "^not process $stranger, which has .*/libhvhost.so.20 (deleted): it has no such probes" judged
grep '^nor 4 more of such names' judged
kill $pinger $stranger
rm -r other libhvhost.so.*

# Where pids are others than outside, they are those that ps shows there.
# shellcheck disable=SC2016 # in there
unshare -m -p -f --mount-proc sh -eu -c '
	hvpost ping 0x13 3 --count 100000 --target embedded >/dev/null &
	hvpost trace --source libhvpost --pid $! --count 1 \
		--timeout "$((60 * slowness))s" >inside
	cat inside
	grep " pid $! " inside
	kill $!
'

# What a process says that cannot be is in no capture, and spoils none. Those that die
# in a post cost no other one its duration.
mkfifo speak
false_probes <speak >spoken &
liar=$!
exec 4>speak
await grep -q ready spoken
hvpost trace --write false.pcapng --source libhvpost --pid $liar \
	--program "$(command -v false_probes)" 2>judged &
tracer=$!
await grep -q '^following libhvpost' judged
echo >&4
wait $liar
kill $tracer
wait $tracer
cat judged
grep '^2 seen, 0 lost' judged
grep '^6 refused' judged
hvpost capture --read false.pcapng --json >spoken
grep '"event":"ring-resumed".*"sint":15' spoken
grep '"event":"post".*"status":0.*"duration_ns":' spoken
grep '"event":"end","seen":2' spoken

hvpost listen 7 --ring 2 --target host:socket,partition=app >heard 2>listener &
listener=$!
await grep -q '^listening' listener
hvpost trace --json --source libhvhost --source kvm >seen 2>tracer &
tracer=$!
await grep -q '^following libhvhost, kvm' tracer

hvpost trace --payload --write seen.pcapng --source libhvhost --source kvm 2>writer &
writer=$!
await grep -q '^following libhvhost, kvm' writer
hvpost trace --write lossy.pcapng --source libhvhost --connection 0x20 --buffer 4 2>loser &
loser=$!
await grep -q '^following libhvhost' loser

kill -STOP $loser
kill -STOP $listener
await hvpost send 0x10 'begin' --target host:socket,partition=end
await is_refused
kill -CONT $loser
await grep -q 'lost so far' loser
kill -CONT $listener
await heard $messages
posted=$(counted posted) refused=$(counted refused) delivered=$(counted delivered)
kill $listener
wait $listener
for pid in $tracer $writer $loser; do
	kill "$pid"
	wait "$pid"
done
cat tracer writer loser
grep '^[0-9]* seen, 0 lost' tracer
grep '^[0-9]* seen, 0 lost' writer

post='"event":"post".*"source":"libhvhost".*"connection":32'
call='"event":"hypercall".*"source":"kvm".*"call":92'
[ "$posted" -eq $messages ]
agree posted "$posted" "$(seen "$post.*HV_STATUS_SUCCESS\"")"
agree refused "$refused" "$(seen "$post.*HV_STATUS_INSUFFICIENT_BUFFERS\"")"
agree full "$refused" "$(seen '"event":"queue-full"')"
agree delivered "$delivered" "$(seen '"event":"deliver".*"sint":7.*"origin":"0x20"')"
agree 'hypercalls taken' "$posted" "$(seen "$call.*HV_STATUS_SUCCESS\"")"
agree 'hypercalls refused' "$refused" "$(seen "$call.*HV_STATUS_INSUFFICIENT_BUFFERS\"")"

hvpost capture --read lossy.pcapng 2>summary >/dev/null
cat summary
kept=$(sed 's/ seen.*//' summary) lost=$(sed 's/.*, \(.*\) dropped/\1/' summary)
[ "$kept" -gt 10 ]
agree 'kept and lost' "$((posted + refused))" "$((kept + lost))"

post='hvpost.source == "libhvhost" && hvpost.kind == "Post" && hvpost.connection == 0x20'
call='hvpost.source == "kvm" && hvpost.kind == "Hypercall" && hvpost.call == 0x5c'
cat >counts <<-END
	$posted $post && hvpost.status == "SUCCESS" && hvpost.size > 0
	$refused $post && hvpost.status == "INSUFFICIENT_BUFFERS"
	$refused hvpost.kind == "Queue full"
	$delivered hvpost.kind == "Deliver" && hvpost.sint == 7 && hvpost.vp == 0 && hvpost.origin == 0x20
	$posted $call && hvpost.status == "SUCCESS"
	$refused $call && hvpost.status == "INSUFFICIENT_BUFFERS"
	$(sed -n 's/ seen, 0 lost$//p' writer) frame
END
await hvpost send 0x10 'all is well' --target host:socket,partition=end
