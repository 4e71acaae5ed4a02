// SPDX-License-Identifier: MIT
/*
 * The probes of libhvpost and libhvhost: lib/guest/probes.h and lib/host/probes.h
 * say what their arguments are.
 */
#include "sight.h"

#include <stddef.h>

#include <linux/ptrace.h>

#include <bpf/bpf_tracing.h>
#include <bpf/usdt.bpf.h>

#include <hvpost/device.h>
#include <hvpost/hvpost.h>

#define POSTS_AT_ONCE 4096

static __always_inline __u64 argument(struct pt_regs *at, __u64 number)
{
	long value = 0;

	bpf_usdt_arg(at, number, &value);
	return value;
}

/* libhvpost */

/* When posts began that have not returned. Who dies in one leaves it: the oldest go. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, POSTS_AT_ONCE);
	__type(key, __u64);	/* pid and tgid */
	__type(value, __u64);
} library_posts SEC(".maps");

SEC("usdt")
int library_post_begins(struct pt_regs *at)
{
	__u64 who = bpf_get_current_pid_tgid(), now_ns = bpf_ktime_get_ns();

	bpf_map_update_elem(&library_posts, &who, &now_ns, BPF_ANY);
	return 0;
}

static __always_inline void set_duration(struct sighting *sighting)
{
	__u64 who = bpf_get_current_pid_tgid();
	__u64 *start_ns = bpf_map_lookup_elem(&library_posts, &who);

	if (!start_ns)
		return;
	sighting->duration_ns = sighting->time_ns - *start_ns;
	bpf_map_delete_elem(&library_posts, &who);
}

SEC("usdt")
int library_post(struct pt_regs *at)
{
	struct hvpost_post post;
	struct sighting sighting;

	if (bpf_probe_read_user(&post, sizeof(post), (void *)argument(at, 0)))
		return sight_lost();
	sight_new(&sighting, SIGHTING_POST, SIGHTING_BY_LIBRARY);
	sight_process(&sighting);
	set_duration(&sighting);
	sighting.connection_id = post.connection_id;
	sighting.message_type = post.message_type;
	sighting.payload_size = post.payload_size;
	sighting.status = argument(at, 1);
	sighting.attempts = argument(at, 2);
	sight_user_payload(&sighting, post.payload);
	return sight(&sighting);
}

SEC("usdt")
int library_signal(struct pt_regs *at)
{
	struct sighting sighting;

	sight_new(&sighting, SIGHTING_SIGNAL, SIGHTING_BY_LIBRARY);
	sight_process(&sighting);
	sighting.connection_id = argument(at, 0);
	sighting.detail = argument(at, 1);
	sighting.status = argument(at, 2);
	return sight(&sighting);
}

static __always_inline int sight_record(struct pt_regs *at,
					enum sighting_kind kind)
{
	const struct hvpost_record *where = (void *)argument(at, 0);
	__u8 head[offsetof(struct hvpost_record, payload)]
		__attribute__((aligned(8)));
	const struct hvpost_record *record = (void *)head;
	struct sighting sighting;

	if (bpf_probe_read_user(head, sizeof(head), where))
		return sight_lost();
	sight_new(&sighting, kind, SIGHTING_BY_LIBRARY);
	sight_process(&sighting);
	sighting.vp = record->vp_index;
	sighting.sint = record->sint;
	if (kind == SIGHTING_FLAG) {
		sighting.detail = record->origin;
		return sight(&sighting);
	}
	sighting.message_type = record->message_type;
	sighting.origin = record->origin;
	sighting.payload_size = record->payload_size;
	sight_user_payload(&sighting, where->payload);
	return sight(&sighting);
}

SEC("usdt")
int library_slot(struct pt_regs *at)
{
	return sight_record(at, SIGHTING_SLOT);
}

SEC("usdt")
int library_flag(struct pt_regs *at)
{
	return sight_record(at, SIGHTING_FLAG);
}

static __always_inline int sight_place(struct pt_regs *at,
				       enum sighting_kind kind)
{
	struct sighting sighting;

	sight_new(&sighting, kind, SIGHTING_BY_LIBRARY);
	sight_process(&sighting);
	sighting.vp = argument(at, 0);
	sighting.sint = argument(at, 1);
	return sight(&sighting);
}

SEC("usdt")
int library_eom(struct pt_regs *at)
{
	return sight_place(at, SIGHTING_EOM);
}

SEC("usdt")
int library_ring_full(struct pt_regs *at)
{
	return sight_place(at, SIGHTING_RING_FULL);
}

SEC("usdt")
int library_ring_resumed(struct pt_regs *at)
{
	return sight_place(at, SIGHTING_RING_RESUMED);
}

/* libhvhost: all of its probes begin with partition and VP. */

static __always_inline void sight_host(struct pt_regs *at,
				       struct sighting *sighting,
				       enum sighting_kind kind)
{
	sight_new(sighting, kind, SIGHTING_BY_HOST);
	sight_process(sighting);
	sighting->partition = argument(at, 0);
	sighting->vp = argument(at, 1);
}

SEC("usdt")
int host_post(struct pt_regs *at)
{
	struct sighting sighting;

	sight_host(at, &sighting, SIGHTING_POST);
	sighting.connection_id = argument(at, 2);
	sighting.message_type = argument(at, 3);
	sighting.payload_size = argument(at, 4);
	sighting.status = argument(at, 5);
	sight_user_payload(&sighting, (void *)argument(at, 6));
	return sight(&sighting);
}

SEC("usdt")
int host_signal(struct pt_regs *at)
{
	struct sighting sighting;

	sight_host(at, &sighting, SIGHTING_SIGNAL);
	sighting.connection_id = argument(at, 2);
	sighting.detail = argument(at, 3);
	sighting.status = argument(at, 4);
	return sight(&sighting);
}

SEC("usdt")
int host_queue_full(struct pt_regs *at)
{
	struct sighting sighting;

	sight_host(at, &sighting, SIGHTING_QUEUE_FULL);
	sighting.sint = argument(at, 2);
	sighting.origin = argument(at, 3);
	return sight(&sighting);
}

SEC("usdt")
int host_eom(struct pt_regs *at)
{
	struct sighting sighting;

	sight_host(at, &sighting, SIGHTING_EOM);
	return sight(&sighting);
}

static __always_inline int sight_message(struct pt_regs *at,
					 enum sighting_kind kind)
{
	struct sighting sighting;

	sight_host(at, &sighting, kind);
	sighting.sint = argument(at, 2);
	sighting.message_type = argument(at, 3);
	sighting.payload_size = argument(at, 4);
	sighting.origin = argument(at, 5);
	sight_user_payload(&sighting, (void *)argument(at, 6));
	return sight(&sighting);
}

SEC("usdt")
int host_deliver(struct pt_regs *at)
{
	return sight_message(at, SIGHTING_DELIVER);
}

SEC("usdt")
int host_drop(struct pt_regs *at)
{
	return sight_message(at, SIGHTING_DROP);
}
