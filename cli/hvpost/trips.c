// SPDX-License-Identifier: MIT
#include "trips.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A power of two */
#define BUCKETS	(1u << 14)
#define NOBODY	SIZE_MAX

struct trip {
	uint64_t start_ns;
	size_t next;		/* later one of its bucket */
	uint32_t message_type;
	uint32_t size;		/* of the payload that was kept */
	uint8_t payload[HV_MESSAGE_PAYLOAD_SIZE_MAX];
};

/* Those under way, in the order of their posts. */
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

int trips_post(struct trips *trips, const struct sighting *post)
{
	struct bucket *bucket;
	struct trip *trip;

	if (!is_whole(post))
		return 0;
	if (make_room(trips))
		return -ENOMEM;
	trip = &trips->all[trips->count];
	trip->start_ns = start_of(post);
	trip->next = NOBODY;
	trip->message_type = post->message_type;
	trip->size = post->payload_captured;
	memcpy(trip->payload, post->payload, trip->size);

	bucket = bucket_of(trips, post);
	if (bucket->first == NOBODY)
		bucket->first = trips->count;
	else
		trips->all[bucket->last].next = trips->count;
	bucket->last = trips->count++;
	return 0;
}

static bool is_same(const struct trip *trip, const struct sighting *slot)
{
	return trip->message_type == slot->message_type &&
	       trip->size == slot->payload_captured &&
	       !memcmp(trip->payload, slot->payload, trip->size);
}

bool trips_arrive(struct trips *trips, const struct sighting *slot,
		  uint64_t *duration_ns)
{
	struct bucket *bucket = bucket_of(trips, slot);
	size_t before = NOBODY, at = bucket->first;
	struct trip *trip;

	while (at != NOBODY && !is_same(&trips->all[at], slot)) {
		before = at;
		at = trips->all[at].next;
	}
	if (at == NOBODY || !is_whole(slot))
		return false;
	trip = &trips->all[at];
	if (before == NOBODY)
		bucket->first = trip->next;
	else
		trips->all[before].next = trip->next;
	if (bucket->last == at)
		bucket->last = before;
	*duration_ns = slot->time_ns > trip->start_ns ?
			       slot->time_ns - trip->start_ns : 0;
	return true;
}
