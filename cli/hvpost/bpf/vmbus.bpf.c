// SPDX-License-Identifier: MIT
/*
 * The kernel's own VMBus driver, by the two functions that every message of it goes
 * through. Their own trace points tell neither the hypervisor's status nor what a
 * message was posted to; and they are not there before hv_vmbus is, while probes
 * may wait for it.
 */
#include "sight.h"

#include <linux/ptrace.h>

#include <bpf/bpf_tracing.h>

#define POSTS_AT_ONCE 1024

/* A call of hv_post_message() that has not returned. */
struct vmbus_post {
	__u64 start_ns;
	const void *payload;
	__u32 connection_id;
	__u32 message_type;
	__u32 payload_size;
};

/* Where no end comes one is left: the oldest go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, POSTS_AT_ONCE);
	__type(key, __u64);	/* pid and tgid */
	__type(value, struct vmbus_post);
} vmbus_posts SEC(".maps");

/* hv_post_message(connection id, type, payload, size) */
SEC("kprobe")
int BPF_KPROBE(vmbus_post_begins, __u32 connection_id, __u32 message_type,
	       const void *payload, __u64 size)
{
	const struct vmbus_post post = {
		.start_ns = bpf_ktime_get_ns(),
		.payload = payload,
		.connection_id = connection_id,
		.message_type = message_type,
		.payload_size = size,
	};
	__u64 who = bpf_get_current_pid_tgid();

	bpf_map_update_elem(&vmbus_posts, &who, &post, BPF_ANY);
	return 0;
}

/* It returns the hypervisor's status, or a negative errno value if it did not ask. */
SEC("kretprobe")
int BPF_KRETPROBE(vmbus_post_ended, int result)
{
	__u64 who = bpf_get_current_pid_tgid();
	struct vmbus_post *post = bpf_map_lookup_elem(&vmbus_posts, &who);
	struct sighting sighting;

	if (!post)
		return 0;
	sight_new(&sighting, SIGHTING_POST, SIGHTING_BY_VMBUS);
	sight_process(&sighting);
	sighting.duration_ns = sighting.time_ns - post->start_ns;
	sighting.connection_id = post->connection_id;
	sighting.message_type = post->message_type;
	sighting.payload_size = post->payload_size;
	sighting.attempts = result >= 0;
	if (result >= 0)
		sighting.status = result;
	sight_payload(&sighting, post->payload);
	bpf_map_delete_elem(&vmbus_posts, &who);
	return sight(&sighting);
}

/*
 * vmbus_on_msg_dpc(context of the CPU), when the SINT's interrupt found something.
 * The context begins with the address of the SIM page.
 */
SEC("kprobe")
int BPF_KPROBE(vmbus_slot, const void *context)
{
	const struct hv_sim_page *page;
	const struct hv_slot *slot;
	struct sighting sighting;
	struct {
		__u32 type;
		__u8 size;
	} head;

	if (bpf_probe_read_kernel(&page, sizeof(page), context) || !page)
		return 0;
	slot = &page->slot[HV_SINT_VMBUS];
	if (bpf_probe_read_kernel(&head, sizeof(head), slot) ||
	    head.type == HV_MESSAGE_TYPE_NONE)
		return 0;
	sight_new(&sighting, SIGHTING_SLOT, SIGHTING_BY_VMBUS);
	sighting.sint = HV_SINT_VMBUS;
	sighting.message_type = head.type;
	sighting.payload_size = head.size;
	bpf_probe_read_kernel(&sighting.origin, sizeof(sighting.origin),
			      &slot->origin);
	sight_payload(&sighting, slot->payload);
	return sight(&sighting);
}
