#!/bin/sh
# SPDX-License-Identifier: MIT
# about: two guests in one hvhost, one with a system and one without
# host: hvhost
# hvhost: --guest second,kernel=../../../vm-bare/bare.elf,memory=16M,cpus=2,cmdline=nonce=none
# kernel: any

load_hvpost
echo_connections 6
expect_echo 0 6 'hello from VP 0'
expect_echo 1 6 'hello from VP 1'
unload_hvpost
