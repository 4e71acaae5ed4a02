#!/bin/sh
# SPDX-License-Identifier: MIT
# about: a listener stopped while thousands of messages arrive: all come, in order
# devices: hyperv-testdev
# append: preempt=full

load_hvpost
for sint in 6 7; do
	testdev message-create $((0x10 + sint)) 0 $sint
	testdev message-create $((0x20 + sint)) 1 $sint
done

step "a listener with room for 1024 messages a VP is stopped, and flooded"
listen_start 6 --ring 1024 --stats
# QEMU's test device keeps one message.
timeout "$(patience 100)" flow "$!" "${host_buffers:-1}" >/tmp/sent
read -r sent0 sent1 </tmp/sent
echo "sent: $sent0 $sent1"
[ $((sent0 + sent1)) -gt 4000 ] || fail "those are not thousands"

step "it prints every message once, and each VP's in order"
eventually sh -c "[ \$(wc -l </tmp/heard) -ge $((sent0 + sent1)) ]"
listen_stop
cat /tmp/listener
# [TIME] vp VP sint 6 seq SEQUENCE ... "NUMBER"
sed -n 's/.* vp \([01]\) sint 6 seq \([0-9]*\) .* "\([0-9]*\)"$/\1 \2 \3/p' \
	/tmp/heard >/tmp/numbers
awk -v sent0="$sent0" -v sent1="$sent1" '
	$3 != got[$1]++ || $2 != got[$1] {
		print "line " NR ": VP " $1 " sequence " $2 " number " $3
		wrong = 1
		exit
	}
	END {
		print "printed: " got[0] " " got[1]
		exit wrong || got[0] != sent0 || got[1] != sent1 ||
			NR != sent0 + sent1
	}' /tmp/numbers || fail "not every message came once and in order"

step "nothing is left behind"
unload_hvpost
