/* SPDX-License-Identifier: MIT */
/* clock.h - from the time that something was seen to the time of day. */
#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>

/*
 * What to add to CLOCK_MONOTONIC for CLOCK_REALTIME, by now: the one may be set, the
 * other stands in a suspend. So ask again each time.
 */
uint64_t clock_real_minus_monotonic_ns(void);

#endif /* CLOCK_H */
