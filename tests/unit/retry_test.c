// SPDX-License-Identifier: MIT
#include <errno.h>

#include <hvpost/device.h>

#include "driver/retry.h"
#include "suites.h"

#define BUSY  HV_STATUS_INSUFFICIENT_BUFFERS
#define SOON  1000000000ull
#define LATER (SOON + 60ull * 1000000000)

START_TEST(success_is_final)
{
	struct hvp_retry retry = { .deadline_ns = HVPOST_DEADLINE_NEVER };

	ck_assert_int_eq(hvp_retry_next(&retry, HV_STATUS_SUCCESS, SOON), 0);
	ck_assert_uint_eq(retry.wait_ns, 0);
}
END_TEST

START_TEST(try_that_came_to_nothing_is_made_again_until_the_deadline)
{
	struct hvp_retry retry = { .deadline_ns = LATER };

	ck_assert_int_eq(hvp_retry_later(&retry, SOON), 1);
	ck_assert_uint_eq(retry.wait_ns, HVP_RETRY_WAIT_FIRST_NS);
	ck_assert_int_eq(hvp_retry_later(&retry, LATER), -ETIMEDOUT);
	retry.deadline_ns = HVPOST_DEADLINE_NONE;
	ck_assert_int_eq(hvp_retry_later(&retry, SOON), -EAGAIN);
}
END_TEST

static const uint16_t transient[] = { 0x13, 0x33, 0x78 };

START_TEST(transient_status_is_tried_again)
{
	struct hvp_retry retry = { .deadline_ns = LATER };

	ck_assert(hvp_retry_is_transient(&retry, transient[_i]));
	ck_assert_int_eq(hvp_retry_next(&retry, transient[_i], SOON), 1);
}
END_TEST

START_TEST(every_other_status_is_final)
{
	struct hvp_retry retry = { .deadline_ns = LATER };

	for (uint32_t status = 0; status <= HV_STATUS_MAX; status++) {
		if (status == 0x13 || status == 0x33 || status == 0x78)
			continue;
		ck_assert(!hvp_retry_is_transient(&retry, (uint16_t)status));
		ck_assert_int_eq(hvp_retry_next(&retry, (uint16_t)status, SOON),
				 0);
	}
}
END_TEST

START_TEST(unknown_connection_is_tried_again_on_request_only)
{
	struct hvp_retry retry = { .deadline_ns = LATER };

	ck_assert_int_eq(hvp_retry_next(&retry, HV_STATUS_INVALID_CONNECTION_ID,
					SOON),
			 0);
	retry.retry_connection = true;
	ck_assert_int_eq(hvp_retry_next(&retry, HV_STATUS_INVALID_CONNECTION_ID,
					SOON),
			 1);
}
END_TEST

START_TEST(no_deadline_means_eagain_after_one_try)
{
	struct hvp_retry retry = { .deadline_ns = HVPOST_DEADLINE_NONE };

	ck_assert_int_eq(hvp_retry_next(&retry, BUSY, SOON), -EAGAIN);
	ck_assert_int_eq(hvp_retry_next(&retry, BUSY, 0), -EAGAIN);
}
END_TEST

START_TEST(deadline_that_has_come_means_etimedout)
{
	struct hvp_retry retry = { .deadline_ns = SOON };

	ck_assert_int_eq(hvp_retry_next(&retry, BUSY, SOON), -ETIMEDOUT);
	ck_assert_int_eq(hvp_retry_next(&retry, BUSY, SOON + 1), -ETIMEDOUT);
}
END_TEST

START_TEST(endless_deadline_never_comes)
{
	struct hvp_retry retry = { .deadline_ns = HVPOST_DEADLINE_NEVER };

	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(hvp_retry_next(&retry, BUSY,
						HVPOST_DEADLINE_NEVER - 1),
				 1);
}
END_TEST

START_TEST(waits_double_from_the_first_to_the_last)
{
	struct hvp_retry retry = { .deadline_ns = HVPOST_DEADLINE_NEVER };
	uint64_t expected = HVP_RETRY_WAIT_FIRST_NS;

	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(hvp_retry_next(&retry, BUSY, SOON), 1);
		ck_assert_uint_eq(retry.wait_ns, expected);
		if (expected < HVP_RETRY_WAIT_LAST_NS)
			expected *= 2;
	}
	ck_assert_uint_eq(retry.wait_ns, HVP_RETRY_WAIT_LAST_NS);
}
END_TEST

START_TEST(wait_never_reaches_past_the_deadline)
{
	struct hvp_retry retry = { .deadline_ns = SOON + 1 };

	ck_assert_int_eq(hvp_retry_next(&retry, BUSY, SOON), 1);
	ck_assert_uint_eq(retry.wait_ns, 1);
	ck_assert_int_eq(hvp_retry_next(&retry, BUSY, SOON + 1), -ETIMEDOUT);
}
END_TEST

START_TEST(time_waited_adds_up_to_the_deadline_exactly)
{
	struct hvp_retry retry = { .deadline_ns = SOON + 100000000 };
	uint64_t now_ns = SOON;
	int tries = 0;

	while (hvp_retry_next(&retry, BUSY, now_ns) == 1) {
		now_ns += retry.wait_ns;
		ck_assert_int_lt(++tries, 1000);
	}
	ck_assert_uint_eq(now_ns, retry.deadline_ns);
}
END_TEST

START_TEST(driver_knows_the_errno_of_a_status)
{
	ck_assert_int_eq(hvp_status_errno(HV_STATUS_SUCCESS), 0);
	ck_assert_int_eq(hvp_status_errno(0x12), -ENOTCONN);
	ck_assert_int_eq(hvp_status_errno(0x13), -EAGAIN);
	ck_assert_int_eq(hvp_status_errno(0x18), -ENETDOWN);
}
END_TEST

START_TEST(driver_takes_an_unknown_status_for_an_io_error)
{
	ck_assert_int_eq(hvp_status_errno(0x0f), -EIO);
	ck_assert_int_eq(hvp_status_errno(0xffff), -EIO);
}
END_TEST

Suite *retry_suite(void)
{
	Suite *suite = suite_create("retry");
	TCase *tcase = tcase_create("retry");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, success_is_final);
	tcase_add_test(tcase,
		       try_that_came_to_nothing_is_made_again_until_the_deadline);
	tcase_add_loop_test(tcase, transient_status_is_tried_again, 0,
			    ROWS(transient));
	tcase_add_test(tcase, every_other_status_is_final);
	tcase_add_test(tcase,
		       unknown_connection_is_tried_again_on_request_only);
	tcase_add_test(tcase, no_deadline_means_eagain_after_one_try);
	tcase_add_test(tcase, deadline_that_has_come_means_etimedout);
	tcase_add_test(tcase, endless_deadline_never_comes);
	tcase_add_test(tcase, waits_double_from_the_first_to_the_last);
	tcase_add_test(tcase, wait_never_reaches_past_the_deadline);
	tcase_add_test(tcase, time_waited_adds_up_to_the_deadline_exactly);
	tcase_add_test(tcase, driver_knows_the_errno_of_a_status);
	tcase_add_test(tcase, driver_takes_an_unknown_status_for_an_io_error);
	return suite;
}
