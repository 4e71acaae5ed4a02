# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# verdict DIR NONCE: judge one run by what it left in DIR, which DIR/files names.
# Prints "passed", "failed: WHY" or "stalled: WHY".
#
# A run passed if QEMU, or our own host, ended by itself with code 0, what ran
# beside it did so too, and of each guest the kernel log is clean and the report's
# last line is the success word; and then the files it was to leave are there, and who
# looks at them afterwards finds nothing wrong. It stalled if a guest went silent before
# it touched hvpost and without reporting anything bad: nested guests now and then lose
# their timer, and another guest may then wait for one in vain. Or if its processor,
# which may be an emulated one, had flags that no processor has: what the kernel says
# then is not ours. Or if a QEMU that is the host crashed: no guest may do that to it,
# but its echo device's assertions (134) are for who misuses the device. Everything else
# failed.

# What never stands in a healthy kernel's log.
bad_news='(^|[^A-Z])BUG(:| at | [a-z0-9_-]+ \()|WARNING: |Oops: |Kernel panic|Call Trace:'
bad_news="$bad_news|general protection|unable to handle|double fault"
bad_news="$bad_news|INFO: (possible|task|trying|inconsistent|suspicious)"
bad_news="$bad_news|KASAN: |UBSAN: |KFENCE: |ODEBUG: |kmemleak: [0-9]+ new"
bad_news="$bad_news|rcu.*(detected stall|self-detected|starved for)"
bad_news="$bad_news|hard LOCKUP|unchecked MSR access|nobody cared|No irq handler for vector"

# Bits 22 to 31 of the flags are always clear.
impossible='EFLAGS: ([1-9a-f]|0[1-9a-f]|00[4-9a-f])'

# Some hosts' CPUs make the kernel say this at boot.
old_news='Spectre V2 : WARNING: '

# In what follows dir is DIR, and a guest is what its files end in: nothing for the
# first one, .b for a second guest b.

# said GUEST WORD: the text of the report's last line "rig: WORD TEXT".
said()
{
	tr -d '\r\0' <"$dir/report$1" | sed -n "s/^rig: $2 //p" | tail -n 1
}

# found GUEST WHY: print it, with the step that the guest was in.
found()
{
	step=$(said "$1" step)
	echo "$2${step:+, in step $step}${1:+, in guest ${1#.}}"
}

look_at_processor()
{
	flags=$(grep -aEom 1 "${impossible}[0-9a-f]*" "$dir/console$1")
	[ -z "$flags" ] || found "$1" "stalled: the processor had $flags"
}

look_at_log()
{
	news=$(grep -aEv "$old_news" "$dir/console$1" | grep -aEm 1 "$bad_news" |
		tr -d '\r\0')
	[ -z "$news" ] || found "$1" "failed: the kernel log says '$news'"
}

# silence GUEST: the seconds after which it was taken for gone, or nothing.
silence()
{
	sed -n "s/^silent \([0-9]*\) *$1\$/\1/p" "$dir/stopped" 2>/dev/null
}

look_for_stall()
{
	silent=$(silence "$1")
	[ -z "$silent" ] || [ -n "$(said "$1" '\(touching\|fail\|ended\)')" ] ||
		found "$1" "stalled: the guest was silent for $silent s"
}

look_at_report()
{
	reason=$(said "$1" fail)
	ended=$(said "$1" ended)
	silent=$(silence "$1")
	if [ -n "$reason" ]; then
		found "$1" "failed: $reason"
	elif [ -n "$ended" ]; then
		found "$1" "failed: the scenario ended $ended"
	elif [ -n "$silent" ]; then
		found "$1" "failed: the guest was silent for $silent s after it touched $(said "$1" touching)"
	fi
}

look_at_end()
{
	bound=$(sed -n 's/^bound //p' "$dir/stopped" 2>/dev/null)
	status=$(cat "$dir/status")
	if [ -n "$bound" ]; then
		found "" "failed: it was not done after $bound s"
	elif [ "$status" = 139 ] && grep -qs qemu-system "$dir/command"; then
		found "" "stalled: QEMU crashed"
	elif [ "$status" != 0 ]; then
		found "" "failed: QEMU exited with $status: $(tail -n 1 "$dir/qemu")"
	fi
}

# look_at_word GUEST NONCE
look_at_word()
{
	last=$(tr -d '\r\0' <"$dir/report$1" | tail -n 1)
	[ "$last" = "rig: success $2" ] ||
		found "$1" "failed: the guest ended without the success word"
}

look_beside()
{
	status=$(cat "$dir/beside.status" 2>/dev/null)
	[ "${status:-0}" = 0 ] ||
		found "" "failed: what ran beside the host exited with $status: $(tail -n 1 "$dir/beside")"
}

# look NONCE GUEST...: print all that is wrong, the likeliest cause first.
look()
{
	nonce=$1
	shift
	for guest; do look_at_processor "$guest"; done
	for guest; do look_at_log "$guest"; done
	for guest; do look_for_stall "$guest"; done
	for guest; do look_at_report "$guest"; done
	look_at_end
	for guest; do look_at_word "$guest" "$nonce"; done
	look_beside
}

# take_out: what the first guest gave out in its report, of what is to be left. What
# has come some other way stays.
take_out()
{
	while read -r file; do
		[ ! -e "$dir/$file" ] || continue
		tr -d '\r\0' <"$dir/report" | sed -n "s/^rig: file $file //p" >"$dir/packed"
		base64 -d "$dir/packed" | gzip -dc >"$dir/unpacked" &&
			mv "$dir/unpacked" "$dir/$file"
	done <"$dir/leaves" 2>/dev/null
}

look_at_leaves()
{
	[ -e "$dir/leaves" ] || return 0
	take_out
	while read -r file; do
		[ -e "$dir/$file" ] || { echo "failed: it left no $file"; return; }
	done <"$dir/leaves"
}

look_after()
{
	[ -s "$dir/after" ] || return 0
	(cd "$dir" && sh ./after) >"$dir/after.log" 2>&1 </dev/null ||
		echo "failed: afterwards: $(tail -n 1 "$dir/after.log")"
}

verdict()
{
	dir=$1
	[ -e "$dir/files" ] || { echo "failed: nobody said what is to come back"; return; }
	while read -r file; do
		[ -e "$dir/$file" ] || { echo "failed: no $file came back"; return; }
	done <"$dir/files"

	# shellcheck disable=SC2046 # guests, by name
	wrong=$(look "$2" "" $(sed -n 's/^report\././p' "$dir/files") | sed -n 1p)
	[ -n "$wrong" ] || wrong=$(look_at_leaves)
	[ -n "$wrong" ] || wrong=$(look_after)
	echo "${wrong:-passed}"
}
