#!/bin/sh
# SPDX-License-Identifier: MIT
# about: a multiboot kernel of our own, without a system, on our own host
# host: hvhost
# bare: bare.elf
# kernel: none
#
# Nothing here runs: tests/vm/bare/ is the guest.
