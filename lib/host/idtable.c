// SPDX-License-Identifier: MIT
#include "idtable.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <hvpost/hyperv.h>

static unsigned int step(uint32_t id, unsigned int shift)
{
	return (id >> shift) % IDTABLE_FANOUT;
}

static void **leaf_of(const struct idtable *table, uint32_t id)
{
	void ***middle = table->root[step(id, 16)];

	return middle ? middle[step(id, 8)] : NULL;
}

void *idtable_find(const struct idtable *table, uint32_t id)
{
	void **leaf;

	if (id & ~HV_ID_MASK)
		return NULL;
	leaf = leaf_of(table, id);
	return leaf ? leaf[step(id, 0)] : NULL;
}

/* Leaves and middle nodes alike: arrays of this many pointers. */
static bool is_empty(const void *node)
{
	static const void *const nothing[IDTABLE_FANOUT];

	return !memcmp(node, nothing, sizeof(nothing));
}

static void free_middle_if_empty(struct idtable *table, uint32_t id)
{
	void ****middle = &table->root[step(id, 16)];

	if (!is_empty(*middle))
		return;
	free(*middle);
	*middle = NULL;
}

static void **make_leaf(struct idtable *table, uint32_t id)
{
	void ****middle = &table->root[step(id, 16)];
	void ***leaf;

	if (!*middle)
		*middle = calloc(IDTABLE_FANOUT, sizeof(**middle));
	if (!*middle)
		return NULL;
	leaf = &(*middle)[step(id, 8)];
	if (*leaf)
		return *leaf;
	*leaf = calloc(IDTABLE_FANOUT, sizeof(**leaf));
	if (*leaf)
		return *leaf;
	free_middle_if_empty(table, id);
	return NULL;
}

int idtable_add(struct idtable *table, uint32_t id, void *thing)
{
	void **leaf;

	if (idtable_find(table, id))
		return -EEXIST;
	leaf = make_leaf(table, id);
	if (!leaf)
		return -ENOMEM;
	leaf[step(id, 0)] = thing;
	table->count++;
	return 0;
}

/* What has become empty goes: few ids at a time never cost a table of all. */
void idtable_remove(struct idtable *table, uint32_t id)
{
	void ***middle;
	void **leaf;

	if (!idtable_find(table, id))
		return;
	middle = table->root[step(id, 16)];
	leaf = middle[step(id, 8)];
	leaf[step(id, 0)] = NULL;
	table->count--;
	if (!is_empty(leaf))
		return;
	free(leaf);
	middle[step(id, 8)] = NULL;
	free_middle_if_empty(table, id);
}

void *idtable_next(const struct idtable *table, uint32_t *id)
{
	while (*id <= HV_ID_MASK) {
		void **leaf = leaf_of(table, *id);

		if (leaf && leaf[step(*id, 0)])
			return leaf[step(*id, 0)];
		if (leaf)
			*id += 1;
		else if (table->root[step(*id, 16)])
			*id = (*id | 0xff) + 1;
		else
			*id = (*id | 0xffff) + 1;
	}
	return NULL;
}

void idtable_destroy(struct idtable *table)
{
	for (unsigned int i = 0; i < IDTABLE_FANOUT; i++) {
		void ***middle = table->root[i];

		for (unsigned int j = 0; middle && j < IDTABLE_FANOUT; j++)
			free(middle[j]);
		free(middle);
		table->root[i] = NULL;
	}
	table->count = 0;
}
