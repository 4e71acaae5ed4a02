/* SPDX-License-Identifier: MIT */
/*
 * sight.h - what the BPF programs have in common. They read only what some
 * interface fixes: a trace point's arguments, <hvpost/device.h>, Hyper-V's own
 * layouts. So they need no types of the running kernel, and run without its BTF.
 *
 * A sighting is made on the stack and copied into the ring when it is wanted; in
 * the ring its time is CLOCK_MONOTONIC.
 */
#ifndef SIGHT_H
#define SIGHT_H

#include <stdbool.h>

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "../sighting.h"
#include "../sighting_filter.h"

/* What is wanted: set before these programs are loaded. */
extern const volatile struct sighting_filter wanted;
extern const volatile __u32 wanted_pid;

/* The PID namespace that pids are of; its inode 0: the initial one. */
extern const volatile __u64 pid_ns_device, pid_ns_inode;

/* A sighting of which nothing but this is known. */
static __always_inline void sight_new(struct sighting *sighting,
				      enum sighting_kind kind,
				      enum sighting_source source)
{
	/* All ones are the "none" of all numbers. */
	__builtin_memset(sighting, 0xff, sizeof(*sighting));
	__builtin_memset(sighting->process, 0, sizeof(sighting->process));
	__builtin_memset(sighting->payload, 0, sizeof(sighting->payload));
	sighting->payload_captured = 0;
	sighting->kind = kind;
	sighting->source = source;
	sighting->time_ns = bpf_ktime_get_ns();
	sighting->cpu = bpf_get_smp_processor_id();
}

/* Of others, a namespace knows no pid. */
static __always_inline __u32 sight_pid(void)
{
	struct bpf_pidns_info inside;

	if (!pid_ns_inode)
		return bpf_get_current_pid_tgid() >> 32;
	if (bpf_get_ns_current_pid_tgid(pid_ns_device, pid_ns_inode, &inside,
					sizeof(inside)))
		return SIGHTING_NONE;
	return inside.tgid;
}

/* It is the deed of whoever runs. */
static __always_inline void sight_process(struct sighting *sighting)
{
	sighting->pid = sight_pid();
	bpf_get_current_comm(sighting->process, sizeof(sighting->process));
}

static __always_inline bool sight_is_wanted(const struct sighting *sighting)
{
	return (wanted.connection_id == SIGHTING_NONE ||
		wanted.connection_id == sighting->connection_id) &&
	       (wanted.sint == SIGHTING_NONE || wanted.sint == sighting->sint) &&
	       (wanted_pid == SIGHTING_NONE || wanted_pid == sighting->pid) &&
	       (wanted.status == SIGHTING_NONE ||
		wanted.status == sighting->status);
}

/* How much of a payload there is to read. */
static __always_inline __u32 sight_payload_bytes(const struct sighting *sighting)
{
	__u32 size = sighting->payload_size;

	return size <= HV_MESSAGE_PAYLOAD_SIZE_MAX ?
		       size : HV_MESSAGE_PAYLOAD_SIZE_MAX;
}

static __always_inline void sight_payload(struct sighting *sighting,
					  const void *payload)
{
	__u32 size = sight_payload_bytes(sighting);

	if (payload && !bpf_probe_read_kernel(sighting->payload, size, payload))
		sighting->payload_captured = size;
}

static __always_inline void sight_user_payload(struct sighting *sighting,
					       const void *payload)
{
	__u32 size = sight_payload_bytes(sighting);

	if (payload && !bpf_probe_read_user(sighting->payload, size, payload))
		sighting->payload_captured = size;
}

/* Give it to who observes, or count that it was lost. */
int sight(struct sighting *sighting);
int sight_lost(void);

#endif /* SIGHT_H */
