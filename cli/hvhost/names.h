/* SPDX-License-Identifier: MIT */
/*
 * names.h - the partitions that there are and the ones that may come, by name,
 * and what hvhost knows of a partition before it is there.
 *
 * All of it is the main thread's.
 */
#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include <hvpost/attach.h>
#include <hvpost/hvhost.h>

#include "peers.h"

struct client;

struct named {
	LIST_ENTRY(named) next;
	char name[HVPOST_ATTACH_NAME_SIZE];
	uint32_t vp_count;
	uint64_t privileges;
	bool is_inactive;	/* to be finalizing as soon as it is there */
	bool is_prober;		/* conformance.h is to be prepared for it */
	bool is_kept;		/* the command line has it */
	bool has_owners;	/* who alone may attach by it: */
	struct peers owners;
	uint32_t links;		/* that are wanted from it or to it */
	struct hvhost_partition *partition;	/* NULL: not there now */
	struct client *client;	/* the process that is it; NULL: none */
	/* What was prepared for a prober has ids from the first to the end. */
	uint64_t prepared_first, prepared_end;
};

LIST_HEAD(names, named);

/* May a partition have this name? */
bool name_is_valid(const char *name);

struct named *names_find(const struct names *names, const char *name);

/*
 * The one with that name, made as a process that nobody has announced would have
 * it: one VP and all privileges. NULL: no memory.
 */
struct named *names_get(struct names *names, const char *name);

/* Forget a name if nobody wants it and it is not there. */
void names_drop(struct named *named);

void names_free(struct names *names);

/* All privileges, and those of a restricted partition: no calls. */
uint64_t privileges_all(void);
uint64_t privileges_restricted(void);

#endif /* NAMES_H */
