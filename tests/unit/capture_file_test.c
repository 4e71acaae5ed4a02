// SPDX-License-Identifier: MIT
#include "capture_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pcapng.h"
#include "suites.h"

static char path[] = "/tmp/hvpost-capture-XXXXXX";
static FILE *out;
static struct capture_writer writer;
static struct capture_reader *reader;

static void create_file(void)
{
	int fd;

	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	out = fdopen(fd, "w");
	ck_assert_int_eq(capture_begin(&writer, out, "here"), 0);
}

static void remove_file(void)
{
	fclose(out);
	unlink(path);
}

static struct sighting sighting_at(uint64_t time_ns)
{
	struct sighting sighting = sighting_new(SIGHTING_SLOT,
						SIGHTING_BY_LIBRARY);

	sighting.time_ns = time_ns;
	sighting.sint = 6;
	sighting.payload_size = 2;
	sighting.payload_captured = 2;
	memcpy(sighting.payload, "hi", 2);
	return sighting;
}

static void write_at(uint64_t time_ns)
{
	const struct sighting sighting = sighting_at(time_ns);

	ck_assert_int_eq(capture_write(&writer, &sighting), 0);
}

static void write_foreign(uint16_t link_type, const char *text)
{
	if (link_type != PCAPNG_LINK_USER0)
		ck_assert_int_eq(pcapng_begin(out, "eth0", link_type), 0);
	ck_assert_int_eq(pcapng_write(out, &(struct pcapng_packet){
				.bytes = (const uint8_t *)text,
				.size = strlen(text) }), 0);
}

static void open_again(void)
{
	fflush(out);
	ck_assert_int_eq(capture_open(&reader, path), 0);
}

static void ck_reads(uint64_t time_ns, uint64_t dropped)
{
	const struct sighting expected = sighting_at(time_ns);
	struct sighting sighting;
	uint64_t lost;

	ck_assert_int_eq(capture_read(reader, &sighting, &lost), 1);
	ck_assert_mem_eq(&sighting, &expected,
			 offsetof(struct sighting, payload) +
				 sizeof(sighting.payload));
	ck_assert_uint_eq(lost, dropped);
}

static void ck_ends(int expected)
{
	struct sighting sighting;
	uint64_t lost;

	ck_assert_int_eq(capture_read(reader, &sighting, &lost), expected);
}

START_TEST(what_goes_in_comes_out_again)
{
	write_at(7);
	write_at(1795334964123456789);
	ck_assert_int_eq(capture_end(&writer), 0);
	ck_assert_uint_eq(writer.written, 2);
	open_again();
	ck_reads(7, 0);
	ck_reads(1795334964123456789, 0);
	ck_ends(0);
	ck_assert_uint_eq(capture_dropped(reader), 0);
	capture_close(reader);
}
END_TEST

START_TEST(what_was_lost_stands_where_and_at_the_end)
{
	write_at(1);
	capture_drop(&writer, 3);
	capture_drop(&writer, 1);
	write_at(2);
	write_at(3);
	capture_drop(&writer, 5);
	ck_assert_int_eq(capture_end(&writer), 0);
	open_again();
	ck_reads(1, 0);
	ck_reads(2, 4);
	ck_assert_uint_eq(capture_dropped(reader), 4);
	ck_reads(3, 0);
	ck_ends(0);
	ck_assert_uint_eq(capture_dropped(reader), 9);
	capture_close(reader);
}
END_TEST

START_TEST(a_file_without_an_end_has_lost_what_its_packets_say)
{
	capture_drop(&writer, 3);
	write_at(1);
	open_again();
	ck_reads(1, 3);
	ck_ends(0);
	ck_assert_uint_eq(capture_dropped(reader), 3);
	capture_close(reader);
}
END_TEST

START_TEST(packets_of_other_links_are_counted)
{
	write_at(1);
	write_foreign(1, "ethernet");
	open_again();
	ck_reads(1, 0);
	ck_ends(0);
	ck_assert_uint_eq(capture_foreign(reader), 1);
	capture_close(reader);
}
END_TEST

START_TEST(a_packet_that_is_no_sighting_is_named)
{
	struct failure failure;

	write_at(1);
	write_foreign(PCAPNG_LINK_USER0, "somebody else's");
	open_again();
	ck_reads(1, 0);
	ck_ends(-EBADMSG);
	failure = failure_of_capture(reader, "x.pcapng", -EBADMSG);
	ck_assert_str_eq(failure.text, "x.pcapng: packet 2 is none of "
				       "hvpost's: it is too short");
	ck_assert_str_eq(failure.code, "bad-capture");
	capture_close(reader);
}
END_TEST

START_TEST(a_damaged_file_is_named_with_the_place)
{
	struct failure failure;

	write_at(1);
	fputs("rubbish, of course", out);
	open_again();
	ck_reads(1, 0);
	ck_ends(-EBADMSG);
	failure = failure_of_capture(reader, "x.pcapng", -EBADMSG);
	ck_assert_ptr_nonnull(strstr(failure.text, "x.pcapng: at byte "));
	ck_assert_int_eq(failure.exit, EXIT_LOCAL);
	capture_close(reader);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named)
{
	struct failure failure;

	ck_assert_int_eq(capture_open(&reader, "/nonexistent"), -ENOENT);
	failure = failure_of_capture(NULL, "/nonexistent", -ENOENT);
	ck_assert_str_eq(failure.text,
			 "/nonexistent: No such file or directory");
}
END_TEST

START_TEST(a_full_disk_is_noticed_at_the_end_at_last)
{
	const struct sighting sighting = sighting_at(1);
	struct capture_writer lost;
	FILE *full = fopen("/dev/full", "w");

	ck_assert_ptr_nonnull(full);
	ck_assert_int_eq(capture_begin(&lost, full, "here"), 0);
	ck_assert_int_eq(capture_write(&lost, &sighting), 0);
	ck_assert_int_eq(capture_end(&lost), -ENOSPC);
	fclose(full);
}
END_TEST

Suite *capture_file_suite(void)
{
	Suite *suite = suite_create("capture file");
	TCase *tcase = tcase_create("file");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, create_file, remove_file);
	tcase_add_test(tcase, what_goes_in_comes_out_again);
	tcase_add_test(tcase, what_was_lost_stands_where_and_at_the_end);
	tcase_add_test(tcase,
		       a_file_without_an_end_has_lost_what_its_packets_say);
	tcase_add_test(tcase, packets_of_other_links_are_counted);
	tcase_add_test(tcase, a_packet_that_is_no_sighting_is_named);
	tcase_add_test(tcase, a_damaged_file_is_named_with_the_place);
	tcase_add_test(tcase, a_file_that_is_not_there_is_named);
	tcase_add_test(tcase, a_full_disk_is_noticed_at_the_end_at_last);
	return suite;
}
