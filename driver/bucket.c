// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include "bucket.h"

#define NS_PER_S 1000000000ull

/*
 * What is missing in the bucket is kept as the time that it takes to come back:
 * no count has to be brought up to date, and no remainder is lost.
 */
uint64_t hvp_bucket_take(struct hvp_bucket *bucket, uint64_t now_ns,
			 uint32_t per_second)
{
	uint64_t missing_ns = NS_PER_S / per_second;

	if (bucket->full_ns > now_ns)
		missing_ns += bucket->full_ns - now_ns;
	if (missing_ns > NS_PER_S)
		return missing_ns - NS_PER_S;

	bucket->full_ns = now_ns + missing_ns;
	return 0;
}
