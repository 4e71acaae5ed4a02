// SPDX-License-Identifier: MIT
#include "samples.h"

#include <stdlib.h>

static int compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static uint64_t median(const uint64_t *sorted, size_t count)
{
	uint64_t low = sorted[(count - 1) / 2], high = sorted[count / 2];

	return low + (high - low) / 2;
}

struct samples_summary samples_summarize(uint64_t *values, size_t count)
{
	if (!count)
		return (struct samples_summary){ 0 };

	qsort(values, count, sizeof(*values), compare);
	return (struct samples_summary){
		.min = values[0],
		.median = median(values, count),
		.p99 = values[count - 1 - count / 100],
		.max = values[count - 1],
	};
}
