// SPDX-License-Identifier: MIT
#include "echo.h"

#include <string.h>

#include "suites.h"

static struct echo echo;
static struct hvpost_message message;

/* An echo of 20 bytes and the message that it should come back as. */
static void make_echo(void)
{
	echo = (struct echo){ .message_type = 7, .size = 20 };
	echo_fill(&echo, 3, 1000);
	message = (struct hvpost_message){
		.message_type = 7,
		.payload_size = 20,
	};
	memcpy(message.payload, echo.payload, 20);
}

START_TEST(payload_begins_with_sequence_and_time)
{
	static const uint8_t head[] = { 3, 0, 0, 0, 0, 0, 0, 0, 0xe8, 3 };

	ck_assert_mem_eq(echo.payload, head, sizeof(head));
}
END_TEST

START_TEST(payload_is_filled_to_its_size_and_no_further)
{
	ck_assert_uint_eq(echo.payload[19], 3 + 19);
	ck_assert_uint_eq(echo.payload[20], 0);
}
END_TEST

START_TEST(smallest_payload_is_sequence_and_time)
{
	struct echo smallest = { .size = ECHO_SIZE_MIN };

	echo_fill(&smallest, 1, 1);
	ck_assert_uint_eq(smallest.payload[16], 0);
}
END_TEST

START_TEST(largest_payload_is_filled_to_the_last_byte)
{
	struct echo largest = { .size = 240 };

	echo_fill(&largest, 1, 1);
	ck_assert_uint_eq(largest.payload[239], 240);
}
END_TEST

START_TEST(what_was_sent_is_an_echo)
{
	ck_assert(echo_matches(&echo, &message));
}
END_TEST

START_TEST(damage_to_any_byte_is_no_echo)
{
	message.payload[_i] ^= 1;
	ck_assert(!echo_matches(&echo, &message));
}
END_TEST

START_TEST(another_type_is_no_echo)
{
	message.message_type = 8;
	ck_assert(!echo_matches(&echo, &message));
}
END_TEST

START_TEST(another_size_is_no_echo)
{
	message.payload_size = 19;
	ck_assert(!echo_matches(&echo, &message));
}
END_TEST

START_TEST(echo_of_an_earlier_post_is_no_echo)
{
	echo_fill(&echo, 4, 1000);
	ck_assert(!echo_matches(&echo, &message));
}
END_TEST

Suite *echo_suite(void)
{
	Suite *suite = suite_create("echo");
	TCase *tcase = tcase_create("echo");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, make_echo, NULL);
	tcase_add_test(tcase, payload_begins_with_sequence_and_time);
	tcase_add_test(tcase, payload_is_filled_to_its_size_and_no_further);
	tcase_add_test(tcase, smallest_payload_is_sequence_and_time);
	tcase_add_test(tcase, largest_payload_is_filled_to_the_last_byte);
	tcase_add_test(tcase, what_was_sent_is_an_echo);
	tcase_add_loop_test(tcase, damage_to_any_byte_is_no_echo, 0, 20);
	tcase_add_test(tcase, another_type_is_no_echo);
	tcase_add_test(tcase, another_size_is_no_echo);
	tcase_add_test(tcase, echo_of_an_earlier_post_is_no_echo);
	return suite;
}
