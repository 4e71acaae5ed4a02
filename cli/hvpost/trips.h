/* SPDX-License-Identifier: MIT */
/*
 * trips.h - which arrival belongs to which post, where both were seen: the first
 * one without another end that says the same, to the byte.
 */
#ifndef TRIPS_H
#define TRIPS_H

#include <stdbool.h>

#include "sighting.h"

struct trips;

/* Return NULL: no memory. */
struct trips *trips_new(void);
void trips_free(struct trips *trips);

/*
 * A message was posted, or arrived. Return 1: the other end was seen before, and how
 * long it took from before the post; 0: it was not; or -ENOMEM.
 */
int trips_add(struct trips *trips, const struct sighting *end,
	      uint64_t *duration_ns);

#endif /* TRIPS_H */
