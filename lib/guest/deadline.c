// SPDX-License-Identifier: MIT
#include "deadline.h"

#include <hvpost/hvpost.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_S  UINT64_C(1000000000)

uint64_t hvpost_deadline_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t hvpost_deadline_after(uint64_t now_ns, int64_t duration_ms)
{
	uint64_t duration_ns, deadline_ns;

	if (duration_ms < 0)
		return HVPOST_NEVER;
	if (__builtin_mul_overflow((uint64_t)duration_ms, NS_PER_MS,
				   &duration_ns) ||
	    __builtin_add_overflow(now_ns, duration_ns, &deadline_ns))
		return HVPOST_NEVER;
	return deadline_ns;
}

uint64_t hvpost_deadline_in_ms(int64_t duration_ms)
{
	return hvpost_deadline_after(hvpost_deadline_clock(), duration_ms);
}

const struct timespec *hvpost_deadline_left(uint64_t deadline_ns,
					    uint64_t now_ns,
					    struct timespec *left)
{
	uint64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;

	if (deadline_ns == HVPOST_NEVER)
		return NULL;
	left->tv_sec = (time_t)(left_ns / NS_PER_S);
	left->tv_nsec = (long)(left_ns % NS_PER_S);
	return left;
}
