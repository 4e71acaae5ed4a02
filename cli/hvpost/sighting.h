/* SPDX-License-Identifier: MIT */
/*
 * sighting.h - one thing that was seen on a message's way. What `trace` observes,
 * `capture` keeps and `plot` draws are all of these.
 *
 * A field that does not apply holds its "none": SIGHTING_NONE in those of 32
 * bits, SIGHTING_NONE_64 in those of 64, an empty process, no payload.
 */
#ifndef SIGHTING_H
#define SIGHTING_H

#include <stdint.h>

#include <hvpost/hyperv.h>

#define SIGHTING_NONE		UINT32_MAX
#define SIGHTING_NONE_64	UINT64_MAX
#define SIGHTING_PROCESS_SIZE	16	/* with the NUL, as the kernel's comm */

/* Kept in captures: new ones go to the end. */
enum sighting_kind {
	SIGHTING_POST,		/* a message was offered; status is the last one */
				/* detail, here and of a slot: VMBus's message */
	SIGHTING_SIGNAL,	/* an event was signalled, the same; detail: flag */
	SIGHTING_SLOT,		/* a guest took a message out of a slot */
	SIGHTING_FLAG,		/* a guest took an event flag; detail: which */
	SIGHTING_EOM,		/* a guest said that its slot may be filled */
	SIGHTING_RING_FULL,	/* a reader is slow: messages wait with the host */
	SIGHTING_RING_RESUMED,	/* it has room again */
	SIGHTING_DROP,		/* a message or an event was lost */
	SIGHTING_OWNER,		/* a CPU's SynIC: detail is HVPOST_SYNIC_* or none */
	SIGHTING_DELIVER,	/* a host wrote a message into a slot */
	SIGHTING_QUEUE_FULL,	/* a host had no buffer left for a message */
	SIGHTING_INTERRUPT,	/* a host raised a SINT; detail: vector */
	SIGHTING_HYPERCALL,	/* a host was called; detail: call code */
	SIGHTING_KINDS
};

/* Who saw it. Kept in captures as well. */
enum sighting_source {
	SIGHTING_BY_DRIVER,	/* hvpost.ko */
	SIGHTING_BY_LIBRARY,	/* a process that uses libhvpost */
	SIGHTING_BY_HOST,	/* hvhost, or who else uses libhvhost */
	SIGHTING_BY_VMBUS,	/* hv_vmbus, the kernel's own driver */
	SIGHTING_BY_KVM,	/* kvm, below a guest */
	SIGHTING_SOURCES
};

struct sighting {
	uint64_t time_ns;	/* CLOCK_REALTIME of its end */
	uint64_t duration_ns;
	enum sighting_kind kind;
	enum sighting_source source;
	uint32_t pid;		/* whoever did it; an interrupt is nobody's deed */
	char process[SIGHTING_PROCESS_SIZE];
	uint32_t cpu;		/* of the system that looks */
	uint64_t partition;	/* whose VP it is, for those who have several */
	uint32_t vp;		/* index of the VP that posts or receives */
	uint32_t connection_id;
	uint32_t sint;
	uint32_t message_type;
	uint64_t origin;	/* as in the slot */
	uint32_t status;	/* HV_STATUS_* */
	uint32_t attempts;	/* hypercalls that it took */
	uint32_t detail;	/* as the kind says */
	uint32_t payload_size;	/* what the message claims */
	uint32_t payload_captured;	/* bytes of it in payload, up to 240 */
	uint8_t payload[HV_MESSAGE_PAYLOAD_SIZE_MAX];
};

/* All is "none". */
struct sighting sighting_new(enum sighting_kind kind,
			     enum sighting_source source);

/* As users read and write them: "post", "ring-full"; "hvpost.ko", "kvm". */
const char *sighting_kind_name(enum sighting_kind kind);
const char *sighting_source_name(enum sighting_source source);

/* Return 0, or -EINVAL: none has this name. */
int sighting_kind_find(const char *name, enum sighting_kind *kind);
int sighting_source_find(const char *name, enum sighting_source *source);

/*
 * Files and the processes that are looked at say what they like. Return NULL, or what
 * is wrong with a value that others use as an index, or copy by.
 */
const char *sighting_check(const struct sighting *sighting);

#endif /* SIGHTING_H */
