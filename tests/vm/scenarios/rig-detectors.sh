#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the rig itself: a debug kernel's detectors are awake, and are believed
# expect: failed: the kernel log says .*WARNING: suspicious RCU usage.*, in step all have spoken
# kernel: debug

# commit FAULT PATTERN: the kernel log tells of it.
commit()
{
	step "$1"
	modprobe hvpost_broken fault="$1"
	kernel_log_has "$2"
	rmmod hvpost_broken
}

# Lockdep is silent after its first word, and once memory was misused.
commit rcu 'WARNING: suspicious RCU usage'
commit locks 'WARNING: possible circular locking dependency detected'
commit sleep 'BUG: sleeping function called from invalid context'
commit timer 'ODEBUG: free active .*timer_list'
commit shift 'UBSAN: shift-out-of-bounds'
commit use-after-free 'BUG: KASAN: use-after-free in use_after_free'
step "all have spoken"
