/* SPDX-License-Identifier: MIT */
/*
 * trips.h - which arrival belongs to which post, where both were seen: the first
 * one not yet arrived that says the same, to the byte.
 */
#ifndef TRIPS_H
#define TRIPS_H

#include <stdbool.h>

#include "sighting.h"

struct trips;

/* Return NULL: no memory. */
struct trips *trips_new(void);
void trips_free(struct trips *trips);

/* A message was posted. Return 0 or -ENOMEM. */
int trips_post(struct trips *trips, const struct sighting *post);

/*
 * A message arrived. Return whether its post was seen, and how long it took from
 * before that post.
 */
bool trips_arrive(struct trips *trips, const struct sighting *slot,
		  uint64_t *duration_ns);

#endif /* TRIPS_H */
