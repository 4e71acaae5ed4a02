#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the guest of bare-metal that asks for a reset ends hvhost with a status of its own
# host: hvhost
# bare: bare.elf
# append: end=reset
# expect: failed: QEMU exited with 3: hvhost: guest test asked for a reset
# kernel: none
