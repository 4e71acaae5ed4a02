/* SPDX-License-Identifier: MIT */
/* rules.h - what --type and --from say, as the library has it. */
#ifndef RULES_H
#define RULES_H

#include <stddef.h>

#include <hvpost/hvpost.h>

/* Rules, of which @count are in use; none: everything passes. */
struct rules {
	unsigned int count;
	struct hvpost_rule rule[2];
};

/*
 * Messages of @types, such as "7" or "0x10-0x1f" (NULL: of any), from @origin
 * (NULL: any), and all events. Return 0, or -1: one of the two texts is none.
 */
int rules_make(struct rules *rules, const char *types, const char *origin);

#endif /* RULES_H */
