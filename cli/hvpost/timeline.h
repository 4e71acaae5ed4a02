/* SPDX-License-Identifier: MIT */
/* timeline.h - what a capture has that can be drawn: when, and how long. */
#ifndef TIMELINE_H
#define TIMELINE_H

#include <stdbool.h>

#include "numbers.h"
#include "sighting.h"

enum timeline_lane {
	LANE_POSTS,	/* that were taken */
	LANE_REFUSED,	/* posts that were not */
	LANE_DELIVERED,	/* by a host, into slots */
	LANE_SLOTS,	/* taken out of them */
	LANE_EOMS,
	LANE_LOST,	/* or held up: rings and queues that were full */
	LANES
};

enum timeline_latency {
	LATENCY_POST,	/* the call, with all its tries, if it was taken */
	LATENCY_TRIP,	/* from before it until the message was in a slot or out */
	LATENCIES
};

struct timeline {
	struct numbers lanes[LANES];		/* times */
	struct numbers latencies[LATENCIES];
	uint64_t first_ns, last_ns;	/* of all that are in lanes */
	struct trips *trips;
	bool has_slots;	/* they end trips, which else end where a host delivers */
};

/* Each returns 0 or -ENOMEM. */
int timeline_begin(struct timeline *timeline);
int timeline_add(struct timeline *timeline, const struct sighting *sighting);
void timeline_end(struct timeline *timeline);

/* Is it something that can be drawn? */
bool timeline_has(const struct sighting *sighting);

size_t timeline_count(const struct timeline *timeline);

#endif /* TIMELINE_H */
