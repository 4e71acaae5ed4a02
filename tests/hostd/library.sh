#!/bin/bash
# SPDX-License-Identifier: MIT
# Run the library's cases as a partition of an hvhost of their own, and conform.
set -euo pipefail

usage()
{
	cat <<-'END'
	usage: tests/hostd/library.sh BUILD [OPTION]...

	BUILD is a build folder with bin/hvhost, bin/hvpost and tests/library; the
	OPTIONs go to hvhost run.
	END
}

case ${1-} in
-h | --help) usage; exit ;;
'') usage >&2; exit 1 ;;
esac
build=$1
shift

folder=$(mktemp -d)
socket=$folder/s
host=

finish()
{
	[ -z "$host" ] || kill "$host" 2>/dev/null || true
	rm -rf "$folder"
}
trap finish EXIT

# The links of the embedded target, between two partitions.
links=(--link lib:0x15=echo:5 --link 'lib:0x26=echo:6,event')
for sint in 6 7 8 9; do
	links+=(--link "lib:0x1$sint=echo:$sint")
done

mkfifo "$folder/ready"
"$build/bin/hvhost" run --socket "$socket" "${links[@]}" --conformance prober \
	--partition 'restricted,restricted' --partition 'inactive,inactive' \
	--ready-fd 3 "$@" 3>"$folder/ready" >/dev/null &
host=$!
read -r _ <"$folder/ready"

# While ids of partitions are low, as conform looks for them
"$build/bin/hvpost" conform --target "host:$socket,partition=prober" \
	--restricted "host:$socket,partition=restricted" \
	--inactive "host:$socket,partition=inactive" | tail -n 1

"$build/tests/library" "target=host:$socket,partition=lib,receiver=echo" \
	connection=0x16 sint=6 stuck=0x15 event=0x26

kill "$host"
wait "$host"
[ ! -e "$socket" ]
host=
