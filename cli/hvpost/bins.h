/* SPDX-License-Identifier: MIT */
/* bins.h - how many values fall into each part of a scale. */
#ifndef BINS_H
#define BINS_H

#include <stddef.h>
#include <stdint.h>

#include "scale.h"

#define BINS_MAX 512u

struct bins {
	size_t count;
	uint64_t most;		/* in one of them */
	uint64_t in[BINS_MAX];
};

/*
 * Sort @values into @count bins of one width on @scale. The last one has the upper
 * end; what lies beyond an end is in the bin there. @zero is taken off each.
 */
void bins_fill(struct bins *bins, size_t count, const struct scale *scale,
	       const uint64_t *values, size_t value_count, uint64_t zero);

#endif /* BINS_H */
