// SPDX-License-Identifier: MIT
#include <errno.h>

#include "number.h"
#include "suites.h"

static const struct {
	const char *text;
	uint64_t value;
} numbers[] = {
	{ "0", 0 },
	{ "1", 1 },
	{ "240", 240 },
	{ "010", 10 },
	{ "0x10", 16 },
	{ "0X1f", 31 },
	{ "0xDeadBeef", 0xdeadbeef },
	{ "18446744073709551615", UINT64_MAX },
	{ "0xffffffffffffffff", UINT64_MAX },
};

START_TEST(number_is_decimal_or_hexadecimal)
{
	uint64_t value = ~numbers[_i].value;

	ck_assert_int_eq(parse_number(numbers[_i].text, &value), 0);
	ck_assert(value == numbers[_i].value);
}
END_TEST

static const char *const not_numbers[] = {
	"", " 1", "1 ", "+1", "-1", "0x", "x10", "1a", "0xg", "1.5", "one",
};

START_TEST(text_that_is_no_number_is_refused)
{
	uint64_t value;

	ck_assert_int_eq(parse_number(not_numbers[_i], &value), -EINVAL);
}
END_TEST

START_TEST(number_beyond_64_bits_is_out_of_range)
{
	uint64_t value;

	ck_assert_int_eq(parse_number("18446744073709551616", &value), -ERANGE);
	ck_assert_int_eq(parse_number("0x10000000000000000", &value), -ERANGE);
}
END_TEST

static const struct {
	const char *text;
	int err;
	uint64_t bytes;
} sizes[] = {
	{ "0M", 0, 0 },
	{ "1M", 0, 1 << 20 },
	{ "512M", 0, 512ull << 20 },
	{ "4G", 0, 4ull << 30 },
	{ "17179869183G", 0, 17179869183ull << 30 },
	{ "17179869184G", -ERANGE, 0 },
	{ "18446744073709551616M", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ "M", -EINVAL, 0 },
	{ "1", -EINVAL, 0 },
	{ "1K", -EINVAL, 0 },
	{ "1MM", -EINVAL, 0 },
	{ "1M ", -EINVAL, 0 },
	{ "0x1M", -EINVAL, 0 },
};

START_TEST(size_is_a_number_of_mib_or_gib)
{
	uint64_t bytes = 0;

	ck_assert_int_eq(parse_size(sizes[_i].text, &bytes), sizes[_i].err);
	if (!sizes[_i].err)
		ck_assert_uint_eq(bytes, sizes[_i].bytes);
}
END_TEST

static const struct {
	const char *text;
	int64_t ms;
} durations[] = {
	{ "0", 0 },       { "20ms", 20 },
	{ "5s", 5000 },   { "1m", 60000 },
	{ "0ms", 0 },     { "3", 3000 },
	{ "90s", 90000 }, { "9223372036854775807ms", INT64_MAX },
};

START_TEST(duration_has_a_unit_or_means_seconds)
{
	int64_t ms = -1;

	ck_assert_int_eq(parse_duration(durations[_i].text, &ms), 0);
	ck_assert(ms == durations[_i].ms);
}
END_TEST

static const char *const not_durations[] = {
	"", "ms", "s", "-1s", "1.5s", "5 s", "5sec", "5h", "0x10s", "5s ", "5M",
};

START_TEST(text_that_is_no_duration_is_refused)
{
	int64_t ms;

	ck_assert_int_eq(parse_duration(not_durations[_i], &ms), -EINVAL);
}
END_TEST

static const char *const too_long[] = {
	"9223372036854775808ms",  "9223372036854776s",
	"153722867280912931m",    "18446744073709551615s",
	"99999999999999999999ms",
};

START_TEST(duration_over_63_bits_of_ms_is_out_of_range)
{
	int64_t ms;

	ck_assert_int_eq(parse_duration(too_long[_i], &ms), -ERANGE);
}
END_TEST

static const char *const spellings[] = {
	"deadbeef",
	"de ad be ef",
	"DE AD BE EF",
	" de\tad\nbe  ef ",
};

START_TEST(hex_bytes_may_stand_apart_or_together)
{
	static const uint8_t expected[] = { 0xde, 0xad, 0xbe, 0xef };
	uint8_t bytes[8];
	size_t size;

	ck_assert_int_eq(parse_hex(spellings[_i], bytes, sizeof(bytes), &size),
			 0);
	ck_assert_uint_eq(size, 4);
	ck_assert_mem_eq(bytes, expected, 4);
}
END_TEST

START_TEST(hex_of_nothing_is_an_empty_payload)
{
	uint8_t bytes[1];
	size_t size = 1;

	ck_assert_int_eq(parse_hex("", bytes, sizeof(bytes), &size), 0);
	ck_assert_uint_eq(size, 0);
}
END_TEST

static const char *const not_hex[] = {
	"d", "dea", "d e", "0xde", "xy", "de-ad", "de ad b",
};

START_TEST(text_that_is_no_hex_is_refused)
{
	uint8_t bytes[8];
	size_t size;

	ck_assert_int_eq(parse_hex(not_hex[_i], bytes, sizeof(bytes), &size),
			 -EINVAL);
}
END_TEST

START_TEST(hex_stops_at_the_capacity)
{
	uint8_t bytes[3] = { 0, 0, 0x77 };
	size_t size;

	ck_assert_int_eq(parse_hex("01 02", bytes, 2, &size), 0);
	ck_assert_int_eq(parse_hex("01 02 03", bytes, 2, &size), -E2BIG);
	ck_assert_uint_eq(bytes[2], 0x77);
}
END_TEST

Suite *number_suite(void)
{
	Suite *suite = suite_create("number");
	TCase *tcase = tcase_create("number");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, number_is_decimal_or_hexadecimal, 0,
			    ROWS(numbers));
	tcase_add_loop_test(tcase, text_that_is_no_number_is_refused, 0,
			    ROWS(not_numbers));
	tcase_add_test(tcase, number_beyond_64_bits_is_out_of_range);
	tcase_add_loop_test(tcase, size_is_a_number_of_mib_or_gib, 0, ROWS(sizes));
	tcase_add_loop_test(tcase, duration_has_a_unit_or_means_seconds, 0,
			    ROWS(durations));
	tcase_add_loop_test(tcase, text_that_is_no_duration_is_refused, 0,
			    ROWS(not_durations));
	tcase_add_loop_test(tcase, duration_over_63_bits_of_ms_is_out_of_range,
			    0, ROWS(too_long));
	tcase_add_loop_test(tcase, hex_bytes_may_stand_apart_or_together, 0,
			    ROWS(spellings));
	tcase_add_test(tcase, hex_of_nothing_is_an_empty_payload);
	tcase_add_loop_test(tcase, text_that_is_no_hex_is_refused, 0,
			    ROWS(not_hex));
	tcase_add_test(tcase, hex_stops_at_the_capacity);
	return suite;
}
