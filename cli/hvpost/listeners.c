// SPDX-License-Identifier: MIT
#include "listeners.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "failure.h"

/* Whoever else listens at a SINT of the device loses nothing by us. */
static uint32_t flags_of(const struct common_options *common)
{
	const char *target = command_target_name(common);

	return strncmp(target, "device", strlen("device")) ? 0 : HVPOST_SHARED;
}

/* Events as well, where there are any. */
static int bind_with_events(struct hvpost *handle, struct hvpost_bind wish)
{
	const uint32_t flags = wish.flags;
	int err;

	wish.flags |= HVPOST_WITH_EVENTS;
	err = hvpost_bind_with(handle, &wish);
	if (err != -EOPNOTSUPP)
		return err;
	wish.flags = flags;
	return hvpost_bind_with(handle, &wish);
}

static int listen_at(struct listeners *listeners,
		     const struct common_options *common, uint32_t sint,
		     unsigned int ring_records)
{
	const struct hvpost_bind wish = {
		.sint = sint,
		.ring_records = ring_records,
		.flags = flags_of(common),
	};
	struct hvpost **handle = &listeners->handles[listeners->count];
	struct failure failure;
	int status, err;

	status = command_open_target(common, handle);
	if (status)
		return status;
	listeners->sints[listeners->count++] = sint;
	err = bind_with_events(*handle, wish);
	if (!err)
		return EXIT_DONE;
	failure = failure_of_bind(sint, err);
	return failure_report(common, &failure);
}

static bool is_bound(const struct listeners *listeners, uint32_t sint)
{
	for (size_t i = 0; i < listeners->count; i++)
		if (listeners->sints[i] == sint)
			return true;
	return false;
}

static int refuse_twice(const struct common_options *common, uint32_t sint)
{
	struct failure failure = failure_of_usage("SINT %u is named twice", sint);

	return failure_report(common, &failure);
}

/* There are fewer SINTs than handles. */
static int listen_at_all(struct listeners *listeners,
			 const struct common_options *common, char *sints,
			 unsigned int ring_records)
{
	int status = EXIT_DONE;
	uint32_t sint;
	char *text;

	while (!status && (text = strsep(&sints, ","))) {
		status = command_sint(common, text, &sint);
		if (status)
			return status;
		status = is_bound(listeners, sint) ?
				 refuse_twice(common, sint) :
				 listen_at(listeners, common, sint,
					   ring_records);
	}
	return status;
}

int listeners_open(struct listeners *listeners,
		   const struct common_options *common, const char *sints,
		   unsigned int ring_records)
{
	char *copy = strdup(sints);
	struct failure failure;
	int status;

	memset(listeners, 0, sizeof(*listeners));
	if (!copy) {
		failure = failure_of("the SINTs", -ENOMEM);
		return failure_report(common, &failure);
	}
	status = listen_at_all(listeners, common, copy, ring_records);
	free(copy);
	if (status)
		listeners_close(listeners);
	return status;
}

void listeners_close(struct listeners *listeners)
{
	while (listeners->count)
		hvpost_close(listeners->handles[--listeners->count]);
}

static struct sighting sighting_of(const struct hvpost_message *message)
{
	const bool is_event = message->flags & HVPOST_MESSAGE_EVENT;
	struct sighting sighting = sighting_new(
		is_event ? SIGHTING_FLAG : SIGHTING_SLOT, SIGHTING_BY_LIBRARY);

	sighting.time_ns =
		message->time_ns + clock_real_minus_monotonic_ns();
	sighting.vp = message->vp_index;
	sighting.sint = message->sint;
	if (is_event) {
		sighting.detail = (uint32_t)message->origin;
		return sighting;
	}
	sighting.message_type = message->message_type;
	sighting.origin = message->origin;
	sighting.payload_size = message->payload_size;
	sighting.payload_captured = message->payload_size;
	memcpy(sighting.payload, message->payload, message->payload_size);
	return sighting;
}

/* Sequences have no gaps but where something was lost. */
static uint64_t gap_before(struct listeners *listeners,
			   const struct hvpost_message *message)
{
	uint64_t *last;
	uint64_t gap;

	if (message->vp_index >= LISTENERS_VPS)
		return 0;
	last = &listeners->sequences[listeners->which][message->vp_index];
	gap = message->sequence - *last - 1;
	*last = message->sequence;
	return gap;
}

int listeners_next(struct listeners *listeners, struct sighting *sighting,
		   uint64_t *dropped, uint64_t deadline_ns)
{
	struct hvpost_message message;
	int err = stop_or_receive_any(listeners->handles, listeners->count,
				      &listeners->which, &message, deadline_ns);

	if (err)
		return err;
	*sighting = sighting_of(&message);
	*dropped = gap_before(listeners, &message);
	return 0;
}

uint64_t listeners_dropped(const struct listeners *listeners)
{
	struct hvpost_counters counters;
	uint64_t dropped = 0;

	for (size_t i = 0; i < listeners->count; i++)
		if (!hvpost_get_counters(listeners->handles[i], &counters,
					 sizeof(counters)))
			dropped += counters.dropped;
	return dropped;
}
