// SPDX-License-Identifier: MIT
#include "top.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hvpost/hyperv.h>

#include "captured.h"
#include "suites.h"
#include "text.h"

static struct top_sample before, now;
static struct text text;

static void create_samples(void)
{
	memset(&before, 0, sizeof(before));
	memset(&now, 0, sizeof(now));
	before.time_ns = 1000000000;
	now.time_ns = 3000000000;
	text_open(&text);
}

static void close_text(void)
{
	text_close(&text);
}

static void add(struct top_sample *sample, enum top_kind kind, const char *name,
		uint64_t passed, uint64_t refused)
{
	struct top_row *row = top_row(sample, kind, name);

	row->passed = passed;
	row->refused = refused;
}

static const char *print(const struct top_sample *earlier)
{
	top_print(text.out, "title", earlier, &now);
	return text_read(&text);
}

#define ck_contains(line) \
	ck_assert_msg(strstr(text_read(&text), line) != NULL, \
		      "no '%s' in '%s'", line, text.bytes)

/* Printing */

START_TEST(a_rate_is_what_came_in_a_second)
{
	add(&before, TOP_CONNECTION, "web:0x10", 1000, 0);
	add(&now, TOP_CONNECTION, "web:0x10", 5000, 3);
	print(&before);
	ck_contains("title\n\nCONNECTION                  posted/s   "
		    "refused/s      posted     refused\n"
		    "web:0x10                       2,000         1.5       "
		    "5,000           3\n");
}
END_TEST

START_TEST(without_an_earlier_sample_there_is_no_rate)
{
	add(&now, TOP_CONNECTION, "web:0x10", 5000, 3);
	print(NULL);
	ck_contains("web:0x10                           -           -       "
		    "5,000           3\n");
}
END_TEST

START_TEST(what_is_new_began_at_nothing)
{
	add(&now, TOP_CONNECTION, "web:0x10", 100, 0);
	print(&before);
	ck_contains("web:0x10                          50 ");
}
END_TEST

START_TEST(what_began_anew_has_no_huge_rate)
{
	add(&before, TOP_CONNECTION, "web:0x10", 1000000, 0);
	add(&now, TOP_CONNECTION, "web:0x10", 100, 0);
	print(&before);
	ck_contains("web:0x10                          50 ");
}
END_TEST

START_TEST(busiest_come_first_then_names)
{
	const char *lines;

	add(&now, TOP_CONNECTION, "idle-b", 0, 0);
	add(&now, TOP_CONNECTION, "idle-a", 0, 0);
	add(&now, TOP_CONNECTION, "refused", 0, 50);
	add(&now, TOP_CONNECTION, "busy", 60, 0);
	lines = print(&before);
	ck_assert_ptr_nonnull(strstr(lines, "busy"));
	ck_assert(strstr(lines, "busy") < strstr(strstr(lines, "\nrefused"),
						 "refused"));
	ck_assert(strstr(lines, "\nrefused") < strstr(lines, "idle-a"));
	ck_assert(strstr(lines, "idle-a") < strstr(lines, "idle-b"));
}
END_TEST

/* It is anybody's who listens at that socket. */
START_TEST(a_name_does_not_command_the_terminal)
{
	add(&now, TOP_CONNECTION, "\033]0;pwned\a\x9b" "2J:0x10", 1, 0);
	print(NULL);
	ck_contains("\n?]0;pwned??2J:0x10                 -");
}
END_TEST

START_TEST(a_sint_shows_what_waits)
{
	struct top_row *row = top_row(&now, TOP_SINT, "app:5");

	row->passed = 40;
	row->queued = 16;
	row->occupied = 1;
	row->lost = 2;
	row->state = "stuck";
	print(&before);
	ck_contains("SINT                       arrived/s      queued slots "
		    "taken     arrived        lost\n"
		    "app:5                             20          16           "
		    "1          40           2 stuck\n");
}
END_TEST

START_TEST(what_nobody_counts_is_a_dash)
{
	struct top_row *row = top_row(&now, TOP_SINT, "all");

	row->queued = TOP_UNKNOWN;
	row->occupied = TOP_UNKNOWN;
	print(NULL);
	ck_contains("all                                -           -           "
		    "-           0           0\n");
}
END_TEST

START_TEST(posts_are_told_by_status)
{
	add(&before, TOP_STATUS, "INSUFFICIENT_BUFFERS", 1, 0);
	add(&now, TOP_STATUS, "INSUFFICIENT_BUFFERS", 5, 0);
	add(&now, TOP_STATUS, "other", 1, 0);
	print(&before);
	ck_contains("\nINSUFFICIENT_BUFFERS             2.0 ");
	ck_contains("\nother                            0.5 ");
}
END_TEST

START_TEST(what_is_not_known_is_said)
{
	print(&before);
	ck_contains("\nSTATUS                       posts/s       posts\n"
		    "not known here\n");
	ck_contains("\nnot measured: --ping makes round trips\n");
	ck_assert_ptr_null(strstr(text.bytes, "COUNTER"));
}
END_TEST

START_TEST(a_counter_that_nobody_keeps_has_no_rate)
{
	add(&before, TOP_COUNTER, "eoms", TOP_UNKNOWN, 0);
	add(&now, TOP_COUNTER, "eoms", TOP_UNKNOWN, 0);
	add(&now, TOP_COUNTER, "flags", 6, 0);
	print(&before);
	ck_contains("\neoms                               -           -\n");
	ck_contains("\nflags                            3.0           6\n");
}
END_TEST

START_TEST(latencies_are_in_microseconds)
{
	now.trips = (struct top_trips){ true, 7, 1, { 1, 20000, 300000, 4000 } };
	print(NULL);
	ck_contains("\nround trips                     20.0       300.0"
		    "         4.0           7           1\n");
}
END_TEST

START_TEST(without_an_echo_there_is_no_latency)
{
	now.trips = (struct top_trips){ .were_made = true, .lost = 1 };
	print(NULL);
	ck_contains("\nround trips                        -           -"
		    "           -           0           1\n");
}
END_TEST

START_TEST(without_an_earlier_sample_the_largest_come_first)
{
	const char *lines;

	add(&now, TOP_CONNECTION, "few", 3, 0);
	add(&now, TOP_CONNECTION, "many", 4, 0);
	lines = print(NULL);
	ck_assert(strstr(lines, "many") < strstr(lines, "few"));
}
END_TEST

START_TEST(more_rows_than_fit_are_counted)
{
	char name[16];

	for (unsigned int i = 0; i < TOP_ROWS_MAX + 3; i++) {
		snprintf(name, sizeof(name), "c%u", i);
		top_row(&now, TOP_CONNECTION, name);
	}
	ck_assert_uint_eq(now.count, TOP_ROWS_MAX);
	print(NULL);
	ck_contains("and 3 more, for which there is no room\n");
}
END_TEST

START_TEST(json_has_the_same)
{
	struct json_object *object, *row;
	struct top_row *sint;

	add(&before, TOP_CONNECTION, "web:0x10", 1000, 0);
	add(&now, TOP_CONNECTION, "web:0x10", 5000, 3);
	sint = top_row(&now, TOP_SINT, "all");
	sint->queued = TOP_UNKNOWN;
	add(&now, TOP_STATUS, "SUCCESS", 1, 0);
	now.trips = (struct top_trips){ true, 7, 1, { 1, 20, 300, 4000 } };
	top_print_json(text.out, "device", &before, &now);
	object = json_tokener_parse(text_read(&text));
	ck_assert_str_eq(json_text(object, "version"), "1");
	ck_assert_str_eq(json_text(object, "target"), "device");
	ck_assert_str_eq(json_text(object, "interval_ns"), "2000000000");
	row = json_object_array_get_idx(
		json_object_object_get(object, "connections"), 0);
	ck_assert_str_eq(json_text(row, "name"), "web:0x10");
	ck_assert_str_eq(json_text(row, "posted_per_s"), "2000.0");
	ck_assert_str_eq(json_text(row, "refused"), "3");
	row = json_object_array_get_idx(json_object_object_get(object, "sints"),
					0);
	ck_assert_ptr_null(json_text(row, "queued"));
	ck_assert_str_eq(json_text(row, "occupied"), "0");
	row = json_object_array_get_idx(
		json_object_object_get(object, "statuses"), 0);
	ck_assert_str_eq(json_text(row, "name"), "SUCCESS");
	ck_assert_str_eq(json_text(row, "posts"), "1");
	row = json_object_object_get(object, "latency");
	ck_assert_str_eq(json_text(row, "received"), "7");
	ck_assert_str_eq(json_text(row, "lost"), "1");
	ck_assert_str_eq(json_text(row, "median_ns"), "20");
	ck_assert_str_eq(json_text(row, "p99_ns"), "300");
	json_object_put(object);
}
END_TEST

/* Hosts */

static const char inspection[] =
	"{\"partitions\":["
	"{\"name\":\"web\",\"connections\":[{\"id\":16,\"posted\":7,\"refused\":2}]},"
	"{\"name\":\"app\",\"vps\":["
	"{\"index\":0,\"refused\":[{\"status\":19,\"name\":\"INSUFFICIENT_BUFFERS\","
	"\"posts\":5}],\"sints\":[{\"sint\":5,\"queued\":3,\"occupied\":true,"
	"\"stuck\":false}]},"
	"{\"index\":1,\"refused\":[{\"status\":19,\"name\":\"INSUFFICIENT_BUFFERS\","
	"\"posts\":8},{\"status\":24,\"name\":\"INVALID_SYNIC_STATE\",\"posts\":2}],"
	"\"sints\":[{\"sint\":5,\"queued\":4,\"occupied\":true,"
	"\"stuck\":true}]}],"
	"\"ports\":[{\"type\":\"message\",\"sint\":5,\"delivered\":6,\"lost\":1},"
	"{\"type\":\"event\",\"sint\":5,\"delivered\":99}]}]}";

START_TEST(a_host_s_sint_is_the_sum_of_its_vps_and_ports)
{
	struct json_object *object = json_tokener_parse(inspection);
	const struct top_row *row;

	ck_assert_ptr_nonnull(object);
	top_read_inspection(object, &now);
	json_object_put(object);
	ck_assert_uint_eq(now.count, 4);
	row = top_row(&now, TOP_CONNECTION, "web:0x10");
	ck_assert_uint_eq(row->passed, 7);
	ck_assert_uint_eq(row->refused, 2);
	row = top_row(&now, TOP_SINT, "app:5");
	ck_assert_uint_eq(row->passed, 6);
	ck_assert_uint_eq(row->lost, 1);
	ck_assert_uint_eq(row->queued, 7);
	ck_assert_uint_eq(row->occupied, 2);
	ck_assert_str_eq(row->state, "stuck");
	ck_assert_uint_eq(now.count, 4);
}
END_TEST

/* As long as names may be */
#define LONG_NAME \
	"webserver-frontend-production-of-the-whole-european-region-eu-"

static const char long_names[] =
	"{\"partitions\":["
	"{\"name\":\"" LONG_NAME "1\",\"ports\":[{\"type\":\"message\","
	"\"sint\":5,\"delivered\":1}]},"
	"{\"name\":\"" LONG_NAME "2\",\"ports\":[{\"type\":\"message\","
	"\"sint\":5,\"delivered\":3}]}]}";

START_TEST(partitions_with_long_names_are_not_added_up)
{
	struct json_object *object = json_tokener_parse(long_names);

	top_read_inspection(object, &now);
	json_object_put(object);
	ck_assert_uint_eq(now.count, 2);
	ck_assert_uint_eq(top_row(&now, TOP_SINT, LONG_NAME "1:5")->passed, 1);
	ck_assert_uint_eq(top_row(&now, TOP_SINT, LONG_NAME "2:5")->passed, 3);
}
END_TEST

START_TEST(a_host_s_refusals_are_the_sum_of_all_vps)
{
	struct json_object *object = json_tokener_parse(inspection);

	ck_assert(!now.has_statuses);
	top_read_inspection(object, &now);
	json_object_put(object);
	ck_assert(now.has_statuses);
	ck_assert_uint_eq(
		top_row(&now, TOP_STATUS, "INSUFFICIENT_BUFFERS")->passed, 13);
	ck_assert_uint_eq(
		top_row(&now, TOP_STATUS, "INVALID_SYNIC_STATE")->passed, 2);
}
END_TEST

START_TEST(no_refusal_is_told_from_none_that_is_known)
{
	print(NULL);
	ck_contains("not known here\n");
	now.has_statuses = true;
	print(NULL);
	ck_contains("STATUS                       posts/s       posts\nnone\n");
}
END_TEST

static const char *const odd[] = {
	"{\"partitions\":[{\"vps\":[{\"refused\":7},{\"refused\":[null,5]},[]]}]}",
	"{}",
	"[]",
	"{\"partitions\":5}",
	"{\"partitions\":[5,null,{\"name\":null,\"vps\":{},\"ports\":[[]]}]}",
};

START_TEST(an_odd_answer_is_an_empty_sample_at_worst)
{
	struct json_object *object = json_tokener_parse(odd[_i]);

	ck_assert_ptr_nonnull(object);
	top_read_inspection(object, &now);
	ck_assert_uint_le(now.count, 1);
	json_object_put(object);
}
END_TEST

START_TEST(a_host_that_is_not_there_is_told)
{
	struct top_host host = { .socket = "/nonexistent/socket" };
	struct failure failure;

	ck_assert_int_eq(top_take_host(&host, &now, &failure), EXIT_LOCAL);
	ck_assert_str_eq(failure.text, "hvhost at /nonexistent/socket: No such "
				       "file or directory");
	ck_assert_str_eq(failure.code, "no-host");
}
END_TEST

/* Embedded hosts */

static struct json_object *first_of(struct json_object *object, const char *key)
{
	return json_object_array_get_idx(json_object_object_get(object, key), 0);
}

START_TEST(round_trips_are_all_that_an_embedded_host_has)
{
	struct json_object *object, *row;

	ck_assert_int_eq(run(&command_top, "--once --json --interval 0 "
					   "--target embedded"), EXIT_DONE);
	object = parse_last_line();
	row = first_of(object, "connections");
	ck_assert_str_eq(json_text(row, "name"), "0x13");
	ck_assert_int_gt(atoi(json_text(row, "posted")), 0);
	ck_assert_str_eq(json_text(row, "refused"), "0");
	ck_assert_ptr_null(json_text(row, "posted_per_s"));
	row = first_of(object, "statuses");
	ck_assert_str_eq(json_text(row, "name"), "SUCCESS");
	row = json_object_object_get(object, "latency");
	ck_assert_ptr_nonnull(json_text(row, "p99_ns"));
	ck_assert_str_eq(json_text(row, "lost"), "0");
	json_object_put(object);
}
END_TEST

START_TEST(refused_round_trips_are_counted_by_status)
{
	struct json_object *object, *row;

	ck_assert_int_eq(run(&command_top, "--once --json --ping 0x77,3 "
					   "--interval 1ms --target embedded"),
			 EXIT_DONE);
	object = parse_last_line();
	row = first_of(object, "connections");
	ck_assert_str_eq(json_text(row, "posted"), "0");
	ck_assert_str_eq(json_text(row, "refused"), "2");
	row = first_of(object, "statuses");
	ck_assert_str_eq(json_text(row, "name"), "INVALID_CONNECTION_ID");
	row = json_object_object_get(object, "latency");
	ck_assert_str_eq(json_text(row, "lost"), "1");
	ck_assert_ptr_null(json_text(row, "p99_ns"));
	json_object_put(object);
}
END_TEST

/* The driver's counters */

static char folder[] = "/tmp/hvpost-top-XXXXXX";
static const struct hvpost_info nobody;	/* has a SINT */

static void write_count(const char *name, const char *count)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fputs(count, file);
	fclose(file);
}

/* SINTs 5 and 7 had messages; some of these are in rings, and one in a slot. */
static void write_sints(void)
{
	static const char *const folders[] = { "slots_by_sint", "drops_by_sint",
					       "queued_by_sint",
					       "occupied_by_sint" };
	char path[128];

	for (int i = 0; i < ROWS(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, folders[i]);
		ck_assert_int_eq(mkdir(path, 0700), 0);
		for (unsigned int sint = 1; sint < HV_SINT_COUNT; sint++) {
			snprintf(path, sizeof(path), "%s/%u", folders[i], sint);
			write_count(path, "0\n");
		}
	}
	write_count("slots_by_sint/5", "60\n");
	write_count("slots_by_sint/7", "10\n");
	write_count("drops_by_sint/7", "3\n");
	write_count("queued_by_sint/5", "64\n");
	write_count("queued_by_sint/7", "2\n");
	write_count("occupied_by_sint/5", "1\n");
}

static void create_folder(void)
{
	char path[128];
	uint32_t status;

	create_samples();
	strcpy(folder + sizeof(folder) - 7, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/posts_by_status", folder);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	for (size_t i = 0; !hvpost_status_at(i, &status); i++) {
		snprintf(path, sizeof(path), "posts_by_status/%s",
			 hvpost_status_name(status) + strlen("HV_STATUS_"));
		write_count(path, "0\n");
	}
	write_count("posts_by_status/SUCCESS", "90\n");
	write_count("posts_by_status/INSUFFICIENT_BUFFERS", "8\n");
	write_count("posts_by_status/none", "2\n");
	write_count("eoms", "60\n");
	write_count("slots", "70\n");
	write_count("drops", "3\n");
	write_sints();
}

static void remove_folder(void)
{
	char command[128];

	close_text();
	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

static void take_device(const struct hvpost_info *info)
{
	struct failure failure;

	ck_assert_int_eq(top_take_device(folder, info, &now, &failure),
			 EXIT_DONE);
}

START_TEST(the_driver_s_counters_are_a_sample)
{
	const struct top_row *row;

	take_device(&nobody);
	row = top_row(&now, TOP_CONNECTION, "all");
	ck_assert_uint_eq(row->passed, 90);
	ck_assert_uint_eq(row->refused, 10);
	row = top_row(&now, TOP_SINT, "all");
	ck_assert_uint_eq(row->passed, 70);
	ck_assert_uint_eq(row->lost, 3);
	ck_assert_uint_eq(row->queued, 66);
	ck_assert_uint_eq(row->occupied, 1);
	row = top_row(&now, TOP_STATUS, "INSUFFICIENT_BUFFERS");
	ck_assert_uint_eq(row->passed, 8);
	ck_assert_uint_eq(top_row(&now, TOP_STATUS, "none")->passed, 2);
	ck_assert_uint_eq(top_row(&now, TOP_COUNTER, "eoms")->passed, 60);
}
END_TEST

START_TEST(a_counter_that_is_not_kept_is_unknown)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/slots", folder);
	ck_assert_int_eq(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/posts_by_status/SUCCESS", folder);
	ck_assert_int_eq(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/queued_by_sint/5", folder);
	ck_assert_int_eq(unlink(path), 0);
	take_device(&nobody);
	ck_assert(top_row(&now, TOP_SINT, "5")->queued == TOP_UNKNOWN);
	ck_assert(top_row(&now, TOP_SINT, "all")->queued == TOP_UNKNOWN);
	ck_assert(top_row(&now, TOP_SINT, "all")->passed == TOP_UNKNOWN);
	ck_assert(top_row(&now, TOP_CONNECTION, "all")->refused == TOP_UNKNOWN);
	ck_assert(top_row(&now, TOP_COUNTER, "flags")->passed == TOP_UNKNOWN);
}
END_TEST

static unsigned int sint_rows(void)
{
	unsigned int count = 0;

	for (size_t i = 0; i < now.count; i++)
		count += now.rows[i].kind == TOP_SINT;
	return count;
}

START_TEST(each_sint_that_had_a_message_is_told)
{
	const struct top_row *row;

	take_device(&nobody);
	ck_assert_uint_eq(sint_rows(), 3);
	row = top_row(&now, TOP_SINT, "5");
	ck_assert_uint_eq(row->passed, 60);
	ck_assert_uint_eq(row->lost, 0);
	ck_assert_uint_eq(row->queued, 64);
	ck_assert_uint_eq(row->occupied, 1);
	ck_assert_ptr_null(row->state);
	row = top_row(&now, TOP_SINT, "7");
	ck_assert_uint_eq(row->passed, 10);
	ck_assert_uint_eq(row->lost, 3);
	ck_assert_uint_eq(sint_rows(), 3);
}
END_TEST

START_TEST(sints_in_use_are_told)
{
	const struct hvpost_info info = { .sints_bound = 1u << 5 | 1u << 6,
					  .sints_busy = 1u << 2 | 1u << 7 };

	take_device(&info);
	ck_assert_uint_eq(sint_rows(), 5);
	ck_assert_str_eq(top_row(&now, TOP_SINT, "5")->state, "bound");
	ck_assert_str_eq(top_row(&now, TOP_SINT, "2")->state, "busy");
	print(&before);
	ck_contains("\n5                                 30          64           "
		    "1          60           0 bound\n");
	ck_contains("\n6                                  0           0           "
		    "0           0           0 bound\n");
}
END_TEST

START_TEST(nothing_is_known_of_what_somebody_else_takes)
{
	const struct hvpost_info info = { .sints_busy = 1u << 2 | 1u << 7 };

	take_device(&info);
	print(&before);
	ck_contains("\n2                                  -           -           "
		    "-           -           - busy\n");
	ck_contains("\n7                                5.0           2           "
		    "-          10           3 busy\n");
}
END_TEST

START_TEST(a_driver_that_counts_no_sint_still_tells_who_has_it)
{
	const struct hvpost_info info = { .sints_bound = 1u << 5 };
	char command[128];

	snprintf(command, sizeof(command), "rm -r '%s'/*_by_sint", folder);
	ck_assert_int_eq(system(command), 0);
	take_device(&info);
	ck_assert_uint_eq(sint_rows(), 2);
	ck_assert_uint_eq(top_row(&now, TOP_SINT, "all")->passed, 70);
	print(&before);
	ck_contains("\n5                                  -           -           "
		    "-           -           - bound\n");
}
END_TEST

START_TEST(counters_that_are_not_there_are_told)
{
	struct failure failure;

	ck_assert_int_eq(top_take_device("/nonexistent", &nobody, &now,
					 &failure), EXIT_LOCAL);
	ck_assert_str_eq(failure.code, "no-device");
	ck_assert_ptr_nonnull(strstr(failure.hint, "modprobe hvpost"));
}
END_TEST

static const char *const numbers[] = { "slots", "occupied_by_sint/15", "eoms" };

START_TEST(a_counter_that_is_no_number_is_told)
{
	struct failure failure;

	write_count(numbers[_i], "many\n");
	ck_assert_int_eq(top_take_device(folder, &nobody, &now, &failure),
			 EXIT_LOCAL);
	ck_assert_ptr_nonnull(strstr(failure.text, "Input/output error"));
}
END_TEST

/* Command lines */

static const struct {
	const char *line, *why;
} misuse[] = {
	{ "--json", "--json needs --once" },
	{ "--once --target host:/nonexistent/s,partition=x",
	  "hvhost at /nonexistent/s: No such file" },
	{ "--target embedded", "standard input or output is no terminal" },
	{ "--target embedded", "--once prints the same once" },
	{ "--once --ping 5 --target embedded", "--ping takes CONNECTION,SINT" },
	{ "--once --ping x,5 --target embedded", "CONNECTION 'x' is not a" },
	{ "--once --ping 5,16 --target embedded", "SINT '16' is not a number" },
	{ "--interval soon", "--interval: 'soon' is not a duration" },
};

START_TEST(misuse_is_told)
{
	ck_assert_int_eq(run(&command_top, misuse[_i].line), EXIT_LOCAL);
	ck_assert_msg(strstr(complaint, misuse[_i].why) != NULL, "'%s'",
		      complaint);
}
END_TEST

Suite *top_suite(void)
{
	Suite *suite = suite_create("top");
	TCase *printing = tcase_create("printing");
	TCase *host = tcase_create("host"), *device = tcase_create("device");

	suite_add_tcase(suite, printing);
	tcase_add_checked_fixture(printing, create_samples, close_text);
	tcase_add_test(printing, a_rate_is_what_came_in_a_second);
	tcase_add_test(printing, without_an_earlier_sample_there_is_no_rate);
	tcase_add_test(printing, what_is_new_began_at_nothing);
	tcase_add_test(printing, what_began_anew_has_no_huge_rate);
	tcase_add_test(printing, busiest_come_first_then_names);
	tcase_add_test(printing, a_name_does_not_command_the_terminal);
	tcase_add_test(printing, a_sint_shows_what_waits);
	tcase_add_test(printing, what_nobody_counts_is_a_dash);
	tcase_add_test(printing, posts_are_told_by_status);
	tcase_add_test(printing, what_is_not_known_is_said);
	tcase_add_test(printing, a_counter_that_nobody_keeps_has_no_rate);
	tcase_add_test(printing, latencies_are_in_microseconds);
	tcase_add_test(printing, without_an_echo_there_is_no_latency);
	tcase_add_test(printing,
		       without_an_earlier_sample_the_largest_come_first);
	tcase_add_test(printing, more_rows_than_fit_are_counted);
	tcase_add_test(printing, json_has_the_same);
	tcase_add_loop_test(printing, misuse_is_told, 0, ROWS(misuse));
	tcase_add_test(printing, round_trips_are_all_that_an_embedded_host_has);
	tcase_add_test(printing, refused_round_trips_are_counted_by_status);

	suite_add_tcase(suite, host);
	tcase_add_checked_fixture(host, create_samples, close_text);
	tcase_add_test(host, a_host_s_sint_is_the_sum_of_its_vps_and_ports);
	tcase_add_test(host, partitions_with_long_names_are_not_added_up);
	tcase_add_test(host, a_host_s_refusals_are_the_sum_of_all_vps);
	tcase_add_test(host, no_refusal_is_told_from_none_that_is_known);
	tcase_add_loop_test(host, an_odd_answer_is_an_empty_sample_at_worst, 0,
			    ROWS(odd));
	tcase_add_test(host, a_host_that_is_not_there_is_told);

	suite_add_tcase(suite, device);
	tcase_add_checked_fixture(device, create_folder, remove_folder);
	tcase_add_test(device, the_driver_s_counters_are_a_sample);
	tcase_add_test(device, a_counter_that_is_not_kept_is_unknown);
	tcase_add_test(device, each_sint_that_had_a_message_is_told);
	tcase_add_test(device, sints_in_use_are_told);
	tcase_add_test(device, nothing_is_known_of_what_somebody_else_takes);
	tcase_add_test(device,
		       a_driver_that_counts_no_sint_still_tells_who_has_it);
	tcase_add_test(device, counters_that_are_not_there_are_told);
	tcase_add_loop_test(device, a_counter_that_is_no_number_is_told, 0,
			    ROWS(numbers));
	return suite;
}
