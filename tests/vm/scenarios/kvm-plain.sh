#!/bin/sh
# SPDX-License-Identifier: MIT
# about: as a KVM guest without KVM hypercalls, 4 CPUs: works
# cpu: host,kvm=on,kvm-pv-unhalt=off,kvm-pv-tlb-flush=off,kvm-pv-ipi=off,kvm-pv-sched-yield=off,hv-relaxed,hv-vpindex,hv-synic,hv-time
# cpus: 4
# devices: hyperv-testdev

kernel_log_has 'Hypervisor detected: KVM'

step "the driver owns what Linux leaves alone"
load_hvpost
kernel_log_has 'hypercalls by VMMCALL, SynIC owned on 4 CPUs'

step "a message comes back on each VP"
echo_connections 9
for vp in 0 1 2 3; do
	expect_echo "$vp" 9 "hello from VP $vp"
done

step "the CPUs still reach each other: each VP is pinged from the next CPU"
for vp in 0 1 2 3; do
	taskset -p $((1 << (vp + 1) % 4)) $$
	calls=$(irq_count '^ *CAL:' "$vp")
	expect_output '^10 sent, 10 received' hvpost ping $((0x10 + vp)) 9 --count 10 --interval 0 --quiet
	[ "$(irq_count '^ *CAL:' "$vp")" -gt "$calls" ] || fail "nobody called CPU $vp"
done
taskset -p f $$

unload_hvpost
