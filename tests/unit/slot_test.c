// SPDX-License-Identifier: MIT
#include <string.h>

#include "driver/slot.h"
#include "suites.h"

/* A slot as a host writes it, and the head as the driver reads it. */
static struct hv_slot slot;

static struct hvp_slot_head head_of_slot(void)
{
	struct hvp_slot_head head;

	memcpy(&head, &slot, sizeof(head));
	return head;
}

static struct hvpost_record decode(void)
{
	struct hvp_slot_head head = head_of_slot();
	struct hvpost_record record;

	memset(&record, 0xee, sizeof(record));
	hvp_slot_decode(&record, &head, slot.payload);
	return record;
}

static void fill_slot(void)
{
	memset(&slot, 0, sizeof(slot));
	slot.message_type = 7;
	slot.payload_size = 5;
	slot.origin = 0x123456789abcdef0;
	memset(slot.payload, 'x', sizeof(slot.payload));
	memcpy(slot.payload, "hello", 5);
}

START_TEST(type_comes_from_the_first_four_bytes)
{
	struct hvp_slot_head head;

	slot.message_type = 0x80000010;
	slot.payload_size = 0xff;
	slot.message_flags = 0xff;
	head = head_of_slot();
	ck_assert_uint_eq(hvp_slot_type(&head), 0x80000010);
	ck_assert_uint_eq(decode().message_type, 0x80000010);
}
END_TEST

START_TEST(empty_slot_has_type_none)
{
	struct hvp_slot_head head;

	memset(&slot, 0, sizeof(slot));
	head = head_of_slot();
	ck_assert_uint_eq(hvp_slot_type(&head), HV_MESSAGE_TYPE_NONE);
}
END_TEST

START_TEST(size_payload_and_origin_are_taken_as_they_are)
{
	struct hvpost_record record = decode();

	ck_assert_uint_eq(record.payload_size, 5);
	ck_assert_mem_eq(record.payload, "hello", 5);
	ck_assert(record.origin == 0x123456789abcdef0);
	ck_assert_uint_eq(record.flags, 0);
	ck_assert_uint_eq(record.reserved, 0);
}
END_TEST

START_TEST(bytes_behind_the_payload_are_zero)
{
	struct hvpost_record record = decode();

	for (size_t i = 5; i < sizeof(record.payload); i++)
		ck_assert_uint_eq(record.payload[i], 0);
}
END_TEST

START_TEST(empty_payload_is_all_zero)
{
	struct hvpost_record record;

	slot.payload_size = 0;
	record = decode();
	ck_assert_uint_eq(record.payload_size, 0);
	ck_assert_uint_eq(record.payload[0], 0);
	ck_assert_uint_eq(record.payload[239], 0);
}
END_TEST

START_TEST(payload_of_240_bytes_is_taken_whole_and_not_marked)
{
	struct hvpost_record record;

	slot.payload_size = 240;
	slot.payload[239] = 'z';
	record = decode();
	ck_assert_uint_eq(record.payload_size, 240);
	ck_assert_uint_eq(record.payload[239], 'z');
	ck_assert_uint_eq(record.flags, 0);
}
END_TEST

START_TEST(size_over_240_is_cut_to_240_and_marked)
{
	struct hvpost_record record;

	slot.payload_size = (uint8_t)_i;
	slot.payload[239] = 'z';
	record = decode();
	ck_assert_uint_eq(record.payload_size, 240);
	ck_assert_uint_eq(record.payload[239], 'z');
	ck_assert_uint_eq(record.flags, HVPOST_RECORD_OVERSIZE);
}
END_TEST

START_TEST(pending_flag_is_handed_on)
{
	ck_assert_uint_eq(decode().message_flags, 0);
	slot.message_flags = HV_MESSAGE_PENDING;
	ck_assert_uint_eq(decode().message_flags, HV_MESSAGE_PENDING);
}
END_TEST

START_TEST(what_the_slot_does_not_know_is_left_alone)
{
	struct hvpost_record record = decode(), untouched;

	memset(&untouched, 0xee, sizeof(untouched));
	ck_assert(record.sequence == untouched.sequence);
	ck_assert(record.time_ns == untouched.time_ns);
	ck_assert_uint_eq(record.vp_index, untouched.vp_index);
	ck_assert_uint_eq(record.sint, untouched.sint);
}
END_TEST

Suite *slot_suite(void)
{
	Suite *suite = suite_create("slot");
	TCase *tcase = tcase_create("slot");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, fill_slot, NULL);
	tcase_add_test(tcase, type_comes_from_the_first_four_bytes);
	tcase_add_test(tcase, empty_slot_has_type_none);
	tcase_add_test(tcase, size_payload_and_origin_are_taken_as_they_are);
	tcase_add_test(tcase, bytes_behind_the_payload_are_zero);
	tcase_add_test(tcase, empty_payload_is_all_zero);
	tcase_add_test(tcase,
		       payload_of_240_bytes_is_taken_whole_and_not_marked);
	tcase_add_loop_test(tcase, size_over_240_is_cut_to_240_and_marked, 241,
			    256);
	tcase_add_test(tcase, pending_flag_is_handed_on);
	tcase_add_test(tcase, what_the_slot_does_not_know_is_left_alone);
	return suite;
}
