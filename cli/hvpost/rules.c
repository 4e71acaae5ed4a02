// SPDX-License-Identifier: MIT
#include "rules.h"

#include <stdio.h>
#include <string.h>

#include "number.h"

/* Longer than any number that is one */
#define NUMBER_SIZE 32

static int parse_type(const char *text, size_t length, uint32_t *type)
{
	char number[NUMBER_SIZE];
	uint64_t value;

	if (length >= sizeof(number))
		return -1;
	snprintf(number, sizeof(number), "%.*s", (int)length, text);
	if (parse_number(number, &value) || !value || value > UINT32_MAX)
		return -1;
	*type = (uint32_t)value;
	return 0;
}

static int parse_types(const char *text, struct hvpost_rule *rule)
{
	const char *dash = strchr(text, '-');
	const char *last = dash ? dash + 1 : text;

	if (parse_type(text, dash ? (size_t)(dash - text) : strlen(text),
		       &rule->type_min) ||
	    parse_type(last, strlen(last), &rule->type_max))
		return -1;
	return rule->type_min <= rule->type_max ? 0 : -1;
}

int rules_make(struct rules *rules, const char *types, const char *origin)
{
	struct hvpost_rule messages = { .type_min = 1, .type_max = UINT32_MAX };

	memset(rules, 0, sizeof(*rules));
	if (!types && !origin)
		return 0;
	if (types && parse_types(types, &messages))
		return -1;
	if (origin && parse_number(origin, &messages.origin))
		return -1;
	messages.origin_mask = origin ? UINT64_MAX : 0;

	rules->rule[0] = messages;
	/* Type 0 with any origin: the events */
	rules->count = 2;
	return 0;
}
