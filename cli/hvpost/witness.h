/* SPDX-License-Identifier: MIT */
/*
 * witness.h - whose word counts. A message may have been seen by several on its way:
 * by the library that posted it, by the driver below, by the host. So of each kind of
 * sighting one source is taken, or a message would count as often as it was seen.
 */
#ifndef WITNESS_H
#define WITNESS_H

#include <stdbool.h>

#include "capture_file.h"
#include "sighting_filter.h"

struct witness {
	enum sighting_source named;	/* SIGHTING_SOURCES: none is */
	enum sighting_source taken[SIGHTING_KINDS];	/* the same */
	uint64_t left_out[SIGHTING_SOURCES];
};

/* To take the one that @name names, unless that is NULL. Return NULL or what is wrong. */
const char *witness_make(struct witness *witness, const char *name);

/*
 * If none is named take the one, of what passes @filter in the capture, that is
 * nearest to whoever posts and receives. The capture is read for that, and begins
 * anew. Return 0 or a negative errno value.
 */
int witness_survey(struct witness *witness, struct capture_reader *reader,
		   const struct sighting_filter *filter);

/* Does it count? If not, it is counted as left out. */
bool witness_takes(struct witness *witness, const struct sighting *sighting);

/* Which of those that saw something is the nearest; SIGHTING_SOURCES: nobody did. */
enum sighting_source witness_nearest(const bool saw[SIGHTING_SOURCES]);

uint64_t witness_left_out(const struct witness *witness);

/* A line on @out that says how many of whose were left out, unless none were. */
void witness_print(FILE *out, const struct witness *witness);

#endif /* WITNESS_H */
