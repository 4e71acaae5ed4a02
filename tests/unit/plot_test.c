// SPDX-License-Identifier: MIT
/* hvpost plot, in this process; and what stands in its pictures. */
#include "command.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_file.h"
#include "captured.h"
#include "chart.h"
#include "suites.h"
#include "svg.h"
#include "text.h"

static char path[] = "/tmp/hvpost-plot-XXXXXX";
static struct capture_writer writer;
static FILE *file;

static void create_file(void)
{
	int fd;

	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	file = fdopen(fd, "w");
	ck_assert_int_eq(capture_begin(&writer, file, "test"), 0);
}

static void remove_file(void)
{
	fclose(file);
	unlink(path);
}

static void add(enum sighting_kind kind, uint64_t time_us, uint64_t duration_us,
		uint32_t status)
{
	struct sighting sighting = sighting_new(kind, SIGHTING_BY_DRIVER);

	sighting.time_ns = 1795334964000000000 + time_us * 1000;
	if (duration_us)
		sighting.duration_ns = duration_us * 1000;
	sighting.status = status;
	sighting.sint = kind == SIGHTING_SLOT ? 6 : SIGHTING_NONE;
	sighting.connection_id = kind == SIGHTING_POST ? 0x10 : SIGHTING_NONE;
	ck_assert_int_eq(capture_write(&writer, &sighting), 0);
}

/* A post takes 10 us, or 100; half as many slots come. */
static void add_traffic(void)
{
	for (uint64_t i = 0; i < 100; i++) {
		add(SIGHTING_POST, 1000 * i, i % 10 ? 10 : 100, 0);
		if (i % 2)
			add(SIGHTING_SLOT, 1000 * i + 50, 0, SIGHTING_NONE);
	}
}

static int plot(const char *options)
{
	char line[512];

	fflush(file);
	snprintf(line, sizeof(line), "%s%s", path, options);
	return run(&command_plot, line);
}

#define ck_contains(text) \
	ck_assert_msg(strstr(out, text) != NULL, "no '%s'", text)

START_TEST(a_picture_says_what_is_in_it)
{
	add_traffic();
	ck_assert_int_eq(plot(" --title Traffic"), EXIT_DONE);
	ck_assert_str_eq(complaint, "");
	ck_assert_int_eq(strncmp(out, "<svg xmlns=\"http://www.w3.org/2000/svg\"",
				 39), 0);
	ck_contains("<title id=\"title\">Traffic</title>");
	ck_contains("Within 99 ms: 100 posts; 50 slots; post took 10 \u00b5s "
		    "in the median and 100 \u00b5s or less for 99 of 100.");
	ck_contains(">post: 100, median 10 \u00b5s, p99 100 \u00b5s</text>");
	ck_contains(">posts</text>");
	ck_contains(">slots</text>");
	ck_contains(">latency (logarithmic); long dashes: median, short ones: "
		    "p99</text>");
	ck_contains("@media(prefers-color-scheme:dark)");
	ck_assert_str_eq(out + strlen(out) - 7, "</svg>\n");
	ck_assert_ptr_null(strstr(out, ">EOMs</text>"));
	ck_assert_ptr_null(strstr(out, "nan"));
	ck_assert_ptr_null(strstr(out, "inf"));
}
END_TEST

/* LEFT is 116, RIGHT 892: two decades from 10 us to 1 ms... */
START_TEST(things_are_where_their_scale_has_them)
{
	add(SIGHTING_POST, 0, 10, 0);
	add(SIGHTING_POST, 5000, 100, 0);
	add(SIGHTING_POST, 10000, 1000, 0);
	ck_assert_int_eq(plot(""), EXIT_DONE);
	ck_contains("x=\"116.0\" y=\"291.0\" text-anchor=\"middle\">10 "
		    "\u00b5s</text>");
	ck_contains("x=\"504.0\" y=\"291.0\" text-anchor=\"middle\">100 "
		    "\u00b5s</text>");
	ck_contains("x=\"892.0\" y=\"291.0\" text-anchor=\"middle\">1 ms</text>");
	/* Of one each, each is as high as the plot. */
	ck_contains("<path class=\"blue area\" d=\"M 116.0 272.0 116.0 272.0 "
		    "116.0 112.0 140.2 112.0 140.2 272.0 504.0 272.0 504.0 "
		    "112.0 528.2 112.0 528.2 272.0 867.8 272.0 867.8 112.0 "
		    "892.0 112.0 892.0 272.0\"/>");
	/* 10 ms in 194 bars, 4 wide, 44 high */
	ck_contains("<path class=\"blue area\" d=\"M 116.0 406.0 116.0 406.0 "
		    "116.0 362.0 120.0 362.0 120.0 406.0 504.0 406.0 504.0 "
		    "362.0 508.0 362.0 508.0 406.0 888.0 406.0 888.0 362.0 "
		    "892.0 362.0 892.0 406.0\"/>");
}
END_TEST

START_TEST(one_sighting_is_a_picture)
{
	add(SIGHTING_EOM, 5, 0, SIGHTING_NONE);
	ck_assert_int_eq(plot(""), EXIT_DONE);
	ck_contains("Nothing in this capture says how long it took.");
	ck_contains(">EOMs</text>");
	ck_assert_ptr_null(strstr(out, "nan"));
}
END_TEST

START_TEST(a_title_cannot_become_markup)
{
	add(SIGHTING_EOM, 5, 0, SIGHTING_NONE);
	ck_assert_int_eq(plot(" --title <script>&\"\1"), EXIT_DONE);
	ck_contains("<title id=\"title\">&lt;script&gt;&amp;&quot; </title>");
	ck_assert_ptr_null(strstr(out, "<script"));
}
END_TEST

#define NONE "\ufffd"

static const struct {
	const char *title, *shown;
} titles[] = {
	{ "\u00b5\u20ac\U0001f600", "\u00b5\u20ac\U0001f600" },
	{ "caf\xe9", "caf" NONE },
	{ "\xe9t\xe9", NONE "t" NONE },
	{ "\xff\xfe", NONE NONE },
	{ "\xc0\xaf", NONE NONE },		/* too long for what it is */
	{ "\xed\xa0\x80", NONE NONE NONE },	/* half of a pair */
	{ "\xf4\x90\x80\x80", NONE NONE NONE NONE },	/* beyond the last */
	{ "\xef\xbf\xbf", NONE NONE NONE },
	{ "\xf0\x9f\x98", NONE NONE NONE },
	{ "\x80\x80", NONE NONE },
};

START_TEST(a_title_of_other_bytes_is_still_text)
{
	char options[64], shown[64];

	add(SIGHTING_EOM, 5, 0, SIGHTING_NONE);
	snprintf(options, sizeof(options), " --title %s", titles[_i].title);
	snprintf(shown, sizeof(shown), "<title id=\"title\">%s</title>",
		 titles[_i].shown);
	ck_assert_int_eq(plot(options), EXIT_DONE);
	ck_contains(shown);
}
END_TEST

START_TEST(a_long_title_without_a_character_is_nothing)
{
	char options[128] = " --title ";

	add(SIGHTING_EOM, 5, 0, SIGHTING_NONE);
	memset(options + strlen(options), 0x80, 100);
	ck_assert_int_eq(plot(options), EXIT_DONE);
	ck_contains(">\u2026</text>");
}
END_TEST

START_TEST(a_title_ends_where_there_is_no_room)
{
	add(SIGHTING_EOM, 5, 0, SIGHTING_NONE);
	/* The 83rd byte is the first half of a character. */
	ck_assert_int_eq(plot(" --title "
			      "1234567890123456789012345678901234567890"
			      "1234567890123456789012345678901234567890"
			      "12\u00b5s,and_more"),
			 EXIT_DONE);
	ck_contains("<title id=\"title\">12345678901234567890");
	ck_contains("12\u00b5s,and_more</title>");
	ck_contains(">1234567890123456789012345678901234567890"
		    "1234567890123456789012345678901234567890"
		    "12\u2026</text>");
}
END_TEST

START_TEST(what_is_hardly_anything_is_seen)
{
	for (int i = 0; i < 1000; i++)
		add(SIGHTING_POST, 0, 10, 0);
	add(SIGHTING_POST, 10000, 10, HV_STATUS_INSUFFICIENT_BUFFERS);
	ck_assert_int_eq(plot(""), EXIT_DONE);
	/* 2 of a lane's 44 */
	ck_contains("<path class=\"red area\" d=\"M 888.0 460.0 888.0 460.0 "
		    "888.0 458.0 892.0 458.0 892.0 460.0\"/>");
}
END_TEST

START_TEST(a_mark_at_the_edge_is_read_whole)
{
	add(SIGHTING_POST, 0, 10, 0);
	add(SIGHTING_POST, 400000000000, 10, 0);
	ck_assert_int_eq(plot(""), EXIT_DONE);
	ck_contains("text-anchor=\"middle\">300,000 s</text>");
	ck_contains("x=\"918.0\" y=\"425.0\" text-anchor=\"end\">400,000 s"
		    "</text>");
}
END_TEST

START_TEST(a_picture_goes_into_a_file)
{
	char options[96], svg[64], begin[6] = "";
	FILE *in;

	add_traffic();
	snprintf(svg, sizeof(svg), "%s.svg", path);
	snprintf(options, sizeof(options), " --output %s", svg);
	ck_assert_int_eq(plot(options), EXIT_DONE);
	ck_assert_str_eq(out, "");
	in = fopen(svg, "r");
	ck_assert_ptr_nonnull(in);
	ck_assert_uint_eq(fread(begin, 1, 5, in), 5);
	ck_assert_str_eq(begin, "<svg ");
	fclose(in);
	unlink(svg);
}
END_TEST

START_TEST(a_picture_stays_small_however_much_there_is)
{
	for (uint64_t i = 0; i < 20000; i++) {
		add(SIGHTING_POST, i * i % 99991, 1 + i % 5000, 0);
		add(SIGHTING_SLOT, i * i % 99989, 0, SIGHTING_NONE);
	}
	ck_assert_int_eq(plot(""), EXIT_DONE);
	ck_assert_uint_lt(strlen(out), 40000);
}
END_TEST

START_TEST(json_has_the_numbers)
{
	struct json_object *object, *counts, *post;

	add_traffic();
	add(SIGHTING_POST, 1, 1, HV_STATUS_INSUFFICIENT_BUFFERS);
	ck_assert_int_eq(plot(" --json"), EXIT_DONE);
	object = parse_last_line();
	counts = json_object_object_get(object, "counts");
	ck_assert_str_eq(json_text(object, "duration_ns"), "99050000");
	ck_assert_str_eq(json_text(counts, "posts"), "100");
	ck_assert_str_eq(json_text(counts, "refused"), "1");
	ck_assert_str_eq(json_text(counts, "slots"), "50");
	ck_assert_str_eq(json_text(counts, "eoms"), "0");
	post = json_object_object_get(
		json_object_object_get(object, "latencies"), "post");
	ck_assert_str_eq(json_text(post, "count"), "100");
	ck_assert_str_eq(json_text(post, "median_ns"), "10000");
	ck_assert_str_eq(json_text(post, "max_ns"), "100000");
	json_object_put(object);
}
END_TEST

START_TEST(only_what_is_wanted_is_drawn)
{
	add_traffic();
	ck_assert_int_eq(plot(" --sint 6"), EXIT_DONE);
	ck_assert_ptr_null(strstr(out, ">posts</text>"));
	ck_contains(">slots</text>");
}
END_TEST

/* A message with payload @i, by everybody who is on its way. */
static void add_seen_by_all(uint64_t i)
{
	static const struct {
		enum sighting_kind kind;
		enum sighting_source source;
	} all[] = {
		{ SIGHTING_POST, SIGHTING_BY_HOST },
		{ SIGHTING_DELIVER, SIGHTING_BY_HOST },
		{ SIGHTING_POST, SIGHTING_BY_DRIVER },
		{ SIGHTING_POST, SIGHTING_BY_LIBRARY },
		{ SIGHTING_SLOT, SIGHTING_BY_DRIVER },
		{ SIGHTING_SLOT, SIGHTING_BY_LIBRARY },
		{ SIGHTING_INTERRUPT, SIGHTING_BY_KVM },
	};

	for (size_t j = 0; j < ROWS(all); j++) {
		struct sighting one = sighting_new(all[j].kind, all[j].source);

		one.time_ns = 1795334964000000000 + 1000000 * i + 1000 * j;
		one.status = HV_STATUS_SUCCESS;
		one.message_type = 1;
		one.payload_size = one.payload_captured = sizeof(i);
		memcpy(one.payload, &i, sizeof(i));
		if (one.kind == SIGHTING_POST)
			one.duration_ns = 1000 * (j + 1);
		ck_assert_int_eq(capture_write(&writer, &one), 0);
	}
}

static const struct {
	const char *options, *posts, *delivered, *slots, *trips, *trip_ns;
	const char *left_out, *complaint;
} witnesses[] = {
	{ " --json", "5", "5", "5", "5", "6000", "15",
	  "left out, seen by other sources: 10 by hvpost.ko, 5 by libhvhost; "
	  "--source takes one of these\n" },
	{ " --json --source hvpost.ko", "5", "0", "5", "5", "5000", "20",
	  "left out, seen by other sources: 10 by libhvpost, 10 by libhvhost; "
	  "--source takes one of these\n" },
	{ " --json --source libhvhost", "5", "5", "0", "5", "2000", "20",
	  "left out, seen by other sources: 10 by hvpost.ko, 10 by libhvpost; "
	  "--source takes one of these\n" },
};

START_TEST(what_several_saw_counts_once)
{
	struct json_object *object, *counts, *trip;

	for (uint64_t i = 0; i < 5; i++)
		add_seen_by_all(i);
	ck_assert_int_eq(plot(witnesses[_i].options), EXIT_DONE);
	object = parse_last_line();
	counts = json_object_object_get(object, "counts");
	trip = json_object_object_get(
		json_object_object_get(object, "latencies"), "trip");
	ck_assert_str_eq(json_text(counts, "posts"), witnesses[_i].posts);
	ck_assert_str_eq(json_text(counts, "delivered"),
			 witnesses[_i].delivered);
	ck_assert_str_eq(json_text(counts, "slots"), witnesses[_i].slots);
	ck_assert_str_eq(json_text(trip, "count"), witnesses[_i].trips);
	ck_assert_str_eq(json_text(trip, "median_ns"), witnesses[_i].trip_ns);
	ck_assert_str_eq(json_text(trip, "max_ns"), witnesses[_i].trip_ns);
	ck_assert_str_eq(json_text(object, "left_out"),
			 witnesses[_i].left_out);
	ck_assert_str_eq(complaint, witnesses[_i].complaint);
	json_object_put(object);
}
END_TEST

static const struct {
	const char *options, *why;
} failures[] = {
	{ "", "nothing in it can be drawn: no post, no slot, no EOM" },
	{ " --source me", "--source is hvpost.ko" },
	{ " --sint 99", "--sint takes a number" },
	{ "-not-there", "No such file or directory" },
	{ " --connection 5", "nothing in it can be drawn" },
};

START_TEST(what_cannot_be_drawn_is_told)
{
	if (_i)
		add_traffic();
	ck_assert_int_eq(plot(failures[_i].options), EXIT_LOCAL);
	ck_assert_msg(strstr(complaint, failures[_i].why) != NULL, "'%s'",
		      complaint);
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(a_picture_that_cannot_be_written_is_told)
{
	add_traffic();
	ck_assert_int_eq(plot(" --output /dev/full"), EXIT_LOCAL);
	ck_assert_ptr_nonnull(strstr(complaint, "/dev/full: No space left"));
	ck_assert_int_eq(plot(" --output /nonexistent/x"), EXIT_LOCAL);
	ck_assert_ptr_nonnull(strstr(complaint, "/nonexistent/x: No such"));
}
END_TEST

START_TEST(a_damaged_capture_is_not_drawn)
{
	add_traffic();
	fputs("rubbish", file);
	ck_assert_int_eq(plot(""), EXIT_LOCAL);
	ck_assert_ptr_nonnull(strstr(complaint, "in the midst of a block"));
}
END_TEST

Suite *plot_suite(void)
{
	Suite *suite = suite_create("plot");
	TCase *tcase = tcase_create("plot");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, create_file, remove_file);
	tcase_add_test(tcase, a_picture_says_what_is_in_it);
	tcase_add_test(tcase, things_are_where_their_scale_has_them);
	tcase_add_test(tcase, one_sighting_is_a_picture);
	tcase_add_test(tcase, a_title_cannot_become_markup);
	tcase_add_loop_test(tcase, a_title_of_other_bytes_is_still_text, 0,
			    ROWS(titles));
	tcase_add_test(tcase, a_long_title_without_a_character_is_nothing);
	tcase_add_test(tcase, a_title_ends_where_there_is_no_room);
	tcase_add_test(tcase, what_is_hardly_anything_is_seen);
	tcase_add_test(tcase, a_mark_at_the_edge_is_read_whole);
	tcase_add_test(tcase, a_picture_goes_into_a_file);
	tcase_add_test(tcase, a_picture_stays_small_however_much_there_is);
	tcase_add_test(tcase, json_has_the_numbers);
	tcase_add_test(tcase, only_what_is_wanted_is_drawn);
	tcase_add_loop_test(tcase, what_several_saw_counts_once, 0,
			    ROWS(witnesses));
	tcase_add_loop_test(tcase, what_cannot_be_drawn_is_told, 0,
			    ROWS(failures));
	tcase_add_test(tcase, a_picture_that_cannot_be_written_is_told);
	tcase_add_test(tcase, a_damaged_capture_is_not_drawn);
	return suite;
}
