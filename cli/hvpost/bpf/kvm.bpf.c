// SPDX-License-Identifier: MIT
/* The trace points of kvm, below the guests of this machine. */
#include "sight.h"

#define ARGUMENTS struct bpf_raw_tracepoint_args

#define CALLS_AT_ONCE 4096

/* A hypercall that has not returned. */
struct kvm_call {
	__u64 start_ns;
	__u64 input;	/* its address; if fast, itself */
	__u16 code;
	bool is_fast;
};

/* Who dies in one leaves it: the oldest go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CALLS_AT_ONCE);
	__type(key, __u64);	/* pid and tgid: that of the VP */
	__type(value, struct kvm_call);
} kvm_calls SEC(".maps");

/* (code, fast, variable header, rep count, rep index, input, output) */
SEC("raw_tp/kvm_hv_hypercall")
int kvm_call_begins(ARGUMENTS *at)
{
	const struct kvm_call call = {
		.start_ns = bpf_ktime_get_ns(),
		.input = at->args[5],
		.code = at->args[0],
		.is_fast = at->args[1],
	};
	__u64 who = bpf_get_current_pid_tgid();

	bpf_map_update_elem(&kvm_calls, &who, &call, BPF_ANY);
	return 0;
}

/* (result) */
SEC("raw_tp/kvm_hv_hypercall_done")
int kvm_call_ended(ARGUMENTS *at)
{
	__u64 who = bpf_get_current_pid_tgid();
	struct kvm_call *call = bpf_map_lookup_elem(&kvm_calls, &who);
	struct sighting sighting;

	if (!call)
		return 0;
	sight_new(&sighting, SIGHTING_HYPERCALL, SIGHTING_BY_KVM);
	sight_process(&sighting);
	sighting.duration_ns = sighting.time_ns - call->start_ns;
	sighting.detail = call->code;
	sighting.status = at->args[0] & HV_RESULT_STATUS_MASK;
	if (call->is_fast && call->code == HV_CALL_SIGNAL_EVENT)
		sighting.connection_id = call->input;
	bpf_map_delete_elem(&kvm_calls, &who);
	return sight(&sighting);
}

/* (VP, SINT, vector, result) */
SEC("raw_tp/kvm_hv_synic_set_irq")
int kvm_interrupt(ARGUMENTS *at)
{
	struct sighting sighting;

	sight_new(&sighting, SIGHTING_INTERRUPT, SIGHTING_BY_KVM);
	sighting.vp = at->args[0];
	sighting.sint = at->args[1];
	sighting.detail = at->args[2];
	return sight(&sighting);
}

/* (VP, MSR, value, by the host) */
SEC("raw_tp/kvm_hv_synic_set_msr")
int kvm_eom(ARGUMENTS *at)
{
	struct sighting sighting;

	if ((__u32)at->args[1] != HV_MSR_EOM || (__u8)at->args[3])
		return 0;
	sight_new(&sighting, SIGHTING_EOM, SIGHTING_BY_KVM);
	sight_process(&sighting);
	sighting.vp = at->args[0];
	return sight(&sighting);
}
