// SPDX-License-Identifier: GPL-2.0-only OR MIT
#ifdef __KERNEL__
#include <linux/errno.h>
#include <linux/kernel.h>
#else
#include <errno.h>
#include <stdio.h>
#endif

#include <hvpost/hyperv.h>

#include "allow.h"

/* The id that the kernel keeps for "no group". */
#define GID_NONE 0xffffffffu

/* The value of a digit, or @base where @c is none. */
static uint32_t digit(char c, uint32_t base)
{
	uint32_t value = base;

	if (c >= '0' && c <= '9')
		value = (uint32_t)(c - '0');
	else if (c >= 'a' && c <= 'f')
		value = (uint32_t)(c - 'a') + 10;
	else if (c >= 'A' && c <= 'F')
		value = (uint32_t)(c - 'A') + 10;
	return value < base ? value : base;
}

/* Take a number up to @max from the text at *@at, and step over it. */
static int take_number(const char **at, uint32_t max, uint32_t *number)
{
	const char *text = *at;
	uint32_t base = 10;
	uint64_t value = 0;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		base = 16;
		text += 2;
	}
	if (digit(*text, base) == base)
		return -EINVAL;
	for (; digit(*text, base) < base; text++) {
		value = value * base + digit(*text, base);
		if (value > max)
			return -EINVAL;
	}
	*at = text;
	*number = (uint32_t)value;
	return 0;
}

static int take_rule(const char **at, struct hvp_allow_rule *rule)
{
	if (take_number(at, GID_NONE - 1, &rule->gid) || *(*at)++ != ':')
		return -EINVAL;
	if (take_number(at, HV_ID_MASK, &rule->first))
		return -EINVAL;
	rule->last = rule->first;
	if (**at != '-')
		return 0;
	(*at)++;
	if (take_number(at, HV_ID_MASK, &rule->last))
		return -EINVAL;
	return rule->first > rule->last ? -EINVAL : 0;
}

static bool is_end(const char *text)
{
	return !text[0] || (text[0] == '\n' && !text[1]);
}

int hvp_allow_parse(struct hvp_allow *allow, const char *text)
{
	allow->count = 0;
	if (is_end(text))
		return 0;
	for (;;) {
		if (allow->count == HVP_ALLOW_RULES_MAX ||
		    take_rule(&text, &allow->rules[allow->count]))
			return -EINVAL;
		allow->count++;
		if (is_end(text))
			return 0;
		if (*text++ != ',')
			return -EINVAL;
	}
}

int hvp_allow_format(const struct hvp_allow *allow, char *text, size_t size)
{
	size_t length = 0;
	uint32_t i;

	if (size)
		text[0] = '\0';
	for (i = 0; i < allow->count; i++) {
		const struct hvp_allow_rule *rule = &allow->rules[i];
		size_t used = length < size ? length : size;

		length += (size_t)snprintf(text + used, size - used,
					   rule->first == rule->last ?
						   "%s%u:0x%x" : "%s%u:0x%x-0x%x",
					   i ? "," : "", rule->gid, rule->first,
					   rule->last);
	}
	return (int)length;
}

bool hvp_allow_has(const struct hvp_allow *allow, uint32_t connection_id,
		   bool (*in_group)(uint32_t gid))
{
	uint32_t id = connection_id & HV_ID_MASK;
	uint32_t i;

	if (!allow->count)
		return true;
	for (i = 0; i < allow->count; i++) {
		const struct hvp_allow_rule *rule = &allow->rules[i];

		if (id >= rule->first && id <= rule->last && in_group(rule->gid))
			return true;
	}
	return false;
}
