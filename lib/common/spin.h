/* SPDX-License-Identifier: MIT */
/*
 * spin.h - how long to look for a change before going to sleep. It pays where
 * the other side runs on another processor and answers at once, so the patience
 * grows with each look that paid and shrinks with each that did not. It ends at once
 * where others turn out to want the processor.
 */
#ifndef SPIN_H
#define SPIN_H

#include <stdbool.h>

/* All zero at first. Belongs to one thread, or is guarded by what its owner guards it with. */
struct spin {
	unsigned int limit;	/* looks before the next sleep */
	unsigned int sleeps;	/* to come before it tries with any, if it is 0 */
	unsigned int sleeps_next; /* those after the next try, if it does not pay */
};

/*
 * Look until @changed(@context), as long as there is patience. Return whether it
 * has. On a machine with one processor it does not wait at all.
 */
bool spin_until(struct spin *spin, bool (*changed)(void *context),
		void *context);

#endif /* SPIN_H */
