# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# about: a kernel that is started by kexec under a listener finds nothing armed, and no page in force
# devices: hyperv-testdev
# kexec: yes
# seconds: 240

# what_we_set FILE: the registers that this driver sets, on each CPU.
what_we_set()
{
	grep -E 'SCONTROL|SIEFP|SIMP|SINT' "$1"
}

# again: the files that are here, for the next kernel, and how the registers were.
again()
{
	cp /tmp/synic /vm/synic
	(cd / && find . -xdev ! -name vmlinuz | cpio -o -H newc 2>/dev/null) >/tmp/initrd
}

if [ -z "${second-}" ]; then
	step "messages and events come to a listener"
	load_hvpost
	echo_connections 6
	listen_start 6 --events
	hvpost send 0x10 'to VP 0'
	hvpost send 0x11 'to VP 1'
	heard 'vp 0 .*to VP 0'
	heard 'vp 1 .*to VP 1'
	synic_state >/tmp/armed
	! what_we_set /tmp/armed | grep -qE '(SCONTROL|SIEFP|SIMP) 0$|SINT6 masked' ||
		fail "that is not what a kernel could inherit"

	step "another kernel is started in its place"
	again
	echo "rig: the next line is the second kernel's" >/dev/ttyS1
	second_kernel now /vm/vmlinuz /tmp/initrd "$(cat /proc/cmdline) second=yes"
fi

step "the second kernel finds the registers as they were before the first load"
modprobe msr
synic_state >/tmp/found
what_we_set /vm/synic >/tmp/before
what_we_set /tmp/found | diff /tmp/before - || fail "something was left behind"

step "the driver works there as ever"
load_hvpost
kernel_log_has 'SynIC owned on 2 CPUs'
expect_echo 0 6 'to VP 0 of the second kernel'
expect_echo 1 6 'to VP 1 of the second kernel'
unload_hvpost
