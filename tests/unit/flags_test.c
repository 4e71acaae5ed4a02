// SPDX-License-Identifier: MIT
#include <string.h>

#include "driver/flags.h"
#include "suites.h"

static _Alignas(8) struct hv_event_flags flags;

static void clear_flags(void)
{
	memset(&flags, 0, sizeof(flags));
}

static void set(unsigned int flag)
{
	flags.flags[flag / 8] |= (uint8_t)(1u << flag % 8);
}

START_TEST(without_a_flag_none_is_found)
{
	for (unsigned int from = 0; from <= HV_EVENT_FLAG_COUNT; from++)
		ck_assert_uint_eq(hvp_flags_next(&flags, from),
				  HV_EVENT_FLAG_COUNT);
}
END_TEST

START_TEST(every_flag_is_found_from_anywhere_up_to_it)
{
	static const unsigned int back[] = { 0, 1, 7, 63, 64, 65, 1000 };

	for (unsigned int flag = 0; flag < HV_EVENT_FLAG_COUNT; flag++) {
		clear_flags();
		set(flag);
		for (size_t i = 0; i < ROWS(back); i++)
			if (back[i] <= flag)
				ck_assert_uint_eq(
					hvp_flags_next(&flags, flag - back[i]),
					flag);
		ck_assert_uint_eq(hvp_flags_next(&flags, flag + 1),
				  HV_EVENT_FLAG_COUNT);
	}
}
END_TEST

START_TEST(flags_are_found_from_the_lowest_up)
{
	static const unsigned int some[] = { 0, 1, 63, 64, 127, 1024, 2047 };
	unsigned int from = 0;

	for (size_t i = 0; i < ROWS(some); i++)
		set(some[i]);
	for (size_t i = 0; i < ROWS(some); i++) {
		ck_assert_uint_eq(hvp_flags_next(&flags, from), some[i]);
		from = some[i] + 1;
	}
	ck_assert_uint_eq(hvp_flags_next(&flags, from), HV_EVENT_FLAG_COUNT);
}
END_TEST

START_TEST(nothing_is_looked_for_past_the_end)
{
	memset(&flags, 0xff, sizeof(flags));
	ck_assert_uint_eq(hvp_flags_next(&flags, HV_EVENT_FLAG_COUNT),
			  HV_EVENT_FLAG_COUNT);
	ck_assert_uint_eq(hvp_flags_next(&flags, UINT32_MAX),
			  HV_EVENT_FLAG_COUNT);
}
END_TEST

START_TEST(a_flag_s_record_says_which_it_was_and_else_nothing)
{
	struct hvpost_record record, untouched;

	memset(&record, 0xee, sizeof(record));
	untouched = record;
	hvp_flags_decode(&record, 2047);
	ck_assert_uint_eq(record.flags, HVPOST_RECORD_EVENT);
	ck_assert(record.origin == 2047);
	ck_assert_uint_eq(record.message_type, 0);
	ck_assert_uint_eq(record.message_flags, 0);
	ck_assert_uint_eq(record.payload_size, 0);
	ck_assert_uint_eq(record.reserved, 0);
	for (size_t i = 0; i < sizeof(record.payload); i++)
		ck_assert_uint_eq(record.payload[i], 0);
	ck_assert(record.sequence == untouched.sequence);
	ck_assert(record.time_ns == untouched.time_ns);
	ck_assert_uint_eq(record.vp_index, untouched.vp_index);
	ck_assert_uint_eq(record.sint, untouched.sint);
}
END_TEST

Suite *flags_suite(void)
{
	Suite *suite = suite_create("flags");
	TCase *tcase = tcase_create("flags");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, clear_flags, NULL);
	tcase_add_test(tcase, without_a_flag_none_is_found);
	tcase_add_test(tcase, every_flag_is_found_from_anywhere_up_to_it);
	tcase_add_test(tcase, flags_are_found_from_the_lowest_up);
	tcase_add_test(tcase, nothing_is_looked_for_past_the_end);
	tcase_add_test(tcase,
		       a_flag_s_record_says_which_it_was_and_else_nothing);
	return suite;
}
