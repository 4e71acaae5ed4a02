/* SPDX-License-Identifier: MIT */
/* pair.h - two child processes that do something together, and for how long. */
#ifndef PAIR_H
#define PAIR_H

/* Both functions are called in the children, with the side: 0 or 1. */
struct pair {
	/* Get ready; NULL: nothing to do. Not measured. */
	void (*enter)(unsigned int side);
	/* Measured from when both are ready until both have returned. */
	void (*run)(unsigned int side);
};

/* Nanoseconds that it took; ends the program if either of them fails. */
double pair_run_ns(const struct pair *pair);

#endif /* PAIR_H */
