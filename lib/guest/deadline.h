/* SPDX-License-Identifier: MIT */
/* deadline.h - absolute times, and the way from and to durations. */
#ifndef HVPOST_DEADLINE_H
#define HVPOST_DEADLINE_H

#include <stdint.h>
#include <time.h>

/* CLOCK_MONOTONIC now, in nanoseconds. */
uint64_t hvpost_deadline_clock(void);

/* hvpost_deadline_in_ms() as of @now_ns. */
uint64_t hvpost_deadline_after(uint64_t now_ns, int64_t duration_ms);

/*
 * The time left at @now_ns until @deadline_ns, in the form that ppoll() takes:
 * @left filled and returned, or NULL for no limit.
 */
const struct timespec *hvpost_deadline_left(uint64_t deadline_ns,
					    uint64_t now_ns,
					    struct timespec *left);

#endif /* HVPOST_DEADLINE_H */
