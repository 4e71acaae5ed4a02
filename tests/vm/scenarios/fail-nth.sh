#!/bin/sh
# SPDX-License-Identifier: MIT
# about: each allocation of load, open, bind, post and the rest fails once
# host: hvhost
# kernel: debug
# append: slub_debug=A;-,radix_tree_node,proc_dir_entry
# seconds: 300

allocations_may_fail

step "loading"
synic_remember
echo "rig: touching hvpost"
expect_output '^load: [1-9][0-9]* failures after' \
	fail_nth load "$(modinfo -n hvpost)"
notes /tmp/output

step "using"
load_hvpost
echo_connections 6
expect_output '^bind: [1-9][0-9]* failures$' fail_nth use 0x10 6
notes /tmp/output

step "it works as ever"
expect_echo 0 6 'hello from VP 0'
expect_echo 1 6 'hello from VP 1'
unload_hvpost
