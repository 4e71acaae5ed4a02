# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# about: the kernel crashes under a listener beside hv_vmbus; its crash kernel can use the driver
# host: hvhost
# hvhost: --link test:1=vmbus:2 --link test:4=vmbus:2 --link vmbus:0x20=test:2,vp=0
# beside: examples/vmbus-host --target host:socket,partition=vmbus 4.1 4.0
# kexec: yes
# vmbus: module
# append: crashkernel=192M
# kernel: any
# seconds: 240

if [ -z "${second-}" ]; then
	step "hv_vmbus is connected, and a listener beside it"
	await_vmbus_host
	load_vmbus
	kernel_log_has 'Vmbus version:4.1'
	load_hvpost
	echo_connections 6
	listen_start 6
	hvpost send 0x10 'to VP 0'
	heard 'to VP 0'
	synic_state
	(cd / && find . -xdev ! -name vmlinuz | cpio -o -H newc 2>/dev/null) >/tmp/initrd
	second_kernel crash /vm/vmlinuz /tmp/initrd \
		"$(sed 's/crashkernel=[^ ]*//' /proc/cmdline) second=yes nr_cpus=1"

	step "the kernel crashes; hv_vmbus takes its leave of the host and lets go"
	# What it says is not what the rig is to believe.
	echo 0 >/proc/sys/kernel/printk
	taskset 1 sh -c 'echo c >/proc/sysrq-trigger'
	fail "it did not"
fi

step "the crash kernel finds no page in force, but the SINT armed"
modprobe msr
synic_state >/tmp/found
cat /tmp/found
grep -qx 'CPU0 SIMP 0' /tmp/found || fail "hv_vmbus left its page"
! grep -qx 'CPU0 SINT6 masked' /tmp/found || fail "who masked it?"

step "that SINT is refused, and others work"
load_hvpost
expect_status 1 hvpost listen 6 --timeout 1s
testdev message-create 0x20 0 7
listen_start 7 --count 1 --timeout "$(patience 30)"
hvpost send 0x20 'from the crash kernel'
listen_wait
grep 'from the crash kernel' /tmp/heard
unload_hvpost
