/* SPDX-License-Identifier: MIT */
/* sighting_filter.h - which sightings somebody wants. */
#ifndef SIGHTING_FILTER_H
#define SIGHTING_FILTER_H

#include <stdbool.h>

#include "sighting.h"

/* "None" in a field lets all pass; otherwise only what has that very value. */
struct sighting_filter {
	uint32_t connection_id;
	uint32_t sint;
	uint32_t status;
};

/*
 * From what a user wrote, each of which may be NULL. Return NULL, or what is wrong
 * with it.
 */
const char *sighting_filter_make(struct sighting_filter *filter,
				 const char *connection, const char *sint,
				 const char *status);

bool sighting_passes(const struct sighting_filter *filter,
		     const struct sighting *sighting);

#endif /* SIGHTING_FILTER_H */
