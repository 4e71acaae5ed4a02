#!/bin/sh
# SPDX-License-Identifier: MIT
# about: the scenario kvm-plain, on our own host
# host: hvhost
# cpuid: kvm
# cpus: 4
# kernel: any

# shellcheck source=tests/vm/scenarios/kvm-plain.sh
. /vm/scenarios/kvm-plain.sh
