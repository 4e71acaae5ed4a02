#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the guest of bare-metal that has a triple fault ends hvhost with a status of its own
# host: hvhost
# bare: bare.elf
# append: end=crash
# expect: failed: QEMU exited with 4: hvhost: guest test crashed: triple fault
# kernel: none
