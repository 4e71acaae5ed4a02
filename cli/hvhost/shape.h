/* SPDX-License-Identifier: MIT */
/*
 * shape.h - what a machine is made of: partitions with their limits and rights,
 * and their VPs. A snapshot fits a machine if both have the same shape.
 */
#ifndef SHAPE_H
#define SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <hvpost/hvhost.h>

/* A partition; its VPs follow it. */
struct shape_part {
	uint64_t partition;
	bool is_vp;
	uint32_t vp_index;			/* of a VP */
	struct hvhost_partition_config config;	/* of a partition: numbers only */
	enum hvhost_partition_state state;
};

struct shape {
	struct shape_part *parts;
	size_t count, room;
	uint32_t flags;				/* of the machine */
	const struct shape *like;		/* NULL: it may be any */
	const char *wrong;			/* where it is not like that */
};

/*
 * Look at the machine that a snapshot makes. As soon as a part of it is not as in
 * @like reading ends, before that part is made: what is made of bytes from anywhere
 * is what a machine like ours can hold. @like may be NULL. Return 0, or what
 * hvhost_machine_restore() returned, with its reason or NULL; -EINVAL with
 * @shape->wrong if that is why. shape_free() it.
 */
int shape_of_snapshot(struct shape *shape, const struct shape *like,
		      const void *snapshot, size_t size, const char **reason);
int shape_of_machine(struct shape *shape, struct hvhost_machine *machine);
void shape_free(struct shape *shape);

/* Return NULL if they are the same, or what is not. */
const char *shape_compare(const struct shape *here, const struct shape *there);

#endif /* SHAPE_H */
