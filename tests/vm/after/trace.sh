#!/bin/sh
# SPDX-License-Identifier: MIT
#
# For scenario trace: the capture has what was counted, and the handshake of hv_vmbus
# by name and in order. A post ends after the answer that QEMU gives within it, so the
# order is that of beginnings. Not each answer is seen (hvpost(1)), so they may be
# missing, but not stand elsewhere.

# shellcheck source=tests/vm/after/capture.sh
. ../../../../tests/vm/after/capture.sh

dissect seen.pcapng -Y 'hvpost.source == "hv_vmbus" && vmbus' -T fields -e frame.time_epoch \
	-e hvpost.duration_ns -e hvpost.connection -e hvpost.sint -e _ws.col.Info |
	awk -F '\t' '{ printf "%.9f\t%s\t%s\t%s\n", $1 - $2 / 1e9, $3, $4, $5 }' |
	sort -n >handshake
cat handshake

# QEMU has connection 1 and no version of 5; answers come to SINT 2.
! grep -vE -e '0x00000001		Post connection 0x1 SUCCESS: [A-Z]' \
	-e '0x00000004		Post connection 0x4 INVALID_CONNECTION_ID: Initiate Contact, version 5' \
	-e '	2	Slot SINT 2: [A-Z]' handshake ||
	{ echo 'a message of VMBus went another way'; exit 1; }

sed 's/.*: \([A-Z][A-Za-z ]*\).*/\1/' handshake | paste -sd , >names
contact='(Initiate Contact,(Version Response,)?)+'
visit="${contact}Request Offers,(All Offers Delivered,)?Unload(,Unload Response)?"
cat names
grep -Ex "$visit(,$visit)*" names || { echo 'the handshake is another one'; exit 1; }
grep -q 'Version Response, supported' handshake ||
	{ echo 'no version was agreed on'; exit 1; }
