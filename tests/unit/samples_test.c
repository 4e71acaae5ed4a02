// SPDX-License-Identifier: MIT
#include "samples.h"

#include "suites.h"

#define ck_assert_summary(summary, low, middle, high, highest) \
	do {                                                   \
		ck_assert_uint_eq((summary).min, low);         \
		ck_assert_uint_eq((summary).median, middle);   \
		ck_assert_uint_eq((summary).p99, high);        \
		ck_assert_uint_eq((summary).max, highest);     \
	} while (0)

START_TEST(no_sample_sums_up_to_zeros)
{
	struct samples_summary summary = samples_summarize(NULL, 0);

	ck_assert_summary(summary, 0, 0, 0, 0);
}
END_TEST

START_TEST(one_sample_is_everything)
{
	uint64_t values[] = { 7 };
	struct samples_summary summary = samples_summarize(values, 1);

	ck_assert_summary(summary, 7, 7, 7, 7);
}
END_TEST

START_TEST(median_of_an_odd_count_is_the_middle_one)
{
	uint64_t values[] = { 30, 10, 20 };
	struct samples_summary summary = samples_summarize(values, 3);

	ck_assert_summary(summary, 10, 20, 30, 30);
}
END_TEST

START_TEST(median_of_an_even_count_is_the_mean_of_the_middle_two)
{
	uint64_t values[] = { 40, 10, 30, 21 };
	struct samples_summary summary = samples_summarize(values, 4);

	ck_assert_summary(summary, 10, 25, 40, 40);
}
END_TEST

static struct samples_summary summarize_up_to(uint64_t count)
{
	static uint64_t values[1000];

	for (uint64_t i = 0; i < count; i++)
		values[i] = count - i;
	return samples_summarize(values, count);
}

START_TEST(p99_is_what_99_in_100_do_not_exceed)
{
	ck_assert_summary(summarize_up_to(99), 1, 50, 99, 99);
	ck_assert_summary(summarize_up_to(100), 1, 50, 99, 100);
	ck_assert_summary(summarize_up_to(101), 1, 51, 100, 101);
	ck_assert_summary(summarize_up_to(199), 1, 100, 198, 199);
	ck_assert_summary(summarize_up_to(200), 1, 100, 198, 200);
	ck_assert_summary(summarize_up_to(1000), 1, 500, 990, 1000);
}
END_TEST

START_TEST(sums_of_large_samples_do_not_overflow)
{
	uint64_t values[] = { UINT64_MAX, UINT64_MAX - 2 };
	struct samples_summary summary = samples_summarize(values, 2);

	ck_assert(summary.median == UINT64_MAX - 1);
	ck_assert(summary.min == UINT64_MAX - 2);
}
END_TEST

Suite *samples_suite(void)
{
	Suite *suite = suite_create("samples");
	TCase *tcase = tcase_create("samples");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, no_sample_sums_up_to_zeros);
	tcase_add_test(tcase, one_sample_is_everything);
	tcase_add_test(tcase, median_of_an_odd_count_is_the_middle_one);
	tcase_add_test(tcase,
		       median_of_an_even_count_is_the_mean_of_the_middle_two);
	tcase_add_test(tcase, p99_is_what_99_in_100_do_not_exceed);
	tcase_add_test(tcase, sums_of_large_samples_do_not_overflow);
	return suite;
}
