// SPDX-License-Identifier: MIT
#include "sight.h"

/* The kernel gives most of its helpers to those who say so. */
char program_license[] SEC("license") = "Dual MIT/GPL";

const volatile struct sighting_filter wanted = { 0 };
const volatile __u32 wanted_pid = 0;
const volatile __u64 pid_ns_device = 0, pid_ns_inode = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 << 20);
} ring SEC(".maps");

__u64 lost = 0;	/* found no room in the ring */

int sight_lost(void)
{
	__sync_fetch_and_add(&lost, 1);
	return 0;
}

int sight(struct sighting *sighting)
{
	if (!sighting || !sight_is_wanted(sighting))
		return 0;
	if (bpf_ringbuf_output(&ring, sighting, sizeof(*sighting), 0))
		sight_lost();
	return 0;
}
