/* SPDX-License-Identifier: MIT */
/*
 * From a 24-bit id to what it names: a tree of three steps, so that a look-up
 * costs the same among one and among millions. Its user locks.
 */
#ifndef HVHOST_IDTABLE_H
#define HVHOST_IDTABLE_H

#include <stdint.h>

#define IDTABLE_FANOUT 256

struct idtable {
	void ***root[IDTABLE_FANOUT];
	uint32_t count;
};

/* NULL: nothing has this id, or it is wider than 24 bits. */
void *idtable_find(const struct idtable *table, uint32_t id);

/* -EEXIST: the id is taken; -ENOMEM. @thing is not NULL, @id 24 bits wide. */
int idtable_add(struct idtable *table, uint32_t id, void *thing);

void idtable_remove(struct idtable *table, uint32_t id);

/*
 * The first thing with an id of at least *@id, and that id; NULL if there is
 * none. The table may change between calls.
 */
void *idtable_next(const struct idtable *table, uint32_t *id);

/* What the things are is the user's to free before. */
void idtable_destroy(struct idtable *table);

#endif /* HVHOST_IDTABLE_H */
