// SPDX-License-Identifier: MIT
#include "timeline.h"

#include <errno.h>

#include "trips.h"

int timeline_begin(struct timeline *timeline)
{
	*timeline = (struct timeline){ .trips = trips_new() };
	return timeline->trips ? 0 : -ENOMEM;
}

void timeline_end(struct timeline *timeline)
{
	for (int i = 0; i < LANES; i++)
		numbers_free(&timeline->lanes[i]);
	for (int i = 0; i < LATENCIES; i++)
		numbers_free(&timeline->latencies[i]);
	trips_free(timeline->trips);
}

/* Return LANES: none. */
static enum timeline_lane lane_of(const struct sighting *sighting)
{
	switch (sighting->kind) {
	case SIGHTING_POST:
		return sighting->status == HV_STATUS_SUCCESS ? LANE_POSTS :
							       LANE_REFUSED;
	case SIGHTING_DELIVER:
		return LANE_DELIVERED;
	case SIGHTING_SLOT:
		return LANE_SLOTS;
	case SIGHTING_EOM:
		return LANE_EOMS;
	case SIGHTING_DROP:
	case SIGHTING_RING_FULL:
	case SIGHTING_QUEUE_FULL:
		return LANE_LOST;
	default:
		return LANES;
	}
}

bool timeline_has(const struct sighting *sighting)
{
	return lane_of(sighting) != LANES;
}

static int add_end(struct timeline *timeline, const struct sighting *end)
{
	uint64_t duration_ns;
	int found = trips_add(timeline->trips, end, &duration_ns);

	if (found <= 0)
		return found;
	return numbers_add(&timeline->latencies[LATENCY_TRIP], duration_ns);
}

static int add_post(struct timeline *timeline, const struct sighting *post)
{
	if (post->duration_ns != SIGHTING_NONE_64 &&
	    numbers_add(&timeline->latencies[LATENCY_POST], post->duration_ns))
		return -ENOMEM;
	return add_end(timeline, post);
}

size_t timeline_count(const struct timeline *timeline)
{
	size_t count = 0;

	for (int i = 0; i < LANES; i++)
		count += timeline->lanes[i].count;
	return count;
}

int timeline_add(struct timeline *timeline, const struct sighting *sighting)
{
	const enum timeline_lane lane = lane_of(sighting);
	const bool is_first = !timeline_count(timeline);
	int err;

	if (lane == LANES)
		return 0;
	err = numbers_add(&timeline->lanes[lane], sighting->time_ns);
	if (err)
		return err;
	if (is_first || sighting->time_ns < timeline->first_ns)
		timeline->first_ns = sighting->time_ns;
	if (is_first || sighting->time_ns > timeline->last_ns)
		timeline->last_ns = sighting->time_ns;
	switch (lane) {
	case LANE_POSTS:
		return add_post(timeline, sighting);
	case LANE_DELIVERED:
		/* The same message, on its way into a slot that is seen, too */
		return timeline->has_slots ? 0 : add_end(timeline, sighting);
	case LANE_SLOTS:
		return add_end(timeline, sighting);
	default:
		return 0;
	}
}
