/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A quota of so many a second, of which one second's worth may be saved up.
 * Pure: knows no clock and no lock, so the unit tests run it as it stands.
 */
#ifndef HVP_BUCKET_H
#define HVP_BUCKET_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdint.h>
#endif

/* More is none to speak of, and would make one cost no nanoseconds. */
#define HVP_BUCKET_PER_SECOND_MAX 1000000u

struct hvp_bucket {
	uint64_t full_ns;	/* when it is full if nothing more is taken */
};

/*
 * hvp_bucket_take - take one of @per_second, 1 to HVP_BUCKET_PER_SECOND_MAX
 *
 * @now_ns may lie before that of an earlier call, and @per_second may differ.
 * Return 0: it is taken. Else nothing was: look again after so many nanoseconds.
 */
uint64_t hvp_bucket_take(struct hvp_bucket *bucket, uint64_t now_ns,
			 uint32_t per_second);

#endif /* HVP_BUCKET_H */
