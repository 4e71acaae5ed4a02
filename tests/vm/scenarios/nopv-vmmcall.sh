#!/bin/sh
# SPDX-License-Identifier: MIT
# about: nobody but us speaks to the hypervisor: the bare VMMCALL instruction
# devices: hyperv-testdev
# append: nopv

step "Linux found no hypervisor, so all of it is ours"
kernel_log_lacks 'Hypervisor detected'
load_hvpost
kernel_log_has 'hypercalls by VMMCALL, SynIC owned on 2 CPUs'

step "a message comes back on each VP"
echo_connections 6
expect_echo 0 6 'hello from VP 0'
expect_echo 1 6 'hello from VP 1'
expect_output '^20 sent, 20 received' hvpost ping 0x11 6 --count 20 --interval 0 --quiet

step "the host's refusals arrive, of posts and of signals"
expect_status 2 hvpost send 0x77 nobody
expect_status 2 hvpost signal 0x78

step "unload gives back what was taken, so a second load finds it free"
nothing_armed
rmmod hvpost
load_hvpost
expect_echo 1 6 'after a second load'
rmmod hvpost
