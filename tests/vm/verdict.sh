# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# verdict DIR NONCE: judge one run of a guest by what it left in DIR. Prints
# "passed", "failed: WHY" or "stalled: WHY".
#
# A run passed if QEMU ended by itself with code 0, the kernel log is clean and
# the report's last line is the success word. It stalled if the guest went
# silent before it touched hvpost and without reporting anything bad: nested
# guests now and then lose their timer. Everything else failed.

# What never stands in a healthy kernel's log.
bad_news='(^|[^A-Z])BUG(:| at | [a-z0-9_-]+ \()|WARNING: |Oops: |Kernel panic|Call Trace:'
bad_news="$bad_news|general protection|unable to handle|double fault"
bad_news="$bad_news|INFO: (possible|task|trying|inconsistent|suspicious)"
bad_news="$bad_news|KASAN: |UBSAN: |KFENCE: |ODEBUG: |kmemleak: [0-9]+ new"
bad_news="$bad_news|rcu.*(detected stall|self-detected|starved for)"
bad_news="$bad_news|hard LOCKUP|unchecked MSR access|nobody cared|No irq handler for vector"

# Some hosts' CPUs make the kernel say this at boot.
old_news='Spectre V2 : WARNING: '

# said DIR WORD: the text of the report's last line "rig: WORD TEXT".
said()
{
	tr -d '\r\0' <"$1/report" | sed -n "s/^rig: $2 //p" | tail -n 1
}

# what_is_wrong DIR NONCE: "failed: WHY", "stalled: WHY" or nothing.
what_is_wrong()
{
	news=$(grep -aEv "$old_news" "$1/console" | grep -aEm 1 "$bad_news" |
		tr -d '\r\0')
	reason=$(said "$1" fail)
	ended=$(said "$1" ended)
	touched=$(said "$1" touching)
	stopped=$(cat "$1/stopped" 2>/dev/null)
	last=$(tr -d '\r\0' <"$1/report" | tail -n 1)

	if [ -n "$news" ]; then
		echo "failed: the kernel log says '$news'"
	elif [ -n "$reason" ]; then
		echo "failed: $reason"
	elif [ -n "$ended" ]; then
		echo "failed: the scenario ended $ended"
	elif [ "${stopped% *}" = silent ] && [ -n "$touched" ]; then
		echo "failed: the guest was silent for ${stopped#* } s" \
			"after it touched $touched"
	elif [ "${stopped% *}" = silent ]; then
		echo "stalled: the guest was silent for ${stopped#* } s"
	elif [ -n "$stopped" ]; then
		echo "failed: it was not done after ${stopped#* } s"
	elif [ "$(cat "$1/status")" != 0 ]; then
		echo "failed: QEMU exited with $(cat "$1/status"):" \
			"$(tail -n 1 "$1/qemu")"
	elif [ "$last" != "rig: success $2" ]; then
		echo "failed: the guest ended without the success word"
	fi
}

verdict()
{
	for file in console report qemu status; do
		if [ ! -e "$1/$file" ]; then
			echo "failed: no $file came back"
			return
		fi
	done

	wrong=$(what_is_wrong "$1" "$2")
	step=$(said "$1" step)
	if [ -n "$wrong" ]; then
		echo "$wrong${step:+, in step $step}"
	else
		echo "passed"
	fi
}
