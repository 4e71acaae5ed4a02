// SPDX-License-Identifier: MIT
#include "trips.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A power of two */
#define BUCKETS	(1u << 14)
#define NOBODY	SIZE_MAX

/*
 * One end of a trip whose other end has not been seen. Of those that say the same,
 * either all are posts or all are arrivals.
 */
struct trip {
	uint64_t time_ns;	/* of a post the start */
	bool is_post;
	size_t next;		/* later one of its bucket */
	uint32_t message_type;
	uint32_t size;		/* of the payload that was kept */
	uint8_t payload[HV_MESSAGE_PAYLOAD_SIZE_MAX];
};

/* In the order in which they were seen. */
struct bucket {
	size_t first, last;
};

struct trips {
	struct trip *all;
	size_t count, room;
	struct bucket buckets[BUCKETS];
};

struct trips *trips_new(void)
{
	struct trips *trips = malloc(sizeof(*trips));

	if (!trips)
		return NULL;
	trips->all = NULL;
	trips->count = trips->room = 0;
	for (size_t i = 0; i < BUCKETS; i++)
		trips->buckets[i] = (struct bucket){ NOBODY, NOBODY };
	return trips;
}

void trips_free(struct trips *trips)
{
	if (trips)
		free(trips->all);
	free(trips);
}

/* FNV-1a, of 64 bits */
static struct bucket *bucket_of(struct trips *trips,
				const struct sighting *sighting)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ sighting->message_type;

	for (uint32_t i = 0; i < sighting->payload_captured; i++)
		hash = (hash ^ sighting->payload[i]) * UINT64_C(0x100000001b3);
	return &trips->buckets[(hash ^ hash >> 32) & (BUCKETS - 1)];
}

static int make_room(struct trips *trips)
{
	size_t room = trips->room ? 2 * trips->room : 64;
	struct trip *all;

	if (trips->count < trips->room)
		return 0;
	all = reallocarray(trips->all, room, sizeof(*all));
	if (!all)
		return -ENOMEM;
	trips->all = all;
	trips->room = room;
	return 0;
}

/* Was the whole message kept? Of parts nobody knows whose they are. */
static bool is_whole(const struct sighting *sighting)
{
	return sighting->payload_size == sighting->payload_captured;
}

static uint64_t start_of(const struct sighting *post)
{
	uint64_t duration_ns = post->duration_ns;

	if (duration_ns == SIGHTING_NONE_64 || duration_ns > post->time_ns)
		duration_ns = 0;
	return post->time_ns - duration_ns;
}

static int keep(struct trips *trips, const struct sighting *end,
		uint64_t time_ns)
{
	struct bucket *bucket = bucket_of(trips, end);
	struct trip *trip;

	if (make_room(trips))
		return -ENOMEM;
	trip = &trips->all[trips->count];
	trip->time_ns = time_ns;
	trip->is_post = end->kind == SIGHTING_POST;
	trip->next = NOBODY;
	trip->message_type = end->message_type;
	trip->size = end->payload_captured;
	memcpy(trip->payload, end->payload, trip->size);

	if (bucket->first == NOBODY)
		bucket->first = trips->count;
	else
		trips->all[bucket->last].next = trips->count;
	bucket->last = trips->count++;
	return 0;
}

static bool is_same(const struct trip *trip, const struct sighting *end)
{
	return trip->message_type == end->message_type &&
	       trip->size == end->payload_captured &&
	       !memcmp(trip->payload, end->payload, trip->size);
}

/* The first that says the same as @end, and is no longer kept; or NULL. */
static const struct trip *take_other(struct trips *trips,
				     const struct sighting *end)
{
	struct bucket *bucket = bucket_of(trips, end);
	size_t before = NOBODY, at = bucket->first;
	const struct trip *trip;

	while (at != NOBODY && !is_same(&trips->all[at], end)) {
		before = at;
		at = trips->all[at].next;
	}
	if (at == NOBODY ||
	    trips->all[at].is_post == (end->kind == SIGHTING_POST))
		return NULL;
	trip = &trips->all[at];
	if (before == NOBODY)
		bucket->first = trip->next;
	else
		trips->all[before].next = trip->next;
	if (bucket->last == at)
		bucket->last = before;
	return trip;
}

/*
 * A post is seen when it ends, and its message may have arrived by then; but what
 * arrived before it began was another one, whose post nobody saw.
 */
static bool complete_post(struct trips *trips, const struct sighting *post,
			  uint64_t *duration_ns)
{
	const struct trip *arrival;

	while ((arrival = take_other(trips, post))) {
		if (arrival->time_ns < start_of(post))
			continue;
		*duration_ns = arrival->time_ns - start_of(post);
		return true;
	}
	return false;
}

static bool complete_arrival(struct trips *trips, const struct sighting *slot,
			     uint64_t *duration_ns)
{
	const struct trip *post = take_other(trips, slot);

	if (!post)
		return false;
	*duration_ns = slot->time_ns > post->time_ns ?
			       slot->time_ns - post->time_ns : 0;
	return true;
}

int trips_add(struct trips *trips, const struct sighting *end,
	      uint64_t *duration_ns)
{
	const bool is_post = end->kind == SIGHTING_POST;

	if (!is_whole(end))
		return 0;
	if (is_post ? complete_post(trips, end, duration_ns) :
		      complete_arrival(trips, end, duration_ns))
		return 1;
	return keep(trips, end, is_post ? start_of(end) : end->time_ns);
}
