// SPDX-License-Identifier: MIT
#include "bins.h"

#include <math.h>
#include <string.h>

void bins_fill(struct bins *bins, size_t count, const struct scale *scale,
	       const uint64_t *values, size_t value_count, uint64_t zero)
{
	const double length = scale->end - scale->start;

	memset(bins, 0, sizeof(*bins));
	bins->count = count;
	for (size_t i = 0; i < value_count; i++) {
		double place = scale_place(scale, (double)(values[i] - zero));
		/* A place that a rounding put just before a bin's is its own. */
		double part = (place - scale->start) / length * (double)count;
		size_t bin = (size_t)fmin(floor(part + 1e-9),
					  (double)count - 1);

		bins->in[bin]++;
		if (bins->in[bin] > bins->most)
			bins->most = bins->in[bin];
	}
}
