// SPDX-License-Identifier: MIT
#include <hvpost/hvpost.h>

#include "deadline.h"
#include "suites.h"

START_TEST(duration_is_added_to_now)
{
	ck_assert_uint_eq(hvpost_deadline_after(1000, 0), 1000);
	ck_assert_uint_eq(hvpost_deadline_after(1000, 1), 1001000);
	ck_assert_uint_eq(hvpost_deadline_after(0, 5000), 5000000000);
}
END_TEST

START_TEST(negative_duration_means_never)
{
	ck_assert(hvpost_deadline_after(1000, -1) == HVPOST_NEVER);
	ck_assert(hvpost_deadline_after(1000, INT64_MIN) == HVPOST_NEVER);
}
END_TEST

START_TEST(duration_too_long_for_nanoseconds_means_never)
{
	ck_assert(hvpost_deadline_after(0, INT64_MAX) == HVPOST_NEVER);
	ck_assert(hvpost_deadline_after(0, (int64_t)(UINT64_MAX / 1000000) +
						   1) == HVPOST_NEVER);
}
END_TEST

START_TEST(deadline_beyond_all_time_means_never)
{
	ck_assert(hvpost_deadline_after(UINT64_MAX - 999999, 1) ==
		  HVPOST_NEVER);
	ck_assert(hvpost_deadline_after(UINT64_MAX - 1000001, 1) ==
		  UINT64_MAX - 1);
}
END_TEST

START_TEST(deadline_in_ms_counts_from_the_monotonic_clock)
{
	uint64_t before = hvpost_deadline_clock();
	uint64_t deadline = hvpost_deadline_in_ms(250);
	uint64_t after = hvpost_deadline_clock();

	ck_assert(deadline >= before + 250000000);
	ck_assert(deadline <= after + 250000000);
}
END_TEST

START_TEST(time_left_is_split_into_seconds_and_nanoseconds)
{
	struct timespec left;

	ck_assert_ptr_eq(hvpost_deadline_left(3500000001, 1000000000, &left),
			 &left);
	ck_assert_int_eq(left.tv_sec, 2);
	ck_assert_int_eq(left.tv_nsec, 500000001);
}
END_TEST

START_TEST(no_time_is_left_once_the_deadline_has_come)
{
	struct timespec left;

	hvpost_deadline_left(1000, 1000, &left);
	ck_assert(left.tv_sec == 0 && left.tv_nsec == 0);
	hvpost_deadline_left(1000, 2000, &left);
	ck_assert(left.tv_sec == 0 && left.tv_nsec == 0);
	hvpost_deadline_left(HVPOST_NOW, 2000, &left);
	ck_assert(left.tv_sec == 0 && left.tv_nsec == 0);
}
END_TEST

START_TEST(never_leaves_no_limit)
{
	struct timespec left;

	ck_assert_ptr_null(hvpost_deadline_left(HVPOST_NEVER, 1000, &left));
}
END_TEST

Suite *deadline_suite(void)
{
	Suite *suite = suite_create("deadline");
	TCase *tcase = tcase_create("deadline");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, duration_is_added_to_now);
	tcase_add_test(tcase, negative_duration_means_never);
	tcase_add_test(tcase, duration_too_long_for_nanoseconds_means_never);
	tcase_add_test(tcase, deadline_beyond_all_time_means_never);
	tcase_add_test(tcase, deadline_in_ms_counts_from_the_monotonic_clock);
	tcase_add_test(tcase, time_left_is_split_into_seconds_and_nanoseconds);
	tcase_add_test(tcase, no_time_is_left_once_the_deadline_has_come);
	tcase_add_test(tcase, never_leaves_no_limit);
	return suite;
}
