# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What a scenario may use. It runs under "set -e" in the guest's busybox sh:
# the first command that fails ends it.

# How many times slower than others this kernel is, as the command line says. Check
# gives its cases as much more time.
: "${slowness:=1}"
export CK_TIMEOUT_MULTIPLIER="$slowness"

# patience SECONDS: what bounds a wait that is to end well, as --timeout wants it.
patience()
{
	echo $(($1 * slowness))s
}

# step TEXT: say what comes next; a failure is reported with the last step.
step()
{
	echo "rig: step $*"
}

# fail TEXT: end the scenario with a reason.
fail()
{
	echo "rig: fail $*"
	exit 1
}

# note TEXT...: tell it to those who started the run, too; notes FILE: each line of it.
note()
{
	echo "rig: note $*"
}

notes()
{
	sed 's/^/rig: note /' "$1"
}

# leave FILE...: give files out to those who started the run: the scenario's line
# "leaves" names them. Each line is written at once: others write between them.
leave()
{
	for file; do
		gzip -c "$file" | base64 | while read -r line; do
			echo "rig: file ${file##*/} $line"
		done
	done
}

# expect_status CODE COMMAND...: the command exits with CODE.
expect_status()
{
	want=$1
	shift
	got=0
	"$@" || got=$?
	[ "$got" -eq "$want" ] || fail "'$*' exited with $got, not $want"
}

# expect_output PATTERN COMMAND...: the command succeeds, and one line of its
# output matches the extended regular expression.
expect_output()
{
	pattern=$1
	shift
	"$@" >/tmp/output 2>&1 || fail "'$*' exited with $?: $(cat /tmp/output)"
	cat /tmp/output
	grep -Eq -- "$pattern" /tmp/output ||
		fail "'$*' printed no line like '$pattern'"
}

# eventually COMMAND...: the command succeeds within 20 seconds, or as much more as
# the kernel is slower, tried often.
eventually()
{
	tries=$((200 * slowness))
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || fail "'$*' did not come true in $((20 * slowness)) s"
		sleep 0.1
	done
}

# kernel_log_has PATTERN, kernel_log_lacks PATTERN: an extended regular
# expression that some line, or no line, of the kernel log matches.
kernel_log_has()
{
	dmesg | grep -E -- "$1" || fail "the kernel log has no line like '$1'"
}

kernel_log_lacks()
{
	! dmesg | grep -E -- "$1" || fail "the kernel log has a line like '$1'"
}

# modprobe: as always. But a guest that falls silent after it touched the driver
# is the driver's failure, and the rig (verdict.sh) is told so beforehand.
modprobe()
{
	case " $* " in
	*" hvpost "*) echo "rig: touching hvpost" >/dev/ttyS1 ;;
	esac
	command modprobe "$@"
}

# synic_remember: the hypervisor's registers as they are now, which unload_hvpost
# is to find again. load_hvpost does it; after it only for what others changed.
synic_remember()
{
	modprobe msr
	synic_state >/tmp/synic
}

# synic_expect_masked SINT: that, but with SINT masked on every CPU, as it was
# before somebody listened.
synic_expect_masked()
{
	sed -i "s/ SINT$1 .*/ SINT$1 masked/" /tmp/synic
}

# synic_unchanged: they are as remembered.
synic_unchanged()
{
	synic_state >/tmp/synic.now
	diff /tmp/synic /tmp/synic.now ||
		fail "the hypervisor's registers changed for good"
}

# load_hvpost [PARAMETER=VALUE...]: load the driver.
load_hvpost()
{
	synic_remember
	modprobe hvpost "$@" || fail "hvpost.ko did not load: $(dmesg | tail -n 3)"
}

# sints_are_free: no file has a SINT, and all are as remembered.
sints_are_free()
{
	! grep hvpost /proc/interrupts || fail "an interrupt is left"
	expect_output '^SINTs bound +none' hvpost info
	synic_state | grep SINT >/tmp/sints
	grep SINT /tmp/synic | diff - /tmp/sints || fail "a SINT is left unmasked"
}

# unload_hvpost: unload it. No file has a SINT any more, and what the driver took
# it gives back.
unload_hvpost()
{
	sints_are_free
	rmmod hvpost || fail "hvpost.ko did not unload"
	[ ! -e /dev/hvpost ] || fail "/dev/hvpost is left"
	! grep hvpost /proc/interrupts || fail "an interrupt is left"
	synic_unchanged
}

# load_vmbus: load the kernel's own VMBus driver.
load_vmbus()
{
	modprobe hv_vmbus || fail "hv_vmbus did not load: $(dmesg | tail -n 3)"
}

# await_vmbus_host: wait until the process that owns connection 1 on our own host
# is there. What this posts to it, it ignores.
await_vmbus_host()
{
	load_hvpost
	eventually hvpost send 1 'are you there?'
	unload_hvpost
}

# irq_count PATTERN [CPU]: how often the interrupts whose /proc/interrupts line
# matches came, on one CPU or on all.
irq_count()
{
	awk -v pattern="$1" -v cpu="${2-}" '
	NR == 1 { cpus = split($0, name); next }
	$0 ~ pattern {
		for (i = 1; i <= cpus; i++)
			if (cpu == "" || name[i] == "CPU" cpu)
				sum += $(i + 1)
	}
	END { print sum + 0 }' /proc/interrupts
}

# testdev message-create CONNECTION VP SINT: posts to CONNECTION come back to SINT
# of VP. testdev event-create CONNECTION VP SINT: signals to CONNECTION set the
# flag of that number there. testdev message-destroy|event-destroy CONNECTION.
# testdev sint-create|sint-raise|sint-destroy VP SINT. The device (QEMU's
# hyperv-testdev) ends QEMU at a duplicate, at the destruction of what is not
# there, and at a payload of 240 bytes.
testdev()
{
	case $1 in
	sint-create) set -- 1 0 "$2" "$3" ;;
	sint-destroy) set -- 2 0 "$2" "$3" ;;
	sint-raise) set -- 3 0 "$2" "$3" ;;
	message-create) set -- 4 "$2" "$3" "$4" ;;
	message-destroy) set -- 5 "$2" 0 0 ;;
	event-create) set -- 6 "$2" "$3" "$4" ;;
	event-destroy) set -- 7 "$2" 0 0 ;;
	*) fail "testdev does not know '$1'" ;;
	esac
	modprobe hvpost_testdev
	echo $(($2 << 24 | $1 << 16 | $3 << 8 | $4)) \
		>/sys/module/hvpost_testdev/parameters/command
}

# echo_connections SINT: connection 0x10 + VP for each VP of the guest, which
# the test device echoes to SINT of that VP. Load the driver first: the device
# gives a route no interrupt while its VP's SynIC is off.
echo_connections()
{
	cpus=$(grep -c '^processor' /proc/cpuinfo)
	for vp in $(seq 0 $((cpus - 1))); do
		testdev message-create $((0x10 + vp)) "$vp" "$1"
	done
}

# doctor_finds VERDICT CHECK PATTERN [USER]: that is what hvpost doctor says, with
# a text like that; a remedy too if something is missing.
doctor_finds()
{
	want=$1
	if [ $# -gt 3 ]; then
		su -s /bin/sh "$4" -c 'hvpost doctor' >/tmp/doctor || :
	else
		hvpost doctor >/tmp/doctor || :
	fi
	cat /tmp/doctor
	grep -E -A 1 -- "^$want +$2 .*$3" /tmp/doctor >/tmp/finding ||
		fail "the doctor does not find $2 $want: '$3'"
	[ "$want" != missing ] || grep -q -- '-> ' /tmp/finding ||
		fail "the doctor has no remedy for $2"
}

# allocations_may_fail: what /proc/PID/fail-nth asks for is done without a word in
# the kernel log, to all who ask for memory: also those who may wait for it. Where
# the kernel makes an IRQ it does not stand that itself: irq_insert_desc() does not
# look whether there was memory for the tree, and unregister_irq_proc() warns of files
# that could not be made. So the command line leaves those two caches out.
allocations_may_fail()
{
	for kind in failslab fail_page_alloc fail_usercopy; do
		echo 0 >/sys/kernel/debug/$kind/verbose
	done
	echo Y >/sys/kernel/debug/failslab/cache-filter
	echo N >/sys/kernel/debug/failslab/ignore-gfp-wait
	echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait
	echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
	echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
}

# listen_start SINT OPTION...: start a listener in the background and wait until
# it is ready; /tmp/heard is what it prints, $! its process.
listen_start()
{
	: >/tmp/heard
	: >/tmp/listener
	hvpost listen "$@" >/tmp/heard 2>/tmp/listener &
	listener=$!
	eventually grep -q '^listening' /tmp/listener
}

# listen_wait: wait until the listener ends by itself, well.
listen_wait()
{
	wait "$listener" || fail "the listener ended with $?: $(cat /tmp/listener)"
}

# listen_fails CODE: wait until the listener ends by itself, with CODE.
listen_fails()
{
	got=0
	wait "$listener" || got=$?
	cat /tmp/listener
	[ "$got" -eq "$1" ] || fail "the listener ended with $got, not $1"
}

# listen_stop: end the listener, which must end well.
listen_stop()
{
	kill "$listener"
	listen_wait
}

# heard PATTERN: the listener prints, sooner or later, a line like that.
heard()
{
	eventually grep -Eq -- "$1" /tmp/heard
}

# expect_echo VP SINT TEXT: what is posted to VP's connection comes back through
# the slot of SINT on that VP.
expect_echo()
{
	listen_start "$2" --count 1 --timeout "$(patience 30)"
	hvpost send $((0x10 + $1)) "$3"
	listen_wait
	cat /tmp/heard
	grep -q "vp $1 sint $2 .*\"$3\"" /tmp/heard ||
		fail "'$3' did not come from SINT $2 of VP $1"
}
