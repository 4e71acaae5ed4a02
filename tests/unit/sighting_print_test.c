// SPDX-License-Identifier: MIT
#include "sighting_print.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hvpost/hvpost.h>
#include <json-c/json.h>

#include "suites.h"
#include "text.h"

static struct text text;
static struct sighting sighting;

static void open_text(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	text_open(&text);
	sighting = sighting_new(SIGHTING_POST, SIGHTING_BY_DRIVER);
	sighting.time_ns = 1795334964123456789;
	sighting.pid = 42;
	strcpy(sighting.process, "send");
	sighting.cpu = 1;
	sighting.vp = 1;
	sighting.connection_id = 0x10;
	sighting.message_type = 1;
	sighting.status = HV_STATUS_INSUFFICIENT_BUFFERS;
	sighting.attempts = 3;
	sighting.duration_ns = 12345;
	sighting.payload_size = 5;
	sighting.payload_captured = 5;
	memcpy(sighting.payload, "hello", 5);
}

static void close_text(void)
{
	text_close(&text);
}

START_TEST(text_is_one_line_with_everything_in_it)
{
	sighting_print(text.out, &sighting);
	ck_assert_str_eq(text_read(&text),
			 "08:09:24.123456 post         vp 1 connection 0x10 "
			 "type 1 size 5 HV_STATUS_INSUFFICIENT_BUFFERS in 3 "
			 "tries 12.3 us \"hello\" (hvpost.ko, send pid 42 cpu "
			 "1)\n");
}
END_TEST

START_TEST(text_has_nothing_that_is_not_known)
{
	sighting = sighting_new(SIGHTING_EOM, SIGHTING_BY_HOST);
	sighting_print(text.out, &sighting);
	ck_assert_str_eq(text_read(&text),
			 "00:00:00.000000 eom          (libhvhost)\n");
}
END_TEST

static const struct {
	enum sighting_kind kind;
	const char *text, *key;
} details[] = {
	{ SIGHTING_SIGNAL, " flag 243 ", "flag" },
	{ SIGHTING_FLAG, " flag 243 ", "flag" },
	{ SIGHTING_OWNER, " synic 243 ", "synic" },
	{ SIGHTING_INTERRUPT, " vector 0xf3 ", "vector" },
	{ SIGHTING_HYPERCALL, " call 0xf3 ", "call" },
	{ SIGHTING_DROP, " detail 243 ", "detail" },
};

START_TEST(a_detail_is_called_what_it_is)
{
	struct json_object *object;

	sighting.kind = details[_i].kind;
	sighting.detail = 243;
	sighting_print(text.out, &sighting);
	ck_assert_ptr_nonnull(strstr(text_read(&text), details[_i].text));
	rewind(text.out);
	sighting_print_json(text.out, &sighting);
	object = json_tokener_parse(text_read(&text));
	ck_assert_int_eq(json_object_get_int(json_object_object_get(
				 object, details[_i].key)), 243);
	json_object_put(object);
}
END_TEST

START_TEST(text_stays_one_line_whatever_was_seen)
{
	memcpy(sighting.payload, "\n\x1b[2J", 5);
	strcpy(sighting.process, "\x1b]0;\n");
	sighting.status = 0xffff;
	sighting_print(text.out, &sighting);
	text_read(&text);
	ck_assert_ptr_null(strchr(text.bytes, '\x1b'));
	ck_assert_ptr_eq(strchr(text.bytes, '\n'),
			 text.bytes + text.size - 1);
	ck_assert_ptr_nonnull(strstr(text.bytes, " status 0xffff "));
}
END_TEST

START_TEST(a_payload_that_goes_on_says_so)
{
	sighting.payload_size = 6;
	sighting_print(text.out, &sighting);
	ck_assert_ptr_nonnull(strstr(text_read(&text), "\"hello\"..."));
}
END_TEST

START_TEST(json_has_the_same)
{
	struct json_object *object;
	static const char *const expected[][2] = {
		{ "version", "1" }, { "event", "post" },
		{ "time", "1795334964.123456789" }, { "source", "hvpost.ko" },
		{ "process", "send" }, { "pid", "42" }, { "cpu", "1" },
		{ "vp", "1" }, { "connection", "16" }, { "type", "1" },
		{ "size", "5" }, { "payload_hex", "68656c6c6f" },
		{ "payload_text", "hello" }, { "status", "19" },
		{ "status_name", "HV_STATUS_INSUFFICIENT_BUFFERS" },
		{ "attempts", "3" }, { "duration_ns", "12345" },
	};

	sighting_print_json(text.out, &sighting);
	object = json_tokener_parse(text_read(&text));
	ck_assert_ptr_nonnull(object);
	ck_assert_int_eq(json_object_object_length(object), ROWS(expected));
	for (int i = 0; i < ROWS(expected); i++)
		ck_assert_str_eq(json_object_get_string(json_object_object_get(
					 object, expected[i][0])),
				 expected[i][1]);
	json_object_put(object);
}
END_TEST

START_TEST(json_has_nothing_that_is_not_known)
{
	sighting = sighting_new(SIGHTING_EOM, SIGHTING_BY_HOST);
	sighting_print_json(text.out, &sighting);
	ck_assert_str_eq(text_read(&text),
			 "{\"version\":1,\"event\":\"eom\",\"time\":"
			 "\"0.000000000\",\"source\":\"libhvhost\"}\n");
}
END_TEST

Suite *sighting_print_suite(void)
{
	Suite *suite = suite_create("sighting print");
	TCase *tcase = tcase_create("print");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, open_text, close_text);
	tcase_add_test(tcase, text_is_one_line_with_everything_in_it);
	tcase_add_test(tcase, text_has_nothing_that_is_not_known);
	tcase_add_loop_test(tcase, a_detail_is_called_what_it_is, 0,
			    ROWS(details));
	tcase_add_test(tcase, text_stays_one_line_whatever_was_seen);
	tcase_add_test(tcase, a_payload_that_goes_on_says_so);
	tcase_add_test(tcase, json_has_the_same);
	tcase_add_test(tcase, json_has_nothing_that_is_not_known);
	return suite;
}
