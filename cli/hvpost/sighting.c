// SPDX-License-Identifier: MIT
#include "sighting.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char *const kinds[SIGHTING_KINDS] = {
	[SIGHTING_POST] = "post",
	[SIGHTING_SIGNAL] = "signal",
	[SIGHTING_SLOT] = "slot",
	[SIGHTING_FLAG] = "flag",
	[SIGHTING_EOM] = "eom",
	[SIGHTING_RING_FULL] = "ring-full",
	[SIGHTING_RING_RESUMED] = "ring-resumed",
	[SIGHTING_DROP] = "drop",
	[SIGHTING_OWNER] = "owner",
	[SIGHTING_DELIVER] = "deliver",
	[SIGHTING_QUEUE_FULL] = "queue-full",
	[SIGHTING_INTERRUPT] = "interrupt",
	[SIGHTING_HYPERCALL] = "hypercall",
};

static const char *const sources[SIGHTING_SOURCES] = {
	[SIGHTING_BY_DRIVER] = "hvpost.ko",
	[SIGHTING_BY_LIBRARY] = "libhvpost",
	[SIGHTING_BY_HOST] = "libhvhost",
	[SIGHTING_BY_VMBUS] = "hv_vmbus",
	[SIGHTING_BY_KVM] = "kvm",
};

struct sighting sighting_new(enum sighting_kind kind,
			     enum sighting_source source)
{
	return (struct sighting){
		.kind = kind,
		.source = source,
		.duration_ns = SIGHTING_NONE_64,
		.partition = SIGHTING_NONE_64,
		.origin = SIGHTING_NONE_64,
		.pid = SIGHTING_NONE,
		.cpu = SIGHTING_NONE,
		.vp = SIGHTING_NONE,
		.connection_id = SIGHTING_NONE,
		.sint = SIGHTING_NONE,
		.message_type = SIGHTING_NONE,
		.status = SIGHTING_NONE,
		.attempts = SIGHTING_NONE,
		.detail = SIGHTING_NONE,
		.payload_size = SIGHTING_NONE,
	};
}

/* Return -1: none of the @count names is @name. */
static int index_of(const char *const *names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return i;
	return -1;
}

const char *sighting_kind_name(enum sighting_kind kind)
{
	return kinds[kind];
}

const char *sighting_source_name(enum sighting_source source)
{
	return sources[source];
}

int sighting_kind_find(const char *name, enum sighting_kind *kind)
{
	int found = index_of(kinds, SIGHTING_KINDS, name);

	if (found < 0)
		return -EINVAL;
	*kind = (enum sighting_kind)found;
	return 0;
}

int sighting_source_find(const char *name, enum sighting_source *source)
{
	int found = index_of(sources, SIGHTING_SOURCES, name);

	if (found < 0)
		return -EINVAL;
	*source = (enum sighting_source)found;
	return 0;
}

static bool is_in(uint32_t value, uint32_t max)
{
	return value <= max || value == SIGHTING_NONE;
}

const char *sighting_check(const struct sighting *sighting)
{
	const uint32_t captured = sighting->payload_captured;

	if (!is_in(sighting->sint, HV_SINT_COUNT - 1))
		return "there is no such SINT";
	if (!is_in(sighting->status, UINT16_MAX))
		return "its status is over 16 bits";
	if (captured > HV_MESSAGE_PAYLOAD_SIZE_MAX)
		return "its payload is too long";
	if (captured && (sighting->payload_size == SIGHTING_NONE ||
			 captured > sighting->payload_size))
		return "its payload is longer than it says";
	return NULL;
}
