# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For scenario hvhost-trace: follow hvhost and kvm from where they run while the guest
# posts to a process that is stopped for a while. Counters and the tracer are to tell
# the same, and the guest is told then.

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

hvpost listen 7 --ring 2 --target host:socket,partition=app >heard 2>listener &
listener=$!
await grep -q '^listening' listener
hvpost trace --json --source libhvhost --source kvm >seen 2>tracer &
tracer=$!
await grep -q '^following libhvhost, kvm' tracer

kill -STOP $listener
await hvpost send 0x10 'begin' --target host:socket,partition=end
await is_refused
kill -CONT $listener
await heard $messages
posted=$(counted posted) refused=$(counted refused) delivered=$(counted delivered)
kill $listener
wait $listener
kill $tracer
wait $tracer
cat tracer
grep '^[0-9]* seen, 0 lost' tracer

post='"event":"post".*"source":"libhvhost".*"connection":32'
call='"event":"hypercall".*"source":"kvm".*"call":92'
[ "$posted" -eq $messages ]
agree posted "$posted" "$(seen "$post.*HV_STATUS_SUCCESS\"")"
agree refused "$refused" "$(seen "$post.*HV_STATUS_INSUFFICIENT_BUFFERS\"")"
agree full "$refused" "$(seen '"event":"queue-full"')"
agree delivered "$delivered" "$(seen '"event":"deliver".*"sint":7.*"origin":"0x20"')"
agree 'hypercalls taken' "$posted" "$(seen "$call.*HV_STATUS_SUCCESS\"")"
agree 'hypercalls refused' "$refused" "$(seen "$call.*HV_STATUS_INSUFFICIENT_BUFFERS\"")"
await hvpost send 0x10 'all is well' --target host:socket,partition=end
