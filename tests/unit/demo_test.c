// SPDX-License-Identifier: MIT
/* hvpost demo: that it shows what happens, and not what should. */
#include <stdio.h>
#include <string.h>

#include "demo.h"
#include "demo_machine.h"
#include "suites.h"
#include "text.h"

static struct text text;

static void open_text(void)
{
	text_open(&text);
}

static void close_text(void)
{
	text_close(&text);
}

static const char *demo_of(const char *first, uint32_t buffers)
{
	ck_assert_int_eq(demo_show(text.out, first, buffers), 0);
	return text_read(&text);
}

/* @shown has @line, as far as that goes, at the beginning of a line. */
static void ck_has_line(const char *shown, const char *line)
{
	const char *at = shown;

	while (at && strncmp(at, line, strlen(line))) {
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	ck_assert_msg(at != NULL, "no line '%s' in:\n%s", line, shown);
}

/* Slots */

START_TEST(slot_is_shown_field_by_field)
{
	const struct hv_slot slot = {
		.message_type = 0x12345678,
		.payload_size = 3,
		.message_flags = HV_MESSAGE_PENDING,
		.origin = 0xabcdef,
		.payload = { 'a', '\n', 'c', 'd' },
	};

	demo_print_slot(text.out, &slot);
	ck_assert_str_eq(
		text_read(&text),
		"     00  78 56 34 12               message type 305419896\n"
		"     04  03                        payload size 3\n"
		"     05  01                        flags: MessagePending 1\n"
		"     08  ef cd ab 00 00 00 00 00   origin: port 0xabcdef\n"
		"     10  61 0a 63                                          "
		"a\\nc\n");
}
END_TEST

START_TEST(slot_is_not_read_past_its_payload)
{
	static struct hv_slot slot = { .payload_size = 255 };
	const char *shown;

	memset(slot.payload, 'x', sizeof(slot.payload));
	demo_print_slot(text.out, &slot);
	shown = text_read(&text);
	ck_has_line(shown, "     f0 ");
	ck_assert_ptr_null(strstr(shown, "     100 "));
}
END_TEST

/* The machine */

static struct demo_machine machine;

static void make_machine(uint32_t buffers)
{
	ck_assert_int_eq(demo_machine_make(&machine, buffers), 0);
}

START_TEST(post_fills_the_slot_and_interrupts)
{
	const struct hv_slot *slot;

	make_machine(2);
	ck_assert_uint_eq(demo_machine_post(&machine, "abc", 3), 0);
	slot = demo_machine_slot(&machine);
	ck_assert_uint_ne(slot->message_type, 0);
	ck_assert_uint_eq(slot->payload_size, 3);
	ck_assert_mem_eq(slot->payload, "abc", 3);
	ck_assert_uint_eq(slot->origin, DEMO_PORT);
	ck_assert_uint_eq(machine.interrupts, 1);
	ck_assert_uint_eq(machine.sint, DEMO_SINT);
	demo_machine_free(&machine);
}
END_TEST

START_TEST(messages_are_taken_in_order_with_an_eom_where_more_wait)
{
	struct hv_slot message;

	make_machine(2);
	for (uint8_t i = 0; i < 3; i++)
		ck_assert_uint_eq(demo_machine_post(&machine, &i, 1), 0);
	ck_assert_uint_eq(demo_machine_post(&machine, "", 1),
			  HV_STATUS_INSUFFICIENT_BUFFERS);
	for (uint8_t i = 0; i < 3; i++) {
		ck_assert(demo_machine_take(&machine, &message));
		ck_assert_uint_eq(message.payload[0], i);
	}
	ck_assert(!demo_machine_take(&machine, &message));
	ck_assert_uint_eq(machine.eoms, 2);
	ck_assert_uint_eq(machine.interrupts, 3);
	demo_machine_free(&machine);
}
END_TEST

/* The story */

START_TEST(demo_fits_a_screen)
{
	const char *line = demo_of("hello, hypervisor", 16);
	unsigned int lines = 0;

	while (*line) {
		size_t length = strcspn(line, "\n");

		ck_assert_uint_lt(length, 80);
		line += length + 1;
		lines++;
	}
	ck_assert_uint_le(lines, 24);
}
END_TEST

START_TEST(demo_shows_the_bytes_that_were_posted)
{
	const char *shown = demo_of("XYZ", 16);

	ck_has_line(shown, "1. post \"XYZ\": HV_STATUS_SUCCESS (0x0)\n");
	ck_has_line(shown, "     04  03  ");
	ck_has_line(shown, "     10  58 59 5a  ");
	ck_has_line(shown, "     05  00                        "
			   "flags: MessagePending 0\n");
	ck_has_line(shown, "     05  01                        "
			   "flags: MessagePending 1\n");
}
END_TEST


static const uint32_t buffers[] = { 1, 2, 16, 19, 20, 64 };

START_TEST(demo_counts_what_the_port_holds)
{
	const uint32_t n = buffers[_i];
	const char *shown = demo_of("hello", n);
	char line[96];

	snprintf(line, sizeof(line),
		 "   the slot is occupied, 1 queued behind it, %u buffers free",
		 n - 1);
	ck_has_line(shown, line);
	snprintf(line, sizeof(line),
		 "3. post \"message 3\" and so on: %u taken\n", n - 1);
	ck_has_line(shown, line);
	snprintf(line, sizeof(line),
		 "   \"message %u\": HV_STATUS_INSUFFICIENT_BUFFERS (0x13)\n",
		 n + 2);
	ck_has_line(shown, line);
	snprintf(line, sizeof(line),
		 "   the slot is occupied, %u queued behind it, 0 buffers free",
		 n);
	ck_has_line(shown, line);
	snprintf(line, sizeof(line),
		 "   messages: %u, EOMs: %u, interrupts: %u\n", n + 1, n,
		 n + 1);
	ck_has_line(shown, line);
	snprintf(line, sizeof(line),
		 "   the slot is free, 0 queued behind it, %u buffers free", n);
	ck_has_line(shown, line);
}
END_TEST

START_TEST(demo_drains_in_order)
{
	const char *at = strstr(demo_of("hello", 40), ": message 1 ");
	unsigned int number = 0, expected = 0;
	int length;

	ck_assert_ptr_nonnull(at);
	at += strlen(": message");
	while (sscanf(at, " %u%n", &number, &length) == 1) {
		ck_assert_uint_eq(number, ++expected);
		at += length;
	}
	ck_assert_uint_eq(expected, 41);
}
END_TEST

Suite *demo_suite(void)
{
	Suite *suite = suite_create("demo");
	TCase *tcase = tcase_create("demo");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, open_text, close_text);
	tcase_add_test(tcase, slot_is_shown_field_by_field);
	tcase_add_test(tcase, slot_is_not_read_past_its_payload);
	tcase_add_test(tcase, post_fills_the_slot_and_interrupts);
	tcase_add_test(tcase,
		       messages_are_taken_in_order_with_an_eom_where_more_wait);
	tcase_add_test(tcase, demo_fits_a_screen);
	tcase_add_test(tcase, demo_shows_the_bytes_that_were_posted);
	tcase_add_loop_test(tcase, demo_counts_what_the_port_holds, 0,
			    ROWS(buffers));
	tcase_add_test(tcase, demo_drains_in_order);
	return suite;
}
