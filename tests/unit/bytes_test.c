// SPDX-License-Identifier: MIT
#include "bytes.h"

#include <string.h>

#include "suites.h"
#include "text.h"

/* The room of 13 bytes that a short line lacks, over its middle. */
#define GAP_13 "                                        "

static struct text text;

static void open_text(void)
{
	text_open(&text);
}

static void close_text(void)
{
	text_close(&text);
}

static const char *escaped(const char *bytes, size_t size)
{
	bytes_print_escaped(text.out, (const uint8_t *)bytes, size);
	return text_read(&text);
}

START_TEST(printable_bytes_stay_as_they_are)
{
	ck_assert_str_eq(escaped("a Z 0 ~ !", 9), "a Z 0 ~ !");
}
END_TEST

START_TEST(control_bytes_are_escaped)
{
	ck_assert_str_eq(escaped("\n\r\t\0\x1b\x7f", 6),
			 "\\n\\r\\t\\x00\\x1b\\x7f");
}
END_TEST

START_TEST(quotes_and_backslashes_are_escaped)
{
	ck_assert_str_eq(escaped("\"\\", 2), "\\\"\\\\");
}
END_TEST

START_TEST(bytes_over_127_are_escaped)
{
	ck_assert_str_eq(escaped("\x80\xc3\xa4\xff", 4),
			 "\\x80\\xc3\\xa4\\xff");
}
END_TEST

START_TEST(no_escaped_text_is_ambiguous)
{
	ck_assert_str_eq(escaped("\\n", 2), "\\\\n");
}
END_TEST

START_TEST(hexdump_of_nothing_is_nothing)
{
	bytes_print_hexdump(text.out, NULL, 0);
	ck_assert_str_eq(text_read(&text), "");
}
END_TEST

START_TEST(hexdump_pads_a_short_line)
{
	bytes_print_hexdump(text.out, (const uint8_t *)"hi\n", 3);
	ck_assert_str_eq(text_read(&text),
			 "  0000  68 69 0a" GAP_13 "  |hi.|\n");
}
END_TEST

START_TEST(hexdump_starts_a_line_every_16_bytes)
{
	bytes_print_hexdump(text.out, (const uint8_t *)"0123456789abcdefX", 17);
	ck_assert_str_eq(text_read(&text),
			 "  0000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 "
			 "65 66  |0123456789abcdef|\n"
			 "  0010  58" GAP_13 "      "
			 "  |X|\n");
}
END_TEST

START_TEST(hexdump_of_240_bytes_has_15_lines)
{
	uint8_t bytes[240];
	const char *dump;
	int lines = 0;

	memset(bytes, 0xff, sizeof(bytes));
	bytes_print_hexdump(text.out, bytes, sizeof(bytes));
	for (dump = text_read(&text); (dump = strchr(dump, '\n')); dump++)
		lines++;
	ck_assert_int_eq(lines, 15);
	ck_assert_ptr_nonnull(strstr(text_read(&text), "\n  00e0  ff ff"));
}
END_TEST

START_TEST(hex_has_two_digits_a_byte)
{
	static const uint8_t bytes[] = { 0x00, 0x0f, 0xff };
	char hex[7];

	bytes_to_hex(hex, bytes, sizeof(bytes));
	ck_assert_str_eq(hex, "000fff");
	bytes_to_hex(hex, bytes, 0);
	ck_assert_str_eq(hex, "");
}
END_TEST

Suite *bytes_suite(void)
{
	Suite *suite = suite_create("bytes");
	TCase *tcase = tcase_create("bytes");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, open_text, close_text);
	tcase_add_test(tcase, printable_bytes_stay_as_they_are);
	tcase_add_test(tcase, control_bytes_are_escaped);
	tcase_add_test(tcase, quotes_and_backslashes_are_escaped);
	tcase_add_test(tcase, bytes_over_127_are_escaped);
	tcase_add_test(tcase, no_escaped_text_is_ambiguous);
	tcase_add_test(tcase, hexdump_of_nothing_is_nothing);
	tcase_add_test(tcase, hexdump_pads_a_short_line);
	tcase_add_test(tcase, hexdump_starts_a_line_every_16_bytes);
	tcase_add_test(tcase, hexdump_of_240_bytes_has_15_lines);
	tcase_add_test(tcase, hex_has_two_digits_a_byte);
	return suite;
}
