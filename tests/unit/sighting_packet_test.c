// SPDX-License-Identifier: MIT
#include "sighting_packet.h"

#include <string.h>

#include "suites.h"

/* All of a sighting but what pads it */
#define BYTES (offsetof(struct sighting, payload) + HV_MESSAGE_PAYLOAD_SIZE_MAX)

static struct sighting sighting, again;
static uint8_t bytes[SIGHTING_PACKET_SIZE_MAX + 256];
static size_t size;

static void make_packet(void)
{
	memset(&sighting, 0, sizeof(sighting));
	sighting = (struct sighting){
		.duration_ns = 0x0102030405060708,
		.kind = SIGHTING_POST,
		.source = SIGHTING_BY_HOST,
		.pid = 0x11121314,
		.process = "a process",
		.cpu = 3,
		.partition = 0x2122232425262728,
		.vp = 5,
		.connection_id = 0x31323334,
		.sint = 15,
		.message_type = 0x41424344,
		.origin = 0x5152535455565758,
		.status = 0x13,
		.attempts = 7,
		.detail = 0x61626364,
		.payload_size = 240,
		.payload_captured = 3,
		.payload = "abc",
	};
	size = sighting_to_packet(&sighting, bytes);
}

START_TEST(a_packet_is_laid_out_as_docs_capture_md_says)
{
	static const uint8_t expected[] = {
		'h', 'v', 'p', 's', 1, 80, 0, 2,
		8, 7, 6, 5, 4, 3, 2, 1,
		0x28, 0x27, 0x26, 0x25, 0x24, 0x23, 0x22, 0x21,
		0x58, 0x57, 0x56, 0x55, 0x54, 0x53, 0x52, 0x51,
		0x14, 0x13, 0x12, 0x11, 3, 0, 0, 0,
		5, 0, 0, 0, 0x34, 0x33, 0x32, 0x31,
		15, 0, 0, 0, 0x13, 0, 0, 0,
		7, 0, 0, 0, 0x64, 0x63, 0x62, 0x61,
		'a', ' ', 'p', 'r', 'o', 'c', 'e', 's',
		's', 0, 0, 0, 0, 0, 0, 0,
		0x44, 0x43, 0x42, 0x41, 240, 0, 0, 0,
		'a', 'b', 'c',
	};

	make_packet();
	ck_assert_uint_eq(size, sizeof(expected));
	ck_assert_mem_eq(bytes, expected, size);
}
END_TEST

START_TEST(a_packet_is_its_sighting_again)
{
	make_packet();
	ck_assert_ptr_null(sighting_from_packet(&again, bytes, size));
	ck_assert_mem_eq(&again, &sighting, BYTES);
}
END_TEST

START_TEST(what_is_not_known_stays_so)
{
	sighting = sighting_new((enum sighting_kind)_i, SIGHTING_BY_KVM);
	size = sighting_to_packet(&sighting, bytes);
	ck_assert_uint_eq(size, SIGHTING_PACKET_PAYLOAD);
	ck_assert_ptr_null(sighting_from_packet(&again, bytes, size));
	ck_assert_int_eq(again.kind, _i);
	ck_assert_uint_eq(again.status, SIGHTING_NONE);
	ck_assert_uint_eq(again.sint, SIGHTING_NONE);
	ck_assert_uint_eq(again.payload_size, SIGHTING_NONE);
	ck_assert_uint_eq(again.payload_captured, 0);
	ck_assert(again.duration_ns == SIGHTING_NONE_64);
	ck_assert(again.origin == SIGHTING_NONE_64);
	ck_assert_str_eq(again.process, "");
}
END_TEST

START_TEST(a_longer_head_is_read_as_far_as_it_is_known)
{
	make_packet();
	memmove(bytes + SIGHTING_PACKET_HEAD_SIZE + 16,
		bytes + SIGHTING_PACKET_HEAD_SIZE,
		size - SIGHTING_PACKET_HEAD_SIZE);
	bytes[5] += 16;
	ck_assert_ptr_null(sighting_from_packet(&again, bytes, size + 16));
	ck_assert_mem_eq(&again, &sighting, BYTES);
}
END_TEST

START_TEST(a_payload_of_the_largest_size_is_kept)
{
	make_packet();
	sighting.payload_captured = HV_MESSAGE_PAYLOAD_SIZE_MAX;
	memset(sighting.payload, 'x', sizeof(sighting.payload));
	size = sighting_to_packet(&sighting, bytes);
	ck_assert_uint_eq(size, SIGHTING_PACKET_SIZE_MAX);
	ck_assert_ptr_null(sighting_from_packet(&again, bytes, size));
	ck_assert_mem_eq(&again, &sighting, BYTES);
}
END_TEST

START_TEST(what_stands_behind_a_name_is_no_part_of_it)
{
	make_packet();
	memcpy(bytes + 64, "a process\0junk\0", 16);
	ck_assert_ptr_null(sighting_from_packet(&again, bytes, size));
	ck_assert_mem_eq(&again, &sighting, BYTES);
}
END_TEST

/* Bytes that are wrong, and how much longer the packet is. */
static const struct {
	size_t offset;
	uint8_t value[4];
	size_t longer;
	const char *why;
} damage[] = {
	{ 0, { 'H', 'v', 'p', 's' }, 0, "it does not begin with \"hvps\"" },
	{ 4, { 2, 80, 0, 0 }, 0, "it is of an unknown version" },
	{ 4, { 1, 79, 0, 0 }, 0, "its head is too short" },
	{ 4, { 1, 84, 0, 0 }, 0, "its head is longer than the packet" },
	{ 4, { 1, 80, SIGHTING_KINDS, 0 }, 0, "it is of an unknown kind" },
	{ 4, { 1, 80, 0, SIGHTING_SOURCES }, 0, "it is of an unknown source" },
	{ 48, { 16, 0, 0, 0 }, 0, "there is no such SINT" },
	{ 52, { 0, 0, 1, 0 }, 0, "its status is over 16 bits" },
	{ 76, { 0, 0, 0, 'x' }, 0, "its process has no end" },
	{ 84, { 2, 0, 0, 0 }, 0, "its payload is longer than it says" },
	{ 84, { 255, 255, 255, 255 }, 0, "its payload is longer than it says" },
	{ 84, { 0, 1, 0, 0 }, 238, "its payload is too long" },
};

START_TEST(each_damage_is_named)
{
	make_packet();
	memcpy(bytes + damage[_i].offset, damage[_i].value, 4);
	if (!strcmp(damage[_i].why, "its head is longer than the packet"))
		size = SIGHTING_PACKET_PAYLOAD;
	ck_assert_str_eq(sighting_from_packet(&again, bytes,
					      size + damage[_i].longer),
			 damage[_i].why);
}
END_TEST

START_TEST(a_packet_cut_in_its_head_is_refused)
{
	make_packet();
	for (size = 0; size < SIGHTING_PACKET_HEAD_SIZE; size++)
		ck_assert_str_eq(sighting_from_packet(&again, bytes, size),
				 "it is too short");
	for (; size < SIGHTING_PACKET_PAYLOAD; size++)
		ck_assert_str_eq(sighting_from_packet(&again, bytes, size),
				 "its head is longer than the packet");
}
END_TEST

Suite *sighting_packet_suite(void)
{
	Suite *suite = suite_create("sighting packet");
	TCase *good = tcase_create("good"), *bad = tcase_create("bad");

	suite_add_tcase(suite, good);
	tcase_add_test(good, a_packet_is_laid_out_as_docs_capture_md_says);
	tcase_add_test(good, a_packet_is_its_sighting_again);
	tcase_add_loop_test(good, what_is_not_known_stays_so, 0,
			    SIGHTING_KINDS);
	tcase_add_test(good, a_longer_head_is_read_as_far_as_it_is_known);
	tcase_add_test(good, what_stands_behind_a_name_is_no_part_of_it);
	tcase_add_test(good, a_payload_of_the_largest_size_is_kept);

	suite_add_tcase(suite, bad);
	tcase_add_loop_test(bad, each_damage_is_named, 0, ROWS(damage));
	tcase_add_test(bad, a_packet_cut_in_its_head_is_refused);
	return suite;
}
