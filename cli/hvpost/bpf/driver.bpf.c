// SPDX-License-Identifier: MIT
/* The trace points of hvpost.ko: driver/trace.h says what their arguments are. */
#include "sight.h"

#include <stddef.h>

#include <hvpost/device.h>

#define ARGUMENTS struct bpf_raw_tracepoint_args

SEC("raw_tp/hvpost_post")
int driver_post(ARGUMENTS *at)
{
	struct hvpost_ioc_post post;
	struct sighting sighting;

	if (bpf_probe_read_kernel(&post, sizeof(post), (void *)at->args[0]))
		return 0;
	sight_new(&sighting, SIGHTING_POST, SIGHTING_BY_DRIVER);
	sight_process(&sighting);
	sighting.connection_id = post.connection_id;
	sighting.message_type = post.message_type;
	sighting.status = post.status;
	sighting.attempts = post.attempts;
	if (at->args[2])
		sighting.duration_ns = at->args[2];
	sighting.payload_size = post.payload_size;
	sight_payload(&sighting, (void *)at->args[3]);
	return sight(&sighting);
}

SEC("raw_tp/hvpost_signal")
int driver_signal(ARGUMENTS *at)
{
	struct hvpost_ioc_signal signal;
	struct sighting sighting;

	if (bpf_probe_read_kernel(&signal, sizeof(signal), (void *)at->args[0]))
		return 0;
	sight_new(&sighting, SIGHTING_SIGNAL, SIGHTING_BY_DRIVER);
	sight_process(&sighting);
	sighting.connection_id = signal.connection_id;
	sighting.detail = signal.flag_number;
	sighting.status = signal.status;
	return sight(&sighting);
}

/* In interrupts: whoever runs has nothing to do with it. */
static __always_inline int sight_record(ARGUMENTS *at, enum sighting_kind kind)
{
	const struct hvpost_record *where = (void *)at->args[0];
	__u8 head[offsetof(struct hvpost_record, payload)]
		__attribute__((aligned(8)));
	const struct hvpost_record *record = (void *)head;
	struct sighting sighting;

	if (bpf_probe_read_kernel(head, sizeof(head), where))
		return 0;
	sight_new(&sighting, kind, SIGHTING_BY_DRIVER);
	sighting.vp = record->vp_index;
	sighting.sint = record->sint;
	if (record->flags & HVPOST_RECORD_EVENT) {
		sighting.detail = record->origin;
		return sight(&sighting);
	}
	sighting.message_type = record->message_type;
	sighting.origin = record->origin;
	sighting.payload_size = record->payload_size;
	sight_payload(&sighting, where->payload);
	return sight(&sighting);
}

SEC("raw_tp/hvpost_slot")
int driver_slot(ARGUMENTS *at)
{
	return sight_record(at, SIGHTING_SLOT);
}

SEC("raw_tp/hvpost_flag")
int driver_flag(ARGUMENTS *at)
{
	return sight_record(at, SIGHTING_FLAG);
}

SEC("raw_tp/hvpost_drop")
int driver_drop(ARGUMENTS *at)
{
	return sight_record(at, SIGHTING_DROP);
}

static __always_inline int sight_place(ARGUMENTS *at, enum sighting_kind kind)
{
	struct sighting sighting;

	sight_new(&sighting, kind, SIGHTING_BY_DRIVER);
	sighting.vp = at->args[0];
	sighting.sint = at->args[1];
	return sight(&sighting);
}

SEC("raw_tp/hvpost_eom")
int driver_eom(ARGUMENTS *at)
{
	return sight_place(at, SIGHTING_EOM);
}

SEC("raw_tp/hvpost_ring_full")
int driver_ring_full(ARGUMENTS *at)
{
	return sight_place(at, SIGHTING_RING_FULL);
}

SEC("raw_tp/hvpost_ring_resumed")
int driver_ring_resumed(ARGUMENTS *at)
{
	return sight_place(at, SIGHTING_RING_RESUMED);
}

SEC("raw_tp/hvpost_owner")
int driver_owner(ARGUMENTS *at)
{
	struct sighting sighting;

	sight_new(&sighting, SIGHTING_OWNER, SIGHTING_BY_DRIVER);
	sighting.vp = at->args[0];
	if (at->args[1])
		sighting.detail = at->args[1];
	return sight(&sighting);
}
