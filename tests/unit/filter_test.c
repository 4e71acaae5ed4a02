// SPDX-License-Identifier: MIT
#include <string.h>

#include "driver/filter.h"
#include "suites.h"

#define ANY_ORIGIN 0, 0

static struct hvpost_ioc_filter filter;

static void clear_filter(void)
{
	memset(&filter, 0, sizeof(filter));
}

static void add_rule(uint32_t type_min, uint32_t type_max, uint64_t origin,
		     uint64_t origin_mask)
{
	filter.rules[filter.rule_count++] = (struct hvpost_filter_rule){
		.type_min = type_min, .type_max = type_max,
		.origin = origin, .origin_mask = origin_mask,
	};
}

/* What is valid */

START_TEST(no_rule_is_a_valid_filter)
{
	ck_assert(hvp_filter_is_valid(&filter));
}
END_TEST

START_TEST(eight_rules_are_valid_and_nine_are_not)
{
	for (uint32_t i = 0; i < HVPOST_FILTER_RULES_MAX; i++) {
		add_rule(i, i, i, UINT64_MAX);
		ck_assert(hvp_filter_is_valid(&filter));
	}
	filter.rule_count++;
	ck_assert(!hvp_filter_is_valid(&filter));
	filter.rule_count = UINT32_MAX;
	ck_assert(!hvp_filter_is_valid(&filter));
}
END_TEST

START_TEST(reserved_bits_must_be_zero)
{
	filter.reserved32 = 1u << 31;
	ck_assert(!hvp_filter_is_valid(&filter));
	filter.reserved32 = 0;
	filter.reserved = 1ull << 63;
	ck_assert(!hvp_filter_is_valid(&filter));
}
END_TEST

START_TEST(a_rule_that_is_not_in_use_must_be_zero)
{
	add_rule(1, 2, ANY_ORIGIN);
	filter.rules[_i].type_max |= 4;
	ck_assert_int_eq(hvp_filter_is_valid(&filter), _i == 0);
}
END_TEST

START_TEST(a_rule_that_nothing_can_match_is_not_valid)
{
	add_rule(3, 2, ANY_ORIGIN);
	ck_assert(!hvp_filter_is_valid(&filter));
	clear_filter();
	add_rule(0, 9, 0x11, 0xf0);
	ck_assert(!hvp_filter_is_valid(&filter));
	clear_filter();
	add_rule(0, 9, 0x10, 0xf0);
	ck_assert(hvp_filter_is_valid(&filter));
}
END_TEST

/* What passes */

START_TEST(without_a_rule_all_passes)
{
	ck_assert(hvp_filter_passes(&filter, 0, 0));
	ck_assert(hvp_filter_passes(&filter, UINT32_MAX, UINT64_MAX));
}
END_TEST

START_TEST(a_type_passes_from_the_lowest_to_the_highest)
{
	add_rule(5, 7, ANY_ORIGIN);
	ck_assert(!hvp_filter_passes(&filter, 4, 0));
	ck_assert(hvp_filter_passes(&filter, 5, 0));
	ck_assert(hvp_filter_passes(&filter, 7, 99));
	ck_assert(!hvp_filter_passes(&filter, 8, 0));
}
END_TEST

START_TEST(all_types_pass_a_rule_of_all)
{
	add_rule(0, UINT32_MAX, ANY_ORIGIN);
	ck_assert(hvp_filter_passes(&filter, 0, 1));
	ck_assert(hvp_filter_passes(&filter, UINT32_MAX, 1));
}
END_TEST

START_TEST(only_the_masked_bits_of_an_origin_count)
{
	add_rule(0, UINT32_MAX, 0xab00, 0xff00);
	ck_assert(hvp_filter_passes(&filter, 1, 0xab00));
	ck_assert(hvp_filter_passes(&filter, 1, 0xffffab12));
	ck_assert(!hvp_filter_passes(&filter, 1, 0xaa00));
	ck_assert(!hvp_filter_passes(&filter, 1, 0));
}
END_TEST

START_TEST(type_and_origin_must_match_in_one_rule)
{
	add_rule(1, 1, 10, UINT64_MAX);
	add_rule(2, 2, 20, UINT64_MAX);
	ck_assert(hvp_filter_passes(&filter, 1, 10));
	ck_assert(hvp_filter_passes(&filter, 2, 20));
	ck_assert(!hvp_filter_passes(&filter, 1, 20));
	ck_assert(!hvp_filter_passes(&filter, 2, 10));
}
END_TEST

Suite *filter_suite(void)
{
	Suite *suite = suite_create("filter");
	TCase *valid = tcase_create("valid"), *passes = tcase_create("passes");

	suite_add_tcase(suite, valid);
	tcase_add_checked_fixture(valid, clear_filter, NULL);
	tcase_add_test(valid, no_rule_is_a_valid_filter);
	tcase_add_test(valid, eight_rules_are_valid_and_nine_are_not);
	tcase_add_test(valid, reserved_bits_must_be_zero);
	tcase_add_loop_test(valid, a_rule_that_is_not_in_use_must_be_zero, 0,
			    HVPOST_FILTER_RULES_MAX);
	tcase_add_test(valid, a_rule_that_nothing_can_match_is_not_valid);

	suite_add_tcase(suite, passes);
	tcase_add_checked_fixture(passes, clear_filter, NULL);
	tcase_add_test(passes, without_a_rule_all_passes);
	tcase_add_test(passes, a_type_passes_from_the_lowest_to_the_highest);
	tcase_add_test(passes, all_types_pass_a_rule_of_all);
	tcase_add_test(passes, only_the_masked_bits_of_an_origin_count);
	tcase_add_test(passes, type_and_origin_must_match_in_one_rule);
	return suite;
}
