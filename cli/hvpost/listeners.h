/* SPDX-License-Identifier: MIT */
/* listeners.h - what arrives at some SINTs, as sightings. */
#ifndef LISTENERS_H
#define LISTENERS_H

#include <hvpost/hvpost.h>

#include "command.h"
#include "sighting.h"
#include "stop.h"

/* VPs of which each gap in what arrives is seen where it is. */
#define LISTENERS_VPS 64

struct listeners {
	size_t count;
	size_t which;		/* had the last message */
	struct hvpost *handles[STOP_HANDLES_MAX];
	uint32_t sints[STOP_HANDLES_MAX];
	uint64_t sequences[STOP_HANDLES_MAX][LISTENERS_VPS];	/* the last one */
};

/*
 * Listen at the SINTs that @sints names, such as "6" or "6,8", with room for
 * @ring_records each. On the device others may listen there too, if all of them
 * share. Return an exit status; unless it is EXIT_DONE, nothing is open.
 */
int listeners_open(struct listeners *listeners,
		   const struct common_options *common, const char *sints,
		   unsigned int ring_records);
void listeners_close(struct listeners *listeners);

/*
 * The next sighting, and how many were lost before it at its SINT and VP. Return 0,
 * or as stop_or_receive(), of the SINT sints[which].
 */
int listeners_next(struct listeners *listeners, struct sighting *sighting,
		   uint64_t *dropped, uint64_t deadline_ns);

/* How many were lost in all, also behind the last one that arrived. */
uint64_t listeners_dropped(const struct listeners *listeners);

#endif /* LISTENERS_H */
