/* SPDX-License-Identifier: MIT */
/*
 * revival.h - the world saved, and made again from a snapshot.
 *
 * The sender and the receiver are found again by their ids, and are told of
 * interrupts and overlay pages as before; all others belong to the stranger.
 */
#ifndef REVIVAL_H
#define REVIVAL_H

#include "world.h"

struct saved {
	void *bytes;		/* free() them */
	size_t size;
};

extern struct guest stranger;
extern const struct hvhost_restore_ops revival_ops;

struct saved save_machine(struct hvhost_machine *machine);
struct saved save_world(void);
void assert_same(struct saved one, struct saved other);

/* Make world.machine, which must be gone. Return as hvhost_machine_restore(). */
int restore_world(struct saved saved, const char **reason);

/* Save the world, free it, restore it. */
void revive_world(void);

/* The same, where nothing is delivered by that: all must be as it was. */
void round_trip(void);

#endif /* REVIVAL_H */
