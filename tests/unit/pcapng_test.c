// SPDX-License-Identifier: MIT
#include "pcapng.h"

#include <byteswap.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "suites.h"
#include "text.h"

/* A file that another program might have written, in either byte order. */
struct file {
	uint8_t bytes[16384];
	size_t size;
	bool swapped;
};

static struct file file;

static void put_u16(uint16_t value)
{
	value = file.swapped ? bswap_16(value) : value;
	memcpy(file.bytes + file.size, &value, sizeof(value));
	file.size += sizeof(value);
}

static void set_u32(size_t offset, uint32_t value)
{
	value = file.swapped ? bswap_32(value) : value;
	memcpy(file.bytes + offset, &value, sizeof(value));
}

static void put_u32(uint32_t value)
{
	set_u32(file.size, value);
	file.size += sizeof(value);
}

static void put_u64(uint64_t value)
{
	value = file.swapped ? bswap_64(value) : value;
	memcpy(file.bytes + file.size, &value, sizeof(value));
	file.size += sizeof(value);
}

static void put_bytes(const char *bytes, size_t size)
{
	memcpy(file.bytes + file.size, bytes, size);
	file.size += size;
}

static void put_option(uint16_t code, uint16_t size)
{
	put_u16(code);
	put_u16(size);
}

static size_t begin(uint32_t type)
{
	size_t start = file.size;

	put_u32(type);
	put_u32(0);
	return start;
}

static void end(size_t start)
{
	set_u32(start + 4, (uint32_t)(file.size - start) + 4);
	put_u32((uint32_t)(file.size - start) + 4);
}

static void put_section(void)
{
	size_t start = begin(0x0a0d0d0a);

	put_u32(0x1a2b3c4d);
	put_u16(1);
	put_u16(0);
	put_u64(UINT64_MAX);
	end(start);
}

static void put_interface(uint16_t link_type, uint8_t unit, uint64_t offset_s)
{
	size_t start = begin(1);

	put_u16(link_type);
	put_u16(0);
	put_u32(0);
	put_option(9, 1);
	put_bytes((const char[]){ (char)unit, 0, 0, 0 }, 4);
	put_option(14, 8);
	put_u64(offset_s);
	put_option(0, 0);
	end(start);
}

static void put_packet(uint32_t interface, uint64_t ticks)
{
	size_t start = begin(6);

	put_u32(interface);
	put_u32((uint32_t)(ticks >> 32));
	put_u32((uint32_t)ticks);
	put_u32(5);
	put_u32(5);
	put_bytes("hello\0\0\0", 8);
	put_option(1, 3); /* a comment */
	put_bytes("hm.\0", 4);
	put_option(2, 4);
	put_u32(1);
	put_option(4, 8);
	put_u64(7);
	put_option(0, 0);
	end(start);
}

static void put_statistics(uint64_t dropped)
{
	size_t start = begin(5);

	put_u32(0);
	put_u64(0);
	put_option(5, 8);
	put_u64(dropped);
	end(start);
}

/* Where things are in it */
#define SECTION		0
#define INTERFACE	28
#define UNIT		48
#define PACKET		72
#define STATISTICS	144

static void make_file(bool swapped)
{
	file.size = 0;
	file.swapped = swapped;
	put_section();
	put_interface(147, 9, 0);
	ck_assert_uint_eq(file.size, PACKET);
	put_packet(0, 123456789012345);
	ck_assert_uint_eq(file.size, STATISTICS);
	put_statistics(9);
}

static struct pcapng_reader *reader;
static struct pcapng_packet packet;
static FILE *in;

static void open_bytes(const void *bytes, size_t size)
{
	/* fmemopen() makes no empty ones. */
	in = size ? fmemopen((void *)(uintptr_t)bytes, size, "r") : tmpfile();
	ck_assert_ptr_nonnull(in);
	reader = pcapng_open(in);
	ck_assert_ptr_nonnull(reader);
}

static void close_file(void)
{
	pcapng_close(reader);
	fclose(in);
}

static void ck_refuses(const char *why)
{
	int found;

	open_bytes(file.bytes, file.size);
	do
		found = pcapng_read(reader, &packet);
	while (found > 0);
	ck_assert_int_eq(found, -EBADMSG);
	ck_assert_msg(strstr(pcapng_error(reader), why) != NULL,
		      "'%s' lacks '%s'", pcapng_error(reader), why);
	close_file();
}

/* Writing */

START_TEST(what_is_written_is_read_back)
{
	const struct pcapng_packet written[] = {
		{ .direction = PCAPNG_OUTBOUND, .time_ns = 1795334964123456789,
		  .size = 5, .bytes = (const uint8_t *)"hello" },
		{ .direction = PCAPNG_INBOUND, .time_ns = UINT64_MAX,
		  .dropped = UINT64_MAX, .size = 0,
		  .bytes = (const uint8_t *)"" },
	};
	struct text text;

	text_open(&text);
	ck_assert_int_eq(pcapng_begin(text.out, "host:/tmp/h", 147), 0);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(pcapng_write(text.out, &written[i]), 0);
	ck_assert_int_eq(pcapng_end(text.out, &(struct pcapng_totals){
				.received = 4, .dropped = 2 }), 0);
	text_read(&text);
	open_bytes(text.bytes, text.size);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(pcapng_read(reader, &packet), 1);
		ck_assert_uint_eq(packet.link_type, 147);
		ck_assert_int_eq(packet.direction, written[i].direction);
		ck_assert(packet.time_ns == written[i].time_ns);
		ck_assert(packet.dropped == written[i].dropped);
		ck_assert_uint_eq(packet.size, written[i].size);
		ck_assert_mem_eq(packet.bytes, written[i].bytes,
				 written[i].size);
	}
	ck_assert_int_eq(pcapng_read(reader, &packet), 0);
	ck_assert_uint_eq(pcapng_dropped(reader), 2);
	close_file();
	text_close(&text);
}
END_TEST

START_TEST(a_packet_of_the_largest_size_is_written_and_none_above)
{
	static const uint8_t bytes[PCAPNG_WRITTEN_MAX + 1];
	struct pcapng_packet large = { .bytes = bytes, .dropped = 1 };
	struct text text;

	text_open(&text);
	large.size = PCAPNG_WRITTEN_MAX;
	ck_assert_int_eq(pcapng_write(text.out, &large), 0);
	large.size++;
	ck_assert_int_eq(pcapng_write(text.out, &large), -EMSGSIZE);
	text_close(&text);
}
END_TEST

START_TEST(a_full_disk_is_noticed)
{
	FILE *full = fopen("/dev/full", "w");

	ck_assert_ptr_nonnull(full);
	setvbuf(full, NULL, _IONBF, 0);
	ck_assert_int_eq(pcapng_begin(full, "x", 147), -ENOSPC);
	fclose(full);
}
END_TEST

START_TEST(an_interface_s_name_may_be_long)
{
	struct text text;
	char name[2000];

	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	text_open(&text);
	ck_assert_int_eq(pcapng_begin(text.out, name, 147), 0);
	text_read(&text);
	open_bytes(text.bytes, text.size);
	ck_assert_int_eq(pcapng_read(reader, &packet), 0);
	close_file();
	text_close(&text);
}
END_TEST

/* Reading */

START_TEST(both_byte_orders_are_read)
{
	make_file(_i);
	open_bytes(file.bytes, file.size);
	ck_assert_int_eq(pcapng_read(reader, &packet), 1);
	ck_assert_uint_eq(packet.link_type, 147);
	ck_assert_uint_eq(packet.size, 5);
	ck_assert_mem_eq(packet.bytes, "hello", 5);
	ck_assert_int_eq(packet.direction, PCAPNG_INBOUND);
	ck_assert_uint_eq(packet.dropped, 7);
	ck_assert_uint_eq(packet.time_ns, 123456789012345);
	ck_assert_int_eq(pcapng_read(reader, &packet), 0);
	ck_assert_uint_eq(pcapng_dropped(reader), 9);
	ck_assert_str_eq(pcapng_error(reader), "");
	close_file();
}
END_TEST

START_TEST(sections_have_interfaces_and_byte_orders_of_their_own)
{
	make_file(true);
	file.swapped = false;
	put_section();
	put_interface(1, 6, 0);
	put_interface(147, 6, 0);
	put_packet(1, 1);
	put_packet(0, 1);
	put_statistics(2);
	open_bytes(file.bytes, file.size);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(pcapng_read(reader, &packet), 1);
		ck_assert_uint_eq(packet.link_type, i < 2 ? 147 : 1);
		ck_assert_uint_eq(packet.dropped, 7);
	}
	ck_assert_int_eq(pcapng_read(reader, &packet), 0);
	ck_assert_uint_eq(pcapng_dropped(reader), 11);
	close_file();
}
END_TEST

START_TEST(a_section_does_not_know_interfaces_of_the_one_before)
{
	make_file(false);
	put_section();
	put_packet(0, 1);
	ck_refuses("a packet of interface 0, of 0");
}
END_TEST

START_TEST(blocks_that_nobody_knows_are_left_out)
{
	size_t start;

	make_file(false);
	start = begin(0x80000bad);
	put_u32(1);
	end(start);
	start = begin(3);
	end(start);
	put_packet(0, 2);
	open_bytes(file.bytes, file.size);
	ck_assert_int_eq(pcapng_read(reader, &packet), 1);
	ck_assert_int_eq(pcapng_read(reader, &packet), 1);
	ck_assert_int_eq(pcapng_read(reader, &packet), 0);
	close_file();
}
END_TEST

/* 10 to the power of minus so much; with 0x80, 2. */
static const struct {
	uint8_t unit;
	int64_t offset_s;
	uint64_t ticks, time_ns;
} times[] = {
	{ 0, 0, 3, 3000000000 },
	{ 6, 0, 1500, 1500000 },
	{ 9, 0, 1500, 1500 },
	{ 12, 0, 1500000, 1500 },
	{ 18, 0, 1000000000000000000, 1000000000 },
	{ 0x80, 0, 3, 3000000000 },
	{ 0x80 + 10, 0, 1536, 1500000000 },
	{ 0x80 + 63, 0, UINT64_C(1) << 63, 1000000000 },
	{ 9, 1000, 5, 1000000000005 },
	{ 9, -1, 1000000005, 5 },
	{ 9, 0, UINT64_MAX, UINT64_MAX },
};

START_TEST(times_come_in_the_units_of_their_interface)
{
	make_file(false);
	file.size = INTERFACE;
	put_interface(147, times[_i].unit, (uint64_t)times[_i].offset_s);
	put_packet(0, times[_i].ticks);
	open_bytes(file.bytes, file.size);
	ck_assert_int_eq(pcapng_read(reader, &packet), 1);
	ck_assert(packet.time_ns == times[_i].time_ns);
	close_file();
}
END_TEST

static const struct {
	uint8_t unit;
	int64_t offset_s;
	uint64_t ticks;
	const char *why;
} bad_times[] = {
	{ 9, -1, 999999999, "a packet before 1970" },
	{ 9, 1, UINT64_MAX, "after 2554" },
	{ 0, 0, UINT64_MAX, "after 2554" },
	{ 9, INT64_MAX, UINT64_MAX, "after 2554" },
	{ 9, INT64_MIN, 0, "a packet before 1970" },
	{ 19, 0, 0, "times in an unknown unit, 0x13" },
	{ 0xc0, 0, 0, "times in an unknown unit, 0xc0" },
};

START_TEST(times_that_are_none_are_refused)
{
	make_file(false);
	file.size = INTERFACE;
	put_interface(147, bad_times[_i].unit, (uint64_t)bad_times[_i].offset_s);
	put_packet(0, bad_times[_i].ticks);
	ck_refuses(bad_times[_i].why);
}
END_TEST

/* One word that is wrong, at an offset. */
static const struct {
	size_t offset;
	uint32_t value;
	const char *why;
} damage[] = {
	{ SECTION, 0x38464947, "at byte 0: not a pcapng file" },
	{ SECTION, 6, "at byte 0: not a pcapng file" },
	{ SECTION, 0xa1b2c3d4, "a pcap file: 'editcap" },
	{ SECTION, 0xd4c3b2a1, "a pcap file: 'editcap" },
	{ SECTION, 0xa1b23c4d, "a pcap file: 'editcap" },
	{ SECTION + 4, 12, "a block of 12 bytes" },
	{ SECTION + 4, 16, "a block's two lengths differ" },
	{ SECTION + 8, 0x1a2b3c4e, "a section without a byte order" },
	{ SECTION + 12, 0x00020002, "version 2 of the format; 1 is known" },
	{ INTERFACE + 4, 0, "at byte 28: a block of 0 bytes" },
	{ INTERFACE + 4, 8, "a block of 8 bytes" },
	{ INTERFACE + 4, 45, "a block of 45 bytes" },
	{ INTERFACE + 4, 0x40004, "a block of 262148 bytes, over 262144" },
	{ INTERFACE + 4, 0xfffffffc, "a block of 4294967292 bytes, over" },
	{ INTERFACE + 40, 48, "a block's two lengths differ" },
	{ PACKET + 8, 1, "at byte 72: a packet of interface 1, of 1" },
	{ PACKET + 8, 0xffffffff, "a packet of interface 4294967295, of 1" },
	{ PACKET + 20, 41, "a packet longer than its block" },
	{ PACKET + 20, 0xffffffff, "a packet longer than its block" },
	{ PACKET + 36, 0x01900190, "options longer than their block" },
	{ STATISTICS + 4, 0x20000, "the file ends in the midst of a block" },
	{ STATISTICS + 20, 0x01900190, "options longer than their block" },
};

START_TEST(each_damage_is_named_in_either_byte_order)
{
	for (int swapped = 0; swapped < 2; swapped++) {
		make_file(swapped);
		set_u32(damage[_i].offset, damage[_i].value);
		ck_refuses(damage[_i].why);
	}
}
END_TEST

/* Blocks of so many bytes are too short for what they are. */
static const struct {
	uint32_t type;
	size_t size;
	const char *why;
} short_blocks[] = {
	{ 1, 7, "an interface of 4 bytes" },
	{ 6, 19, "a packet's block of 16 bytes" },
	{ 5, 11, "statistics of 8 bytes" },
};

START_TEST(a_block_too_short_for_its_kind_is_refused)
{
	size_t start;

	make_file(false);
	start = begin(short_blocks[_i].type);
	for (size_t i = 0; i < short_blocks[_i].size / 4; i++)
		put_u32(0);
	end(start);
	ck_refuses(short_blocks[_i].why);
}
END_TEST

START_TEST(a_section_with_half_a_head_is_refused)
{
	size_t start;

	file.size = 0;
	start = begin(0x0a0d0d0a);
	put_u32(0x1a2b3c4d);
	put_u32(1);
	end(start);
	ck_refuses("a section's head of 8 bytes");
}
END_TEST

START_TEST(an_option_s_head_does_not_reach_beyond_its_block)
{
	size_t start;

	make_file(false);
	start = begin(1);
	put_u32(147);
	put_u32(0);
	put_option(14, 8);
	end(start);
	ck_refuses("options longer than their block");
}
END_TEST

START_TEST(interfaces_are_bounded)
{
	make_file(false);
	for (int i = 0; i < 255; i++)
		put_interface(147, 9, 0);
	open_bytes(file.bytes, file.size);
	ck_assert_int_eq(pcapng_read(reader, &packet), 1);
	ck_assert_int_eq(pcapng_read(reader, &packet), 0);
	close_file();
	put_interface(147, 9, 0);
	ck_refuses("more than 256 interfaces");
}
END_TEST

START_TEST(a_file_cut_anywhere_is_whole_up_to_there)
{
	int found;

	make_file(_i);
	for (size_t size = 0; size < file.size; size++) {
		open_bytes(file.bytes, size);
		found = pcapng_read(reader, &packet);
		ck_assert_int_eq(found > 0, size >= STATISTICS);
		if (found > 0)
			found = pcapng_read(reader, &packet);
		ck_assert_int_eq(found, size == INTERFACE || size == PACKET ||
						size == STATISTICS ?
					0 : -EBADMSG);
		close_file();
	}
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_no_damage)
{
	in = fopen("/", "r");
	ck_assert_ptr_nonnull(in);
	reader = pcapng_open(in);
	ck_assert_int_eq(pcapng_read(reader, &packet), -EISDIR);
	ck_assert_str_eq(pcapng_error(reader), "");
	close_file();
}
END_TEST

Suite *pcapng_suite(void)
{
	Suite *suite = suite_create("pcapng");
	TCase *writing = tcase_create("writing");
	TCase *reading = tcase_create("reading");
	TCase *refusals = tcase_create("refusals");

	suite_add_tcase(suite, writing);
	tcase_add_test(writing, what_is_written_is_read_back);
	tcase_add_test(writing,
		       a_packet_of_the_largest_size_is_written_and_none_above);
	tcase_add_test(writing, a_full_disk_is_noticed);
	tcase_add_test(writing, an_interface_s_name_may_be_long);

	suite_add_tcase(suite, reading);
	tcase_add_loop_test(reading, both_byte_orders_are_read, 0, 2);
	tcase_add_test(reading,
		       sections_have_interfaces_and_byte_orders_of_their_own);
	tcase_add_test(reading, blocks_that_nobody_knows_are_left_out);
	tcase_add_loop_test(reading, times_come_in_the_units_of_their_interface,
			    0, ROWS(times));

	suite_add_tcase(suite, refusals);
	tcase_add_test(refusals,
		       a_section_does_not_know_interfaces_of_the_one_before);
	tcase_add_loop_test(refusals, times_that_are_none_are_refused, 0,
			    ROWS(bad_times));
	tcase_add_loop_test(refusals, each_damage_is_named_in_either_byte_order,
			    0, ROWS(damage));
	tcase_add_loop_test(refusals, a_block_too_short_for_its_kind_is_refused,
			    0, ROWS(short_blocks));
	tcase_add_test(refusals, a_section_with_half_a_head_is_refused);
	tcase_add_test(refusals,
		       an_option_s_head_does_not_reach_beyond_its_block);
	tcase_add_test(refusals, interfaces_are_bounded);
	tcase_add_loop_test(refusals, a_file_cut_anywhere_is_whole_up_to_there,
			    0, 2);
	tcase_add_test(refusals, a_file_that_cannot_be_read_is_no_damage);
	return suite;
}
