// SPDX-License-Identifier: MIT
#include "message.h"

#include <errno.h>
#include <string.h>

#include <json-c/json.h>

#include "suites.h"
#include "text.h"

static struct text text;
static struct hvpost_message message;

static void open_text(void)
{
	text_open(&text);
	message = (struct hvpost_message){
		.sequence = 42,
		.time_ns = 12345678901234,
		.origin = 0x10,
		.vp_index = 1,
		.message_type = 7,
		.payload_size = 5,
		.sint = 6,
		.payload = "hello",
	};
}

static void close_text(void)
{
	text_close(&text);
}

static const char *print(enum message_format format)
{
	message_print(text.out, &message, format);
	return text_read(&text);
}

START_TEST(text_is_one_line_with_everything_in_it)
{
	ck_assert_str_eq(print(MESSAGE_TEXT),
			 "[12345.678901] vp 1 sint 6 seq 42 type 7 size 5 "
			 "origin 0x10 \"hello\"\n");
}
END_TEST

START_TEST(text_of_an_empty_payload_has_empty_quotes)
{
	message.payload_size = 0;
	ck_assert_ptr_nonnull(
		strstr(print(MESSAGE_TEXT), " size 0 origin 0x10 \"\"\n"));
}
END_TEST

START_TEST(text_stays_one_line_whatever_the_payload)
{
	memcpy(message.payload, "a\nb\"\xff", 5);
	ck_assert_ptr_nonnull(
		strstr(print(MESSAGE_TEXT), " \"a\\nb\\\"\\xff\"\n"));
}
END_TEST

START_TEST(text_holds_all_240_bytes)
{
	memset(message.payload, 'x', 240);
	message.payload_size = 240;
	ck_assert_uint_eq(strspn(strchr(print(MESSAGE_TEXT), '"') + 1, "x"),
			  240);
}
END_TEST

START_TEST(text_marks_an_oversize_slot)
{
	ck_assert_ptr_null(strstr(print(MESSAGE_TEXT), "oversize"));
	message.flags = HVPOST_MESSAGE_OVERSIZE;
	ck_assert_ptr_nonnull(strstr(print(MESSAGE_TEXT),
				     "origin 0x10 oversize \"hello\"\n"));
}
END_TEST

START_TEST(hex_is_the_line_and_a_dump)
{
	ck_assert_str_eq(print(MESSAGE_HEX),
			 "[12345.678901] vp 1 sint 6 seq 42 type 7 size 5 "
			 "origin 0x10\n"
			 "  0000  68 65 6c 6c 6f                              "
			 "      |hello|\n");
}
END_TEST

START_TEST(raw_is_the_payload_and_nothing_else)
{
	memcpy(message.payload, "\0\1\2\n\xff", 5);
	print(MESSAGE_RAW);
	ck_assert_uint_eq(text.size, 5);
	ck_assert_mem_eq(text.bytes, "\0\1\2\n\xff", 5);
}
END_TEST

static struct json_object *parse(void)
{
	const char *line = print(MESSAGE_JSON);
	struct json_object *object = json_tokener_parse(line);

	ck_assert_ptr_nonnull(object);
	ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
	return object;
}

static const char *string_of(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key));
}

/* The keys are API: whoever changes this line raises the version. */
START_TEST(json_is_exactly_this)
{
	message.message_flags = 1;
	ck_assert_str_eq(print(MESSAGE_JSON),
			 "{\"version\":1,\"event\":\"message\","
			 "\"time_ns\":12345678901234,\"vp\":1,\"sint\":6,"
			 "\"sequence\":42,\"type\":7,\"size\":5,\"origin\":\"0x10\","
			 "\"pending\":true,\"oversize\":false,"
			 "\"payload_hex\":\"68656c6c6f\","
			 "\"payload_text\":\"hello\"}\n");
}
END_TEST

START_TEST(json_has_an_origin_of_64_bits_as_text)
{
	struct json_object *object;

	message.origin = UINT64_MAX;
	object = parse();
	ck_assert_str_eq(json_object_get_string(
				 json_object_object_get(object, "origin")),
			 "0xffffffffffffffff");
	json_object_put(object);
}
END_TEST

START_TEST(json_survives_any_payload)
{
	struct json_object *object;

	for (int i = 0; i < 240; i++)
		message.payload[i] = (uint8_t)(i + 16);
	message.payload_size = 240;
	object = parse();
	ck_assert_uint_eq(strlen(string_of(object, "payload_hex")), 480);
	ck_assert_str_eq(string_of(object, "payload_hex") + 476, "feff");
	json_object_put(object);
}
END_TEST

START_TEST(json_of_an_empty_payload_has_empty_strings)
{
	struct json_object *object;

	message.payload_size = 0;
	message.flags = HVPOST_MESSAGE_OVERSIZE;
	object = parse();
	ck_assert_str_eq(string_of(object, "payload_hex"), "");
	ck_assert_str_eq(string_of(object, "payload_text"), "");
	ck_assert_str_eq(string_of(object, "oversize"), "true");
	json_object_put(object);
}
END_TEST

START_TEST(formats_are_found_by_name)
{
	enum message_format format;

	ck_assert_int_eq(message_format_find("text", &format), 0);
	ck_assert_int_eq(format, MESSAGE_TEXT);
	ck_assert_int_eq(message_format_find("hex", &format), 0);
	ck_assert_int_eq(format, MESSAGE_HEX);
	ck_assert_int_eq(message_format_find("raw", &format), 0);
	ck_assert_int_eq(format, MESSAGE_RAW);
	ck_assert_int_eq(message_format_find("json", &format), 0);
	ck_assert_int_eq(format, MESSAGE_JSON);
}
END_TEST

START_TEST(format_that_is_none_is_refused)
{
	enum message_format format;

	ck_assert_int_eq(message_format_find("", &format), -EINVAL);
	ck_assert_int_eq(message_format_find("xml", &format), -EINVAL);
	ck_assert_int_eq(message_format_find("texts", &format), -EINVAL);
}
END_TEST

Suite *message_suite(void)
{
	Suite *suite = suite_create("message");
	TCase *tcase = tcase_create("message");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, open_text, close_text);
	tcase_add_test(tcase, text_is_one_line_with_everything_in_it);
	tcase_add_test(tcase, text_of_an_empty_payload_has_empty_quotes);
	tcase_add_test(tcase, text_stays_one_line_whatever_the_payload);
	tcase_add_test(tcase, text_holds_all_240_bytes);
	tcase_add_test(tcase, text_marks_an_oversize_slot);
	tcase_add_test(tcase, hex_is_the_line_and_a_dump);
	tcase_add_test(tcase, raw_is_the_payload_and_nothing_else);
	tcase_add_test(tcase, json_is_exactly_this);
	tcase_add_test(tcase, json_has_an_origin_of_64_bits_as_text);
	tcase_add_test(tcase, json_survives_any_payload);
	tcase_add_test(tcase, json_of_an_empty_payload_has_empty_strings);
	tcase_add_test(tcase, formats_are_found_by_name);
	tcase_add_test(tcase, format_that_is_none_is_refused);
	return suite;
}
