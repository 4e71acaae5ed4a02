// SPDX-License-Identifier: GPL-2.0-only OR MIT
#include "filter.h"

static bool rule_is_zero(const struct hvpost_filter_rule *rule)
{
	return !(rule->type_min | rule->type_max | rule->origin |
		 rule->origin_mask);
}

static bool rule_can_match(const struct hvpost_filter_rule *rule)
{
	return rule->type_min <= rule->type_max &&
	       !(rule->origin & ~rule->origin_mask);
}

bool hvp_filter_is_valid(const struct hvpost_ioc_filter *filter)
{
	uint32_t i;

	if (filter->rule_count > HVPOST_FILTER_RULES_MAX ||
	    filter->reserved32 || filter->reserved)
		return false;
	for (i = 0; i < filter->rule_count; i++)
		if (!rule_can_match(&filter->rules[i]))
			return false;
	for (; i < HVPOST_FILTER_RULES_MAX; i++)
		if (!rule_is_zero(&filter->rules[i]))
			return false;
	return true;
}

static bool rule_matches(const struct hvpost_filter_rule *rule, uint32_t type,
			 uint64_t origin)
{
	return type >= rule->type_min && type <= rule->type_max &&
	       (origin & rule->origin_mask) == rule->origin;
}

bool hvp_filter_passes(const struct hvpost_ioc_filter *filter, uint32_t type,
		       uint64_t origin)
{
	uint32_t i;

	for (i = 0; i < filter->rule_count; i++)
		if (rule_matches(&filter->rules[i], type, origin))
			return true;
	return !filter->rule_count;
}
