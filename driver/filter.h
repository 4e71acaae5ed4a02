/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Which records a reader wants. Pure: the unit tests run it as it stands.
 */
#ifndef HVP_FILTER_H
#define HVP_FILTER_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stdint.h>
#endif

#include <hvpost/device.h>

/* As device.h has it: fields in range, all else zero. */
bool hvp_filter_is_valid(const struct hvpost_ioc_filter *filter);

/* Does a record of @type (0: an event) and @origin pass a valid filter? */
bool hvp_filter_passes(const struct hvpost_ioc_filter *filter, uint32_t type,
		       uint64_t origin);

#endif /* HVP_FILTER_H */
