// SPDX-License-Identifier: MIT
#include "restart.h"

#include <time.h>

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void restart_begin(struct restart *restart)
{
	restart->began_ms = now_ms();
}

static uint32_t next_pause(const struct restart *restart,
			   const struct restart_limits *limits)
{
	if (now_ms() - restart->began_ms >= limits->settled_ms)
		return 0;
	if (!restart->pause_ms)
		return limits->first_ms;
	return restart->pause_ms < limits->most_ms / 2 ?
	       restart->pause_ms * 2 : limits->most_ms;
}

uint32_t restart_hold(struct restart *restart,
		      const struct restart_limits *limits)
{
	restart->pause_ms = next_pause(restart, limits);
	restart->held += restart->pause_ms != 0;
	return restart->pause_ms;
}
