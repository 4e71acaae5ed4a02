// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* sched_getaffinity */
#include "spin.h"

#include <sched.h>
#include <stdatomic.h>

/* Of some 40 ns each: about as long as two sleeps and wake-ups take. */
#define LIMIT_MAX	512u
#define LIMIT_MIN	32u
/* The other side may wait for this very processor. */
#define LOOKS_PER_YIELD	32u
/* After so many sleeps without a look, try whether it would pay again. */
#define IDLE_MAX	16u

static bool has_other_processors(void)
{
	/* 0: not known yet. Every thread finds the same, so relaxed will do. */
	static atomic_int known;
	int count = atomic_load_explicit(&known, memory_order_relaxed);
	cpu_set_t set;

	if (!count) {
		count = sched_getaffinity(0, sizeof(set), &set) ?
				1 : CPU_COUNT(&set);
		atomic_store_explicit(&known, count, memory_order_relaxed);
	}
	return count > 1;
}

static unsigned int patience(struct spin *spin)
{
	if (spin->limit || ++spin->idle < IDLE_MAX)
		return spin->limit;
	spin->idle = 0;
	return LIMIT_MAX;
}

static bool look(unsigned int times, bool (*changed)(void *context),
		 void *context)
{
	while (times--) {
		if (changed(context))
			return true;
		if (times % LOOKS_PER_YIELD)
			__builtin_ia32_pause();
		else
			sched_yield();
	}
	return false;
}

bool spin_until(struct spin *spin, bool (*changed)(void *context),
		void *context)
{
	unsigned int limit;

	if (!has_other_processors())
		return false;
	limit = patience(spin);
	if (!limit)
		return false;
	if (!look(limit, changed, context)) {
		spin->limit = limit / 2 < LIMIT_MIN ? 0 : limit / 2;
		return false;
	}
	spin->limit = LIMIT_MAX;
	return true;
}
