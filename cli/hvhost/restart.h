/* SPDX-License-Identifier: MIT */
/*
 * restart.h - how long a guest that asks for a reset waits for it: one that does so
 * again and again is not to take the host's time from all others.
 */
#ifndef RESTART_H
#define RESTART_H

#include <stdint.h>

struct restart_limits {
	uint32_t first_ms;	/* the first pause; each is twice the one before */
	uint32_t most_ms;	/* and no longer than this */
	uint32_t settled_ms;	/* after so long a run there is none */
};

struct restart {
	uint64_t began_ms;	/* the run */
	uint32_t pause_ms;	/* before it; 0: none */
	uint64_t held;		/* resets that had to wait */
};

/* It runs from now on. */
void restart_begin(struct restart *restart);

/* It asks for a reset; return for how many milliseconds it waits. */
uint32_t restart_hold(struct restart *restart,
		      const struct restart_limits *limits);

#endif /* RESTART_H */
