/* SPDX-License-Identifier: MIT */
/* samples.h - what a set of measured times has to say. */
#ifndef SAMPLES_H
#define SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct samples_summary {
	uint64_t min, median, p99, max;
};

/*
 * Sort @values and sum them up. The median of an even count is the mean of the
 * middle two, p99 the smallest value that 99 in 100 do not exceed. Of no values
 * at all, everything is 0.
 */
struct samples_summary samples_summarize(uint64_t *values, size_t count);

#endif /* SAMPLES_H */
