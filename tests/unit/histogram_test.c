// SPDX-License-Identifier: MIT
#include "histogram.h"

#include <stdlib.h>
#include <string.h>

#include "suites.h"

static char *text;
static size_t size;

static void draw(const struct histogram *histogram)
{
	FILE *out = open_memstream(&text, &size);

	histogram_print(out, histogram);
	fclose(out);
}

static void teardown(void)
{
	free(text);
	text = NULL;
}

START_TEST(a_duration_counts_below_its_power_of_two)
{
	struct histogram histogram = { 0 };

	histogram_add(&histogram, 0);
	histogram_add(&histogram, 1);
	histogram_add(&histogram, 1023);
	histogram_add(&histogram, 1024);
	histogram_add(&histogram, UINT64_MAX);
	ck_assert_uint_eq(histogram.count, 5);
	ck_assert_uint_eq(histogram.rows[0], 2);
	ck_assert_uint_eq(histogram.rows[9], 1);
	ck_assert_uint_eq(histogram.rows[10], 1);
	ck_assert_uint_eq(histogram.rows[63], 1);
}
END_TEST

START_TEST(rows_are_drawn_from_the_first_to_the_last_with_any)
{
	struct histogram histogram = { 0 };

	histogram_add(&histogram, 5000);
	histogram_add(&histogram, 5000);
	histogram_add(&histogram, 20000);
	draw(&histogram);
	ck_assert_str_eq(
		text,
		"    4 us |########################################| 2\n"
		"    8 us |                                        | 0\n"
		"   16 us |####################                    | 1\n");
}
END_TEST

START_TEST(few_among_many_are_seen)
{
	struct histogram histogram = { 0 };

	for (int i = 0; i < 1000; i++)
		histogram_add(&histogram, 5000);
	histogram_add(&histogram, 9000);
	draw(&histogram);
	ck_assert_str_eq(
		text,
		"    4 us |########################################| 1000\n"
		"    8 us |#                                       | 1\n");
}
END_TEST

START_TEST(without_durations_nothing_is_drawn)
{
	struct histogram histogram = { 0 };

	draw(&histogram);
	ck_assert_uint_eq(size, 0);
}
END_TEST

Suite *histogram_suite(void)
{
	Suite *suite = suite_create("histogram");
	TCase *rows = tcase_create("rows");

	tcase_add_checked_fixture(rows, NULL, teardown);
	tcase_add_test(rows, a_duration_counts_below_its_power_of_two);
	tcase_add_test(rows, rows_are_drawn_from_the_first_to_the_last_with_any);
	tcase_add_test(rows, few_among_many_are_seen);
	tcase_add_test(rows, without_durations_nothing_is_drawn);
	suite_add_tcase(suite, rows);
	return suite;
}
