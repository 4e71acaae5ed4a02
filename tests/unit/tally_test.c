// SPDX-License-Identifier: MIT
#include "tally.h"

#include "suites.h"

START_TEST(statuses_are_counted_in_order_of_appearance)
{
	struct tally tally = { 0 };

	tally_add(&tally, 0x00, 1);
	tally_add(&tally, 0x13, 1);
	tally_add(&tally, 0x00, 3);
	ck_assert_uint_eq(tally.posted, 2);
	ck_assert_uint_eq(tally.refused, 1);
	ck_assert_uint_eq(tally.attempts, 5);
	ck_assert_uint_eq(tally.rows_used, 2);
	ck_assert_uint_eq(tally.rows[0].status, 0x00);
	ck_assert_uint_eq(tally.rows[0].count, 2);
	ck_assert_uint_eq(tally.rows[1].status, 0x13);
	ck_assert_uint_eq(tally.rows[1].count, 1);
}
END_TEST

START_TEST(what_never_reached_the_hypervisor_is_not_counted)
{
	struct tally tally = { 0 };

	tally_add(&tally, HVPOST_NO_STATUS, 0);
	ck_assert_uint_eq(tally.posted + tally.refused + tally.rows_used, 0);
	ck_assert_uint_eq(tally.attempts, 0);
}
END_TEST

START_TEST(tries_without_an_answer_are_tries)
{
	struct tally tally = { 0 };

	tally_add(&tally, HVPOST_NO_STATUS, 7);
	ck_assert_uint_eq(tally.posted + tally.refused + tally.rows_used, 0);
	ck_assert_uint_eq(tally.attempts, 7);
}
END_TEST

START_TEST(more_statuses_than_rows_are_counted_but_not_listed)
{
	struct tally tally = { 0 };

	for (uint32_t status = 1; status <= TALLY_ROWS + 10; status++)
		tally_add(&tally, status, 1);
	ck_assert_uint_eq(tally.rows_used, TALLY_ROWS);
	ck_assert_uint_eq(tally.refused, TALLY_ROWS + 10);
}
END_TEST

Suite *tally_suite(void)
{
	Suite *suite = suite_create("tally");
	TCase *tcase = tcase_create("tally");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, statuses_are_counted_in_order_of_appearance);
	tcase_add_test(tcase, what_never_reached_the_hypervisor_is_not_counted);
	tcase_add_test(tcase, tries_without_an_answer_are_tries);
	tcase_add_test(tcase,
		       more_statuses_than_rows_are_counted_but_not_listed);
	return suite;
}
