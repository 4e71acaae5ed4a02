// SPDX-License-Identifier: MIT
#include "scale.h"

#include "bins.h"
#include "suites.h"

#define ck_assert_near(a, b) ck_assert_double_eq_tol(a, b, 1e-9)

START_TEST(a_linear_scale_goes_from_end_to_end)
{
	struct scale scale = scale_linear(10, 30, 100, 200);

	ck_assert_near(scale_place(&scale, 10), 100);
	ck_assert_near(scale_place(&scale, 15), 125);
	ck_assert_near(scale_place(&scale, 30), 200);
}
END_TEST

START_TEST(a_scale_may_go_up_the_page)
{
	struct scale scale = scale_linear(0, 4, 200, 100);

	ck_assert_near(scale_place(&scale, 0), 200);
	ck_assert_near(scale_place(&scale, 1), 175);
	ck_assert_near(scale_place(&scale, 4), 100);
}
END_TEST

START_TEST(what_lies_beyond_an_end_is_at_that_end)
{
	struct scale linear = scale_linear(0, 4, 0, 100);
	struct scale decades = scale_log(10, 100, 0, 100);

	ck_assert_near(scale_place(&linear, -1), 0);
	ck_assert_near(scale_place(&linear, 5), 100);
	ck_assert_near(scale_place(&decades, 0), 0);
	ck_assert_near(scale_place(&decades, 1e9), 100);
}
END_TEST

START_TEST(a_scale_of_one_value_has_a_length_all_the_same)
{
	struct scale scale = scale_linear(7, 7, 0, 100);

	ck_assert_near(scale_place(&scale, 7), 0);
	ck_assert_near(scale_place(&scale, 8), 100);
}
END_TEST

static const struct {
	uint64_t min, max;
	double low, high;
} decades[] = {
	{ 0, 0, 1, 10 },
	{ 1, 10, 1, 10 },
	{ 1, 11, 1, 100 },
	{ 9, 9, 1, 10 },
	{ 10, 10, 10, 100 },
	{ 99, 1001, 10, 10000 },
	{ 1000, 1000000, 1000, 1000000 },
	{ 1, UINT64_MAX, 1, 1e20 },
};

START_TEST(a_log_scale_has_whole_decades)
{
	struct scale scale = scale_log(decades[_i].min, decades[_i].max, 0, 1);

	ck_assert_near(scale.low, decades[_i].low);
	ck_assert_near(scale.high / decades[_i].high, 1);
}
END_TEST

START_TEST(each_decade_is_as_long_as_the_others)
{
	struct scale scale = scale_log(1000, 1000000, 50, 350);

	ck_assert_near(scale_place(&scale, 1000), 50);
	ck_assert_near(scale_place(&scale, 10000), 150);
	ck_assert_near(scale_place(&scale, 100000), 250);
	ck_assert_near(scale_place(&scale, 1000000), 350);
}
END_TEST

START_TEST(a_log_scale_is_marked_at_powers_of_ten)
{
	struct scale scale = scale_log(2000, 90000, 0, 1);
	double marks[SCALE_MARKS_MAX];

	ck_assert_uint_eq(scale_marks(&scale, 0, marks), 3);
	ck_assert_near(marks[0], 1000);
	ck_assert_near(marks[1], 10000);
	ck_assert_near(marks[2], 100000);
}
END_TEST

START_TEST(the_longest_log_scale_has_room_for_its_marks)
{
	struct scale scale = scale_log(1, UINT64_MAX, 0, 1);
	double marks[SCALE_MARKS_MAX];

	ck_assert_uint_eq(scale_marks(&scale, 0, marks), 21);
}
END_TEST

static const struct {
	double low, high, first, step;
	size_t count;
} linear_marks[] = {
	{ 0, 100, 0, 20, 6 },
	{ 0, 349, 0, 100, 4 },
	{ 0, 4, 0, 1, 5 },
	{ 0, 1, 0, 0.2, 6 },
	{ 13, 57, 20, 10, 4 },
	{ 0, 1e12, 0, 2e11, 6 },
};

START_TEST(a_linear_scale_is_marked_at_round_numbers)
{
	struct scale scale = scale_linear(linear_marks[_i].low,
					  linear_marks[_i].high, 0, 1);
	double marks[SCALE_MARKS_MAX];

	ck_assert_uint_eq(scale_marks(&scale, 5, marks),
			  linear_marks[_i].count);
	for (size_t i = 0; i < linear_marks[_i].count; i++)
		ck_assert_double_eq_tol(marks[i],
					linear_marks[_i].first +
						(double)i * linear_marks[_i].step,
					linear_marks[_i].step / 1e6);
}
END_TEST

static const struct {
	double ns;
	const char *text;
} times[] = {
	{ 0, "0 ns" },
	{ 1, "1 ns" },
	{ 999, "999 ns" },
	{ 999.4, "999 ns" },
	{ 999.5, "1 \u00b5s" },
	{ 1000, "1 \u00b5s" },
	{ 1250, "1.25 \u00b5s" },
	{ 12345, "12.3 \u00b5s" },
	{ 999999, "1 ms" },
	{ 1e9, "1 s" },
	{ 999.4e9, "999 s" },
	{ 999.6e9, "1,000 s" },
	{ 3.6e12, "3,600 s" },
	{ 4e14, "400,000 s" },
};

START_TEST(a_time_is_written_in_its_unit)
{
	char text[32];

	scale_time_text(text, sizeof(text), times[_i].ns);
	ck_assert_str_eq(text, times[_i].text);
}
END_TEST

static const struct {
	uint64_t count;
	const char *text;
} counts[] = {
	{ 0, "0" },
	{ 999, "999" },
	{ 1000, "1,000" },
	{ 12345, "12,345" },
	{ 1234567, "1,234,567" },
	{ UINT64_MAX, "18,446,744,073,709,551,615" },
};

START_TEST(a_count_is_written_by_thousands)
{
	char text[32];

	scale_count_text(text, sizeof(text), counts[_i].count);
	ck_assert_str_eq(text, counts[_i].text);
}
END_TEST

/* Bins */

START_TEST(each_value_is_in_the_bin_of_its_place)
{
	const uint64_t values[] = { 100, 109, 110, 149, 150, 199, 200 };
	struct scale scale = scale_linear(0, 100, 30, 130);
	static struct bins bins;

	bins_fill(&bins, 10, &scale, values, ROWS(values), 100);
	ck_assert_uint_eq(bins.in[0], 2);
	ck_assert_uint_eq(bins.in[1], 1);
	ck_assert_uint_eq(bins.in[4], 1);
	ck_assert_uint_eq(bins.in[5], 1);
	ck_assert_uint_eq(bins.in[9], 2);
	ck_assert_uint_eq(bins.most, 2);
}
END_TEST

START_TEST(a_power_of_ten_begins_a_bin_of_its_decade)
{
	const uint64_t values[] = { 1, 9, 10, 99, 100, 999, 1000, 10000, 99999 };
	struct scale scale = scale_log(1, 100000, 0, 500);
	static struct bins bins;

	bins_fill(&bins, 5, &scale, values, ROWS(values), 0);
	ck_assert_uint_eq(bins.in[0], 2);
	ck_assert_uint_eq(bins.in[1], 2);
	ck_assert_uint_eq(bins.in[2], 2);
	ck_assert_uint_eq(bins.in[3], 1);
	ck_assert_uint_eq(bins.in[4], 2);
}
END_TEST

START_TEST(no_value_fills_no_bin)
{
	struct scale scale = scale_linear(0, 0, 0, 10);
	static struct bins bins;

	bins_fill(&bins, BINS_MAX, &scale, NULL, 0, 0);
	ck_assert_uint_eq(bins.most, 0);
	ck_assert_uint_eq(bins.count, BINS_MAX);
}
END_TEST

Suite *scale_suite(void)
{
	Suite *suite = suite_create("scale");
	TCase *places = tcase_create("places"), *marks = tcase_create("marks");
	TCase *texts = tcase_create("texts"), *bins = tcase_create("bins");

	suite_add_tcase(suite, places);
	tcase_add_test(places, a_linear_scale_goes_from_end_to_end);
	tcase_add_test(places, a_scale_may_go_up_the_page);
	tcase_add_test(places, what_lies_beyond_an_end_is_at_that_end);
	tcase_add_test(places, a_scale_of_one_value_has_a_length_all_the_same);
	tcase_add_loop_test(places, a_log_scale_has_whole_decades, 0,
			    ROWS(decades));
	tcase_add_test(places, each_decade_is_as_long_as_the_others);

	suite_add_tcase(suite, marks);
	tcase_add_test(marks, a_log_scale_is_marked_at_powers_of_ten);
	tcase_add_test(marks, the_longest_log_scale_has_room_for_its_marks);
	tcase_add_loop_test(marks, a_linear_scale_is_marked_at_round_numbers, 0,
			    ROWS(linear_marks));

	suite_add_tcase(suite, texts);
	tcase_add_loop_test(texts, a_time_is_written_in_its_unit, 0,
			    ROWS(times));
	tcase_add_loop_test(texts, a_count_is_written_by_thousands, 0,
			    ROWS(counts));

	suite_add_tcase(suite, bins);
	tcase_add_test(bins, each_value_is_in_the_bin_of_its_place);
	tcase_add_test(bins, a_power_of_ten_begins_a_bin_of_its_decade);
	tcase_add_test(bins, no_value_fills_no_bin);
	return suite;
}
