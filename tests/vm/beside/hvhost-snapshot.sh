# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For scenario hvhost-snapshot: four times, each after more messages have come,
# stop both guests, write down the machine, replace it by what is written, go on.
# Then end the flood, and tell how many messages it had.

export HVHOST_SOCKET=socket

# count WORD: the number before that word, of what goes to the first guest.
count()
{
	hvhost inspect | sed -n '/^test:/,/^[^ ]*: /p' |
		sed -n "/ VP 0: \| port 0x30: /s/.* \([0-9]*\) $1.*/\1/p"
}

# state_of_all: but for the statuses by which a VP was refused, which are counted for
# who looks and are no part of a snapshot.
state_of_all()
{
	hvhost inspect | grep -v ' refused: '
}

await_more()
{
	until [ "$(count delivered)" -gt "$1" ]; do
		sleep 0.1
	done
}

seen=0
for round in 1 2 3 4; do
	await_more "$seen"
	hvhost guest pause second
	hvhost snapshot --force state
	if hvhost restore state; then
		exit 1
	fi
	hvhost guest pause test
	hvhost snapshot --force state
	state_of_all >before
	hvhost restore state
	state_of_all >after
	diff before after
	seen=$(count delivered)
	echo "round $round: $seen messages"
	hvhost guest resume test
	hvhost guest resume second
done
hvhost guest stop second
hvpost send 0x32 "$(count posted) posted" --timeout $((60 * slowness))s \
	--target host:socket,partition=end
