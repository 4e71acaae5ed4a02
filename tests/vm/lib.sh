# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# What a scenario may use. It runs under "set -e" in the guest's busybox sh:
# the first command that fails ends it.

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

# eventually COMMAND...: the command succeeds within 20 seconds, tried often.
eventually()
{
	tries=200
	until "$@"; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || fail "'$*' did not come true in 20 s"
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

# load_hvpost [PARAMETER=VALUE...]: load the driver.
load_hvpost()
{
	modprobe hvpost "$@" || fail "hvpost.ko did not load: $(dmesg | tail -n 3)"
}

# load_vmbus: load the kernel's own VMBus driver.
load_vmbus()
{
	modprobe hv_vmbus || fail "hv_vmbus did not load: $(dmesg | tail -n 3)"
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
