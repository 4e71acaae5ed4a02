// SPDX-License-Identifier: MIT
/* hvpost capture, in this process: on the embedded machine, and a fake device. */
#include "command.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "captured.h"
#include "fake_device.h"
#include "listeners.h"
#include "stop.h"
#include "suites.h"

static char path[] = "/tmp/hvpost-capture-XXXXXX";
static struct hvpost *poster;

static void create_file(void)
{
	int fd;

	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	setenv("TZ", "UTC", 1);
}

static void remove_file(void)
{
	unlink(path);
	if (out_fd >= 0)
		close(out_fd);
	out_fd = -1;
}

/* The machine is there as long as a handle is: the command finds its messages. */
static void create_machine(void)
{
	create_file();
	ck_assert_int_eq(hvpost_open("embedded", &poster), 0);
}

static void remove_machine(void)
{
	hvpost_close(poster);
	remove_file();
}

static void create_device(void)
{
	create_file();
	fake_device_create();
	setenv("HVPOST_TARGET", fake.target, 1);
}

static void remove_device(void)
{
	unsetenv("HVPOST_TARGET");
	fake_device_remove();
	remove_file();
}

static void post(unsigned int sint, const char *text)
{
	ck_assert_int_eq(hvpost_post(poster, &(struct hvpost_post){
			.connection_id = 0x10 + sint,
			.message_type = 1,
			.payload = text,
			.payload_size = (uint32_t)strlen(text),
		}, HVPOST_NOW), 0);
}

static int capture(const char *options)
{
	char line[512];

	snprintf(line, sizeof(line), options, path);
	return run(&command_capture, line);
}

/* How often @text stands in what was printed. */
static int printed(const char *text)
{
	int count = 0;

	for (const char *at = out; (at = strstr(at, text)); at++)
		count++;
	return count;
}

START_TEST(what_arrives_at_any_of_its_sints_is_printed)
{
	post(6, "one");
	post(7, "two");
	post(6, "three");
	ck_assert_int_eq(capture("--listen 6,7 --target embedded --count 3"),
			 EXIT_DONE);
	ck_assert_int_eq(printed("\n"), 3);
	ck_assert_int_eq(printed(" slot         vp 0 sint 6 type 1 size 3 "
				 "origin 0x16 \"one\" (libhvpost)\n"), 1);
	ck_assert_int_eq(printed(" sint 7 "), 1);
	ck_assert_int_eq(printed("\"three\""), 1);
	ck_assert_str_eq(complaint, "capturing at SINT 6,7 of embedded\n"
				    "3 seen, 0 dropped\n");
}
END_TEST

START_TEST(a_sint_that_is_taken_is_told)
{
	ck_assert_int_eq(hvpost_bind(poster, 8, 0), 0);
	ck_assert_int_eq(capture("--listen 7,8 --target embedded"), EXIT_LOCAL);
	ck_assert_ptr_nonnull(strstr(complaint, "SINT 8 is in use"));
}
END_TEST

START_TEST(a_capture_is_read_back)
{
	post(6, "one");
	post(6, "two");
	ck_assert_int_eq(capture("--listen 6 --target embedded --count 2 "
				 "--write %s --quiet"), EXIT_DONE);
	ck_assert_str_eq(out, "");
	ck_assert_str_eq(complaint, "");
	ck_assert_int_eq(capture("--read %s"), EXIT_DONE);
	ck_assert_int_eq(printed("\n"), 2);
	ck_assert_int_eq(printed("\"one\""), 1);
	ck_assert_int_eq(printed("\"two\""), 1);
	ck_assert_str_eq(complaint, "2 seen, 0 dropped\n");
}
END_TEST

START_TEST(json_is_a_line_each_and_one_for_the_end)
{
	struct json_object *object;

	post(6, "one");
	ck_assert_int_eq(capture("--listen 6 --target embedded --count 1 "
				 "--json"), EXIT_DONE);
	ck_assert_int_eq(printed("\n"), 2);
	ck_assert_int_eq(printed("\"event\":\"slot\""), 1);
	object = parse_last_line();
	ck_assert_str_eq(json_text(object, "event"), "end");
	ck_assert_str_eq(json_text(object, "seen"), "1");
	ck_assert_str_eq(json_text(object, "dropped"), "0");
	json_object_put(object);
}
END_TEST

START_TEST(only_what_is_wanted_is_kept_and_counted)
{
	post(6, "one");
	post(7, "two");
	post(7, "three");
	ck_assert_int_eq(capture("--listen 6,7 --target embedded --sint 7 "
				 "--count 2"), EXIT_DONE);
	ck_assert_int_eq(printed("\n"), 2);
	ck_assert_int_eq(printed(" sint 7 "), 2);
}
END_TEST

START_TEST(a_capture_becomes_a_smaller_one)
{
	char line[512], small[sizeof(path) + 2];

	post(6, "one");
	post(7, "two");
	capture("--listen 6,7 --target embedded --count 2 --write %s");
	snprintf(small, sizeof(small), "%s.2", path);
	snprintf(line, sizeof(line), "--read %s --sint 7 --write %s", path,
		 small);
	ck_assert_int_eq(run(&command_capture, line), EXIT_DONE);
	snprintf(line, sizeof(line), "--read %s", small);
	ck_assert_int_eq(run(&command_capture, line), EXIT_DONE);
	ck_assert_int_eq(printed("\n"), 1);
	ck_assert_int_eq(printed("\"two\""), 1);
	unlink(small);
}
END_TEST

START_TEST(nothing_in_time_is_a_timeout_and_a_whole_file)
{
	ck_assert_int_eq(capture("--listen 6 --target embedded --timeout 1ms "
				 "--write %s"), EXIT_TIMED_OUT);
	ck_assert_ptr_nonnull(strstr(complaint, "0 messages were seen, then "
						"none for 1 ms"));
	ck_assert_int_eq(capture("--read %s"), EXIT_DONE);
	ck_assert_str_eq(complaint, "0 seen, 0 dropped\n");
}
END_TEST

START_TEST(fewer_than_wanted_is_a_timeout)
{
	post(6, "one");
	ck_assert_int_eq(capture("--listen 6 --target embedded --timeout 1ms "
				 "--count 2"), EXIT_TIMED_OUT);
	ck_assert_ptr_nonnull(strstr(complaint, "1 message was seen"));
}
END_TEST

START_TEST(some_without_a_count_is_none)
{
	post(6, "one");
	ck_assert_int_eq(capture("--listen 6 --target embedded --timeout 1ms"),
			 EXIT_DONE);
}
END_TEST

static const int stop_signals[] = { SIGINT, SIGTERM };

START_TEST(a_signal_ends_it_with_a_whole_file)
{
	sigset_t held;

	post(6, "one");
	sigemptyset(&held);
	sigaddset(&held, stop_signals[_i]);
	sigprocmask(SIG_BLOCK, &held, NULL);
	raise(stop_signals[_i]); /* comes as soon as it lets them in */
	ck_assert_int_eq(capture("--listen 6 --target embedded --write %s"),
			 EXIT_DONE);
	ck_assert_ptr_nonnull(strstr(complaint, "1 seen, 0 dropped"));
	ck_assert_int_eq(capture("--read %s --json"), EXIT_DONE);
	ck_assert_int_eq(printed("\"event\":\"slot\""), 1);
}
END_TEST

START_TEST(standard_output_takes_a_capture)
{
	int fd = open(path, O_WRONLY);

	post(6, "one");
	out_fd = fd;
	ck_assert_int_eq(capture("--listen 6 --target embedded --count 1 "
				 "--write -"), EXIT_DONE);
	out_fd = -1;
	close(fd);
	ck_assert_int_eq(capture("--read %s"), EXIT_DONE);
	ck_assert_int_eq(printed("\"one\""), 1);
}
END_TEST

START_TEST(a_full_disk_is_told)
{
	post(6, "one");
	ck_assert_int_eq(capture("--listen 6 --target embedded --count 1 "
				 "--write /dev/full"), EXIT_LOCAL);
	ck_assert_ptr_nonnull(strstr(complaint, "cannot write to /dev/full: No "
						"space left on device"));
}
END_TEST

START_TEST(a_file_that_cannot_be_made_is_told)
{
	ck_assert_int_eq(capture("--listen 6 --target embedded --write "
				 "/nonexistent/x"), EXIT_LOCAL);
	ck_assert_ptr_nonnull(strstr(complaint, "cannot write to "
						"/nonexistent/x: No such file"));
}
END_TEST

START_TEST(a_damaged_capture_is_told_after_what_can_be_read)
{
	struct stat status;

	post(6, "one");
	capture("--listen 6 --target embedded --count 1 --write %s");
	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(truncate(path, status.st_size - 1), 0);
	ck_assert_int_eq(capture("--read %s"), EXIT_LOCAL);
	ck_assert_int_eq(printed("\"one\""), 1);
	ck_assert_ptr_nonnull(strstr(complaint, "the file ends in the midst of "
						"a block"));
}
END_TEST

/* The device */

START_TEST(the_device_is_shared)
{
	fake_device_deliver_text(1, "hello");
	ck_assert_int_eq(capture("--listen 6 --count 1 --ring 2048"),
			 EXIT_DONE);
	ck_assert_uint_eq(fake.bind.sint, 6);
	ck_assert_uint_eq(fake.bind.flags,
			  HVPOST_BIND_SHARED | HVPOST_BIND_EVENTS);
	ck_assert_uint_eq(fake.bind.ring_records, 2048);
	ck_assert_int_eq(printed("\"hello\""), 1);
}
END_TEST

START_TEST(an_event_is_a_flag)
{
	fake_device_deliver(&(struct hvpost_record){
			.flags = HVPOST_RECORD_EVENT, .origin = 77, .sint = 6 });
	ck_assert_int_eq(capture("--listen 6 --count 1"), EXIT_DONE);
	ck_assert_int_eq(printed(" flag         vp 0 sint 6 flag 77 "
				 "(libhvpost)\n"), 1);
}
END_TEST

START_TEST(a_gap_is_what_was_lost_and_where)
{
	fake_device_deliver_text(1, "one");
	fake.sequence += 3;
	fake_device_deliver_text(1, "five");
	ck_assert_int_eq(capture("--listen 6 --count 2 --write %s"), EXIT_DONE);
	ck_assert_ptr_nonnull(strstr(complaint, "2 seen, 3 dropped"));
	ck_assert_int_eq(capture("--read %s"), EXIT_DONE);
	ck_assert_str_eq(complaint, "2 seen, 3 dropped\n");
	/* Of one message nothing is known but that the gap is behind it. */
	ck_assert_int_eq(capture("--read %s --count 1"), EXIT_DONE);
	ck_assert_str_eq(complaint, "1 seen, 0 dropped\n");
}
END_TEST

START_TEST(what_was_lost_behind_the_last_one_counts_too)
{
	fake_device_deliver_text(1, "one");
	fake.counters.dropped = 5;
	ck_assert_int_eq(capture("--listen 6 --count 1 --write %s"), EXIT_DONE);
	ck_assert_ptr_nonnull(strstr(complaint, "1 seen, 5 dropped"));
	ck_assert_int_eq(capture("--read %s"), EXIT_DONE);
	ck_assert_str_eq(complaint, "1 seen, 5 dropped\n");
}
END_TEST

/* Somebody sets the clock. */
static time_t clock_set_s;

int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	int err = __real_clock_gettime(clock, now);

	if (clock == CLOCK_REALTIME)
		now->tv_sec += clock_set_s;
	return err;
}

static uint64_t time_of_next(struct listeners *listeners)
{
	struct sighting sighting;
	uint64_t dropped;

	fake_device_deliver_text(1, "now");
	ck_assert_int_eq(listeners_next(listeners, &sighting, &dropped,
					HVPOST_NOW), 0);
	return sighting.time_ns / 1000000000;
}

START_TEST(the_time_of_day_follows_a_clock_that_was_set)
{
	const struct common_options common = { 0 };
	static struct listeners listeners;
	uint64_t before_s;

	ck_assert_int_eq(listeners_open(&listeners, &common, "6", 16),
			 EXIT_DONE);
	before_s = time_of_next(&listeners);
	clock_set_s = 3600;
	ck_assert_uint_ge(time_of_next(&listeners), before_s + 3600);
	clock_set_s = 0;
	ck_assert_uint_lt(time_of_next(&listeners), before_s + 3600);
	listeners_close(&listeners);
}
END_TEST

/* Command lines that are none */

static const struct {
	const char *line, *why;
} misuse[] = {
	{ "", "say where to look: --listen SINT, or --read FILE" },
	{ "--listen 6 --read %s", "--read and --listen exclude each other" },
	{ "--read %s --write %s", "--read and --write name one file" },
	{ "--read %s --write /tmp/../%s",
	  "--read and --write name one file" },
	{ "--read %s --write - --json", "--json and --write - exclude" },
	{ "--listen 16 --target embedded", "SINT '16' is not a number" },
	{ "--listen 6, --target embedded", "SINT '' is not a number" },
	{ "--listen 6,7,6 --target embedded", "SINT 6 is named twice" },
	{ "--read %s --status what", "--status takes a number, or a name" },
	{ "--read %s", ": at byte 0: not a pcapng file" },
};

START_TEST(misuse_is_told)
{
	char line[512];

	snprintf(line, sizeof(line), misuse[_i].line, path, path);
	ck_assert_int_eq(run(&command_capture, line), EXIT_LOCAL);
	ck_assert_msg(strstr(complaint, misuse[_i].why) != NULL,
		      "'%s' lacks '%s'", complaint, misuse[_i].why);
	ck_assert_int_eq(printed("slot"), 0);
}
END_TEST

Suite *capture_suite(void)
{
	Suite *suite = suite_create("capture");
	TCase *machine = tcase_create("machine");
	TCase *device = tcase_create("device");
	TCase *lines = tcase_create("lines");

	suite_add_tcase(suite, machine);
	tcase_add_checked_fixture(machine, create_machine, remove_machine);
	tcase_add_test(machine, what_arrives_at_any_of_its_sints_is_printed);
	tcase_add_test(machine, a_sint_that_is_taken_is_told);
	tcase_add_test(machine, a_capture_is_read_back);
	tcase_add_test(machine, json_is_a_line_each_and_one_for_the_end);
	tcase_add_test(machine, only_what_is_wanted_is_kept_and_counted);
	tcase_add_test(machine, a_capture_becomes_a_smaller_one);
	tcase_add_test(machine, nothing_in_time_is_a_timeout_and_a_whole_file);
	tcase_add_test(machine, fewer_than_wanted_is_a_timeout);
	tcase_add_test(machine, some_without_a_count_is_none);
	tcase_add_loop_test(machine, a_signal_ends_it_with_a_whole_file, 0,
			    ROWS(stop_signals));
	tcase_add_test(machine, standard_output_takes_a_capture);
	tcase_add_test(machine, a_full_disk_is_told);
	tcase_add_test(machine, a_file_that_cannot_be_made_is_told);
	tcase_add_test(machine,
		       a_damaged_capture_is_told_after_what_can_be_read);

	suite_add_tcase(suite, device);
	tcase_add_checked_fixture(device, create_device, remove_device);
	tcase_add_test(device, the_device_is_shared);
	tcase_add_test(device, an_event_is_a_flag);
	tcase_add_test(device, a_gap_is_what_was_lost_and_where);
	tcase_add_test(device, the_time_of_day_follows_a_clock_that_was_set);
	tcase_add_test(device, what_was_lost_behind_the_last_one_counts_too);

	suite_add_tcase(suite, lines);
	tcase_add_checked_fixture(lines, create_file, remove_file);
	tcase_add_loop_test(lines, misuse_is_told, 0, ROWS(misuse));
	return suite;
}
