// SPDX-License-Identifier: MIT
#include "driver/bucket.h"
#include "suites.h"

#define NS_PER_S 1000000000ull

/* Some moment, long after the boot. */
#define NOW (1000 * NS_PER_S)

/* How many can be had at one moment? */
static uint32_t take_all(struct hvp_bucket *bucket, uint64_t now_ns,
			 uint32_t per_second)
{
	uint32_t taken = 0;

	while (!hvp_bucket_take(bucket, now_ns, per_second))
		taken++;
	return taken;
}

static const uint32_t rates[] = { 1, 2, 3, 7, 10, 100, 999, 1000, 12500 };

START_TEST(full_bucket_holds_what_a_second_brings)
{
	struct hvp_bucket bucket = { 0 };

	ck_assert_uint_eq(take_all(&bucket, NOW, rates[_i]), rates[_i]);
}
END_TEST

START_TEST(wait_for_an_empty_bucket_is_long_enough_and_no_longer)
{
	struct hvp_bucket bucket = { 0 };
	uint64_t wait_ns;

	take_all(&bucket, NOW, rates[_i]);
	wait_ns = hvp_bucket_take(&bucket, NOW, rates[_i]);
	ck_assert_uint_gt(wait_ns, 0);
	ck_assert_uint_le(wait_ns, NS_PER_S / rates[_i]);
	ck_assert_uint_eq(hvp_bucket_take(&bucket, NOW + wait_ns - 1, rates[_i]),
			  1);
	ck_assert_uint_eq(hvp_bucket_take(&bucket, NOW + wait_ns, rates[_i]), 0);
}
END_TEST

START_TEST(ten_seconds_give_ten_seconds_worth_and_the_burst)
{
	struct hvp_bucket bucket = { 0 };
	uint64_t taken = 0, step_ns = NS_PER_S / 1000;

	for (uint64_t ns = NOW; ns <= NOW + 10 * NS_PER_S; ns += step_ns)
		taken += take_all(&bucket, ns, rates[_i]);
	ck_assert_uint_eq(taken, 11 * rates[_i]);
}
END_TEST

START_TEST(bucket_saves_up_no_more_than_a_second)
{
	struct hvp_bucket bucket = { 0 };

	take_all(&bucket, NOW, 10);
	ck_assert_uint_eq(take_all(&bucket, NOW + 100 * NS_PER_S, 10), 10);
}
END_TEST

START_TEST(bucket_fills_little_by_little)
{
	struct hvp_bucket bucket = { 0 };

	take_all(&bucket, NOW, 10);
	ck_assert_uint_eq(take_all(&bucket, NOW + NS_PER_S / 2, 10), 5);
}
END_TEST

START_TEST(refusal_takes_nothing)
{
	struct hvp_bucket bucket = { 0 };

	take_all(&bucket, NOW, 10);
	for (unsigned int i = 0; i < 1000; i++)
		ck_assert_uint_gt(hvp_bucket_take(&bucket, NOW, 10), 0);
	ck_assert_uint_eq(hvp_bucket_take(&bucket, NOW + NS_PER_S / 10, 10), 0);
}
END_TEST

START_TEST(time_that_goes_back_gives_nothing_for_it)
{
	struct hvp_bucket bucket = { 0 };

	take_all(&bucket, NOW, 10);
	ck_assert_uint_eq(take_all(&bucket, NOW - NS_PER_S, 10), 0);
	ck_assert_uint_eq(take_all(&bucket, NOW, 10), 0);
}
END_TEST

START_TEST(rate_may_change_at_any_time)
{
	struct hvp_bucket bucket = { 0 };

	take_all(&bucket, NOW, HVP_BUCKET_PER_SECOND_MAX);
	ck_assert_uint_gt(hvp_bucket_take(&bucket, NOW, 1), 0);
	ck_assert_uint_le(hvp_bucket_take(&bucket, NOW, 1), NS_PER_S);
	ck_assert_uint_eq(hvp_bucket_take(&bucket, NOW + NS_PER_S, 1), 0);
}
END_TEST

START_TEST(highest_rate_gives_what_it_says)
{
	struct hvp_bucket bucket = { 0 };

	ck_assert_uint_eq(take_all(&bucket, NOW, HVP_BUCKET_PER_SECOND_MAX),
			  HVP_BUCKET_PER_SECOND_MAX);
}
END_TEST

Suite *bucket_suite(void)
{
	Suite *suite = suite_create("bucket");
	TCase *tcase = tcase_create("bucket");

	tcase_add_loop_test(tcase, full_bucket_holds_what_a_second_brings, 0,
			    ROWS(rates));
	tcase_add_loop_test(
		tcase, wait_for_an_empty_bucket_is_long_enough_and_no_longer, 0,
		ROWS(rates));
	tcase_add_loop_test(tcase,
			    ten_seconds_give_ten_seconds_worth_and_the_burst, 0,
			    ROWS(rates));
	tcase_add_test(tcase, bucket_saves_up_no_more_than_a_second);
	tcase_add_test(tcase, bucket_fills_little_by_little);
	tcase_add_test(tcase, refusal_takes_nothing);
	tcase_add_test(tcase, time_that_goes_back_gives_nothing_for_it);
	tcase_add_test(tcase, rate_may_change_at_any_time);
	tcase_add_test(tcase, highest_rate_gives_what_it_says);
	suite_add_tcase(suite, tcase);
	return suite;
}
