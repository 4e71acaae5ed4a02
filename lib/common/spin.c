// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* sched_getaffinity */
#include "spin.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

/*
 * Of some 40 ns each: twice as long as it takes to wake the other side on an idle
 * processor of a virtual machine. Whose looks always end just before that would
 * lose their patience for good.
 */
#define LIMIT_MAX	1536u
#define LIMIT_MIN	32u
/* The other side may wait for this very processor. */
#define LOOKS_PER_YIELD	32u
/* A yield that takes so long went to somebody else, who has more to do. */
#define YIELD_NS_MAX	30000
/* After so many sleeps without a look, try whether it would pay again; doubled. */
#define SLEEPS_MIN	16u
#define SLEEPS_MAX	4096u

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
	if (spin->limit || !spin->sleeps)
		return spin->limit ? spin->limit : LIMIT_MAX;
	spin->sleeps--;
	return 0;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Return whether the processor is ours again soon enough. */
static bool yield(void)
{
	int64_t start_ns = now_ns();

	sched_yield();
	return now_ns() - start_ns < YIELD_NS_MAX;
}

static void lose_patience(struct spin *spin)
{
	spin->limit = 0;
	spin->sleeps = spin->sleeps_next < SLEEPS_MIN ? SLEEPS_MIN :
							spin->sleeps_next;
	spin->sleeps_next = spin->sleeps < SLEEPS_MAX ? 2 * spin->sleeps :
							SLEEPS_MAX;
}

/*
 * Where others want the processor, who wakes up gets it sooner than who yields it
 * again and again.
 */
static bool look(struct spin *spin, unsigned int limit,
		 bool (*changed)(void *context), void *context)
{
	for (unsigned int looks = 1; looks <= limit; looks++) {
		if (changed(context)) {
			spin->limit = LIMIT_MAX;
			spin->sleeps_next = 0;
			return true;
		}
		if (looks % LOOKS_PER_YIELD) {
			__builtin_ia32_pause();
		} else if (!yield()) {
			lose_patience(spin);
			return changed(context);
		}
	}
	spin->limit = limit / 2;
	if (spin->limit < LIMIT_MIN)
		lose_patience(spin);
	return false;
}

bool spin_until(struct spin *spin, bool (*changed)(void *context),
		void *context)
{
	unsigned int limit;

	if (!has_other_processors())
		return false;
	limit = patience(spin);
	return limit && look(spin, limit, changed, context);
}
