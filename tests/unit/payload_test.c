// SPDX-License-Identifier: MIT
#include "payload.h"

#include <errno.h>
#include <string.h>

#include "suites.h"

static struct payload payload;
static char longest[PAYLOAD_SIZE_MAX + 2];

static void fill(void)
{
	memset(&payload, 0, sizeof(payload));
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
}

static int read_stream(const char *bytes, size_t size)
{
	FILE *stream = fmemopen((void *)(uintptr_t)bytes, size, "r");
	int err;

	ck_assert_ptr_nonnull(stream);
	err = payload_from_stream(&payload, stream);
	fclose(stream);
	return err;
}

START_TEST(text_is_taken_without_its_nul)
{
	ck_assert_int_eq(payload_from_text(&payload, "hello"), 0);
	ck_assert_uint_eq(payload.size, 5);
	ck_assert_mem_eq(payload.bytes, "hello", 5);
}
END_TEST

START_TEST(empty_text_is_an_empty_payload)
{
	payload.size = 9;
	ck_assert_int_eq(payload_from_text(&payload, ""), 0);
	ck_assert_uint_eq(payload.size, 0);
}
END_TEST

START_TEST(text_over_the_bound_is_refused)
{
	ck_assert_int_eq(payload_from_text(&payload, longest), -E2BIG);
	ck_assert_int_eq(payload_from_text(&payload, longest + 1), 0);
	ck_assert_uint_eq(payload.size, PAYLOAD_SIZE_MAX);
}
END_TEST

START_TEST(stream_is_taken_as_it_is)
{
	ck_assert_int_eq(read_stream("a\0b\n", 4), 0);
	ck_assert_uint_eq(payload.size, 4);
	ck_assert_mem_eq(payload.bytes, "a\0b\n", 4);
}
END_TEST

START_TEST(stream_over_the_bound_is_refused)
{
	ck_assert_int_eq(read_stream(longest, PAYLOAD_SIZE_MAX), 0);
	ck_assert_uint_eq(payload.size, PAYLOAD_SIZE_MAX);
	ck_assert_int_eq(read_stream(longest, PAYLOAD_SIZE_MAX + 1), -E2BIG);
}
END_TEST

START_TEST(endless_file_is_refused_after_the_bound)
{
	ck_assert_int_eq(payload_from_file(&payload, "/dev/zero"), -E2BIG);
}
END_TEST

START_TEST(empty_file_is_an_empty_payload)
{
	payload.size = 9;
	ck_assert_int_eq(payload_from_file(&payload, "/dev/null"), 0);
	ck_assert_uint_eq(payload.size, 0);
}
END_TEST

START_TEST(missing_file_is_enoent)
{
	ck_assert_int_eq(payload_from_file(&payload, "/nonexistent"), -ENOENT);
}
END_TEST

START_TEST(folder_is_no_file)
{
	ck_assert_int_eq(payload_from_file(&payload, "/"), -EISDIR);
}
END_TEST

START_TEST(hex_makes_bytes)
{
	ck_assert_int_eq(payload_from_hex(&payload, "00 ff"), 0);
	ck_assert_uint_eq(payload.size, 2);
	ck_assert_mem_eq(payload.bytes, "\0\xff", 2);
	ck_assert_int_eq(payload_from_hex(&payload, "0"), -EINVAL);
}
END_TEST

Suite *payload_suite(void)
{
	Suite *suite = suite_create("payload");
	TCase *tcase = tcase_create("payload");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, fill, NULL);
	tcase_add_test(tcase, text_is_taken_without_its_nul);
	tcase_add_test(tcase, empty_text_is_an_empty_payload);
	tcase_add_test(tcase, text_over_the_bound_is_refused);
	tcase_add_test(tcase, stream_is_taken_as_it_is);
	tcase_add_test(tcase, stream_over_the_bound_is_refused);
	tcase_add_test(tcase, endless_file_is_refused_after_the_bound);
	tcase_add_test(tcase, empty_file_is_an_empty_payload);
	tcase_add_test(tcase, missing_file_is_enoent);
	tcase_add_test(tcase, folder_is_no_file);
	tcase_add_test(tcase, hex_makes_bytes);
	return suite;
}
