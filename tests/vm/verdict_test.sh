#!/bin/sh
# SPDX-License-Identifier: MIT
# Test the verdict on guests, on made-up results; needs no VM.
cd "$(dirname "$0")" || exit
# shellcheck source=tests/vm/verdict.sh
. ./verdict.sh

dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
passed=0
failed=0

# result: what a good run leaves; a test then changes it.
result()
{
	rm -rf "${dir:?}"/*
	printf '[    0.3] tsc: Unable to calibrate against PIT\r\n' >"$dir/console"
	printf '[    6.4] reboot: Power down\r\n' >>"$dir/console"
	printf 'rig: alive\nrig: step one\nrig: step two\n' >"$dir/report"
	: >"$dir/qemu"
	echo 0 >"$dir/status"
	printf '%s\n' console report qemu status >"$dir/files"
}

# result_of_two: the same of two guests, the second of which has ended well.
result_of_two()
{
	result
	cp "$dir/console" "$dir/console.b"
	cp "$dir/report" "$dir/report.b"
	echo "rig: success 12ab" >>"$dir/report.b"
	printf '%s\n' console.b report.b >>"$dir/files"
}

# result_beside STATUS: the same with a program beside the host.
result_beside()
{
	result
	echo "last words" >"$dir/beside"
	echo "$1" >"$dir/beside.status"
	printf '%s\n' beside beside.status >>"$dir/files"
}

succeed()
{
	echo "rig: success 12ab" >>"$dir/report"
}

log()
{
	printf '[    3.4] %s\r\n' "$1" >>"$dir/console"
}

# expect NAME VERDICT: the verdict on the result is, or begins with, VERDICT.
expect()
{
	got=$(verdict "$dir" 12ab)
	case $got in
	"$2"*)
		passed=$((passed + 1))
		;;
	*)
		failed=$((failed + 1))
		echo "$1: expected '$2', got '$got'"
		;;
	esac
}

result; succeed
expect "a good run" "passed"

result
expect "no success word" "failed: the guest ended without the success word"

result; echo "rig: success beef" >>"$dir/report"
expect "the word of another run" "failed: the guest ended without"

result; succeed; echo "one word more" >>"$dir/report"
expect "the success word is not the last" "failed: the guest ended without"

result; echo "says rig: success 12ab" >>"$dir/report"
expect "the success word within a line" "failed: the guest ended without"

result; log "rig: success 12ab"
expect "the success word on the console" "failed: the guest ended without"

result; echo "rig: fail it is broken" >>"$dir/report"
expect "a reported failure" "failed: it is broken, in step two"

result; echo "rig: fail it is broken" >>"$dir/report"; succeed
expect "a reported failure, and success" "failed: it is broken"

result; echo "rig: ended with status 3" >>"$dir/report"
expect "a failed command" "failed: the scenario ended with status 3, in step two"

result; succeed; echo 134 >"$dir/status"; echo "Aborted" >"$dir/qemu"
expect "QEMU aborts" "failed: QEMU exited with 134: Aborted"

result; echo 139 >"$dir/status"; echo "exec qemu-system-x86_64 -m 256" >"$dir/command"
expect "QEMU crashes" "stalled: QEMU crashed, in step two"

result; echo 139 >"$dir/status"; echo "exec hvhost run" >"$dir/command"
echo "Segmentation fault" >"$dir/qemu"
expect "our own host crashes" "failed: QEMU exited with 139: Segmentation fault"

result; echo 137 >"$dir/status"; echo "bound 120" >"$dir/stopped"
expect "a scenario that hangs" "failed: it was not done after 120 s, in step two"

result; echo 137 >"$dir/status"; echo "silent 45" >"$dir/stopped"
expect "a guest that went silent" "stalled: the guest was silent for 45 s"

result; echo "rig: touching hvpost" >>"$dir/report"
echo "rig: step three" >>"$dir/report"; echo "silent 45" >"$dir/stopped"
expect "silent with the driver" \
	"failed: the guest was silent for 45 s after it touched hvpost, in step three"

result; echo "rig: touching hvpost" >>"$dir/report"; succeed
expect "a good run with the driver" "passed"

result; log "watchdog: BUG: soft lockup - CPU#1 stuck for 22s!"
echo "silent 45" >"$dir/stopped"
expect "silent after a report" "failed: the kernel log says"

result; log "WARNING: CPU: 0 PID: 9 at arch/x86/kernel/traps.c:1120"
log "RSP: 0018:ffffcd8840d93bc0 EFLAGS: d0504bc2"; succeed
expect "flags that no processor has" "stalled: the processor had EFLAGS: d0504bc2"

result; log "WARNING: CPU: 0 PID: 9 at arch/x86/kernel/traps.c:1120"
log "RSP: 0018:ffffcd8840d93bc0 EFLAGS: 003f0ed7"; succeed
expect "flags that a processor may have" "failed: the kernel log says"

result; echo "rig: fail no" >>"$dir/report"; echo "silent 45" >"$dir/stopped"
expect "silent after a failure" "failed: no"

result_beside 0; succeed
expect "a good run with a program beside" "passed"

result_beside 3; succeed
expect "a program beside that failed" \
	"failed: what ran beside the host exited with 3: last words, in step two"

result_beside 3; echo "rig: fail it is broken" >>"$dir/report"
expect "the guest failed, too" "failed: it is broken"

result_beside 0; succeed; rm "$dir/beside.status"
expect "a program beside that did not end" "failed: no beside.status came back"

result_of_two; succeed
expect "two good guests" "passed"

result_of_two
expect "the first has no success word" \
	"failed: the guest ended without the success word, in step two"

result_of_two; succeed; sed -i '$d' "$dir/report.b"
expect "the second has no success word" \
	"failed: the guest ended without the success word, in step two, in guest b"

result_of_two; succeed; echo "rig: fail it is broken" >>"$dir/report.b"
expect "the second reports a failure" "failed: it is broken, in step two, in guest b"

result_of_two; succeed; echo "BUG: scheduling while atomic" >>"$dir/console.b"
expect "the second's kernel log" \
	"failed: the kernel log says 'BUG: scheduling while atomic', in step two, in guest b"

result_of_two; echo "rig: fail nobody came" >>"$dir/report"
sed -i '$d' "$dir/report.b"; echo "silent 45 .b" >"$dir/stopped"
expect "the first waits for one that went silent" \
	"stalled: the guest was silent for 45 s, in step two, in guest b"

echo "rig: touching hvpost" >>"$dir/report.b"
expect "the same, with the driver" "failed: nobody came, in step two"

result_of_two; succeed
sed -i '$d' "$dir/report.b"; echo "rig: touching hvpost" >>"$dir/report.b"
echo "silent 45 .b" >"$dir/stopped"
expect "the second goes silent with the driver" \
	"failed: the guest was silent for 45 s after it touched hvpost, in step two, in guest b"

result_of_two; succeed; rm "$dir/report.b"
expect "without the second's report" "failed: no report.b came back"

# result_left TEXT: the same with a file that the guest gives out, and who looks at it.
result_left()
{
	result
	echo seen >"$dir/leaves"
	echo 'grep -qx "all of it" seen || { echo "it is not all"; exit 1; }' >"$dir/after"
	echo "$1" | gzip -c | base64 | sed 's/^/rig: file seen /' >>"$dir/report"
}

result_left 'all of it'; succeed
expect "a good run that left a file" "passed"

result_left 'some of it'; succeed
expect "what is left is not right" "failed: afterwards: it is not all"

result_left 'some of it'; echo "rig: fail it is broken" >>"$dir/report"
expect "the guest says why it left less" "failed: it is broken"

result_left 'all of it'; succeed; sed -i '/^rig: file/d' "$dir/report"
expect "nothing is left" "failed: it left no seen"

result_left 'all of it'; succeed; sed -i 's/^\(rig: file seen \)..../\1AAAA/' "$dir/report"
expect "what is left is damaged" "failed: it left no seen"

result_left 'some of it'; succeed; echo 'all of it' >"$dir/seen"
expect "what another left" "passed"

result; succeed; rm "$dir/files"
expect "without a list of files" "failed: nobody said what is to come back"

for file in console report qemu status; do
	result; succeed; rm "$dir/$file"
	expect "without $file" "failed: no $file came back"
done

while read -r line; do
	result; succeed; log "$line"
	expect "kernel log: $line" "failed: the kernel log says"
done <<'EOF'
BUG: kernel NULL pointer dereference, address: 0000000000000010
kernel BUG at mm/slub.c:379!
BUG: unable to handle page fault for address: ffffb4c0c0a00000
BUG: sleeping function called from invalid context at mm/page_alloc.c:5
BUG: KASAN: use-after-free in post_message+0x1/0x2
BUG: scheduling while atomic: swapper/0/0/0x00010000
WARNING: CPU: 0 PID: 1 at kernel/irq/manage.c:1 free_irq+0x1/0x2
WARNING: possible circular locking dependency detected
WARNING: suspicious RCU usage
INFO: possible recursive locking detected
INFO: task rmmod:99 blocked for more than 30 seconds.
INFO: trying to register non-static key.
Oops: 0000 [#1] PREEMPT SMP NOPTI
general protection fault, probably for non-canonical address
Kernel panic - not syncing: Fatal exception
Call Trace:
UBSAN: array-index-out-of-bounds in post.c:3:1
rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
rcu: INFO: rcu_sched self-detected stall on CPU
rcu: rcu_preempt kthread starved for 5000 jiffies!
unchecked MSR access error: RDMSR from 0x40000083 at rIP: 0xffffffff
irq 24: nobody cared (try booting with the "irqpoll" option)
__common_interrupt: 1.55 No irq handler for vector
BUG kmalloc-64 (Tainted: G           O      ): Object already free
ODEBUG: Out of memory. ODEBUG disabled
kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
EOF

while read -r line; do
	result; succeed; log "$line"
	expect "kernel log: $line" "passed"
done <<'EOF'
Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on
Kernel command line: console=ttyS0 panic=-1 oops=panic panic_print=32
rcu: RCU CPU stall warnings timeout set to 60 (rcu_cpu_stall_timeout).
hvpost: loading out-of-tree module taints kernel.
MDS CPU bug present and SMT on, data leak possible.
PCI: Using host bridge windows; if necessary, use "pci=nocrs" and report a bug
kasan: KernelAddressSanitizer initialized
kmemleak: Kernel memory leak detector initialized (mem pool available: 15679)
Running RCU self tests
EOF

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
