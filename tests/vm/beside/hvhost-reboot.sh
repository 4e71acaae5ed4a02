# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# For scenario hvhost-reboot: tell the guest, which asks, how often it has booted.

app=host:socket,partition=app

for boot in 1 2 3; do
	hvpost listen 6 --count 1 --target $app
	hvhost guest list --json --socket socket >guests
	grep "\"resets\":$((boot - 1))," guests
	hvpost send 0x20 "boot $boot" --timeout $((60 * slowness))s --target $app
done
