/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Which group may post to which connections: "GID:FIRST[-LAST],..." in numbers.
 * Pure: who has which group is the caller's to know, so the unit tests run it as
 * it stands.
 */
#ifndef HVP_ALLOW_H
#define HVP_ALLOW_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#endif

/* As many as have room in the page that shows a parameter. */
#define HVP_ALLOW_RULES_MAX 128u

struct hvp_allow_rule {
	uint32_t gid;
	uint32_t first, last;	/* connection ids, 24 bits, both included */
};

struct hvp_allow {
	uint32_t count;		/* 0: there is no list, all may post */
	struct hvp_allow_rule rules[HVP_ALLOW_RULES_MAX];
};

/*
 * hvp_allow_parse - fill @allow from @text
 *
 * Numbers are decimal, or hexadecimal after 0x; one line's end may follow. An
 * empty text is no list. Return 0, or -EINVAL: no such list, or one of more than
 * HVP_ALLOW_RULES_MAX rules; @allow is then of no use.
 */
int hvp_allow_parse(struct hvp_allow *allow, const char *text);

/* Write @allow so that it can be parsed again. Return the length, as snprintf(). */
int hvp_allow_format(const struct hvp_allow *allow, char *text, size_t size);

/*
 * hvp_allow_has - may one who is in the groups of which @in_group says so post to
 * @connection_id? Bits over the 24 of an id do not count: some hosts ignore them.
 */
bool hvp_allow_has(const struct hvp_allow *allow, uint32_t connection_id,
		   bool (*in_group)(uint32_t gid));

#endif /* HVP_ALLOW_H */
