// SPDX-License-Identifier: MIT
/* hvpost replay, in this process: on the embedded machine, and a fake device. */
#include "command.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture_file.h"
#include "captured.h"
#include "comparison.h"
#include "fake_device.h"
#include "stop.h"
#include "suites.h"

#define START_NS	1795334964000000000u
#define MS		1000000u
#define HOUR_MS		3600000u

static char path[] = "/tmp/hvpost-replay-XXXXXX";
static struct capture_writer writer;
static FILE *file;
static struct hvpost *peer;

static void create_file(void)
{
	int fd;

	strcpy(path + sizeof(path) - 7, "XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	file = fdopen(fd, "w");
	ck_assert_int_eq(capture_begin(&writer, file, "test"), 0);
	ck_assert_int_eq(hvpost_open("embedded", &peer), 0);
}

static void remove_file(void)
{
	hvpost_close(peer);
	fclose(file);
	unlink(path);
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

static struct sighting message(enum sighting_kind kind, const char *text,
			       uint32_t time_ms)
{
	struct sighting sighting = sighting_new(kind, SIGHTING_BY_DRIVER);

	sighting.time_ns = START_NS + (uint64_t)time_ms * MS;
	sighting.message_type = 7;
	sighting.payload_size = (uint32_t)strlen(text);
	sighting.payload_captured = sighting.payload_size;
	memcpy(sighting.payload, text, strlen(text));
	return sighting;
}

static void write_one(const struct sighting *sighting)
{
	ck_assert_int_eq(capture_write(&writer, sighting), 0);
}

static void write_post(uint32_t connection_id, const char *text,
		       uint32_t status, uint32_t time_ms)
{
	struct sighting sighting = message(SIGHTING_POST, text, time_ms);

	sighting.connection_id = connection_id;
	sighting.status = status;
	write_one(&sighting);
}

static int replay(const char *options)
{
	char line[512];

	fflush(file);
	snprintf(line, sizeof(line), "%s %s", path, options);
	return run(&command_replay, line);
}

static void ck_arrives(const char *text)
{
	struct hvpost_message received;

	ck_assert_int_eq(hvpost_receive(peer, &received, HVPOST_NOW), 0);
	ck_assert_uint_eq(received.message_type, 7);
	ck_assert_uint_eq(received.payload_size, strlen(text));
	ck_assert_mem_eq(received.payload, text, strlen(text));
}

static void ck_nothing_arrives(void)
{
	struct hvpost_message received;

	ck_assert_int_eq(hvpost_receive(peer, &received, HVPOST_NOW), -EAGAIN);
}

START_TEST(each_post_is_posted_again_in_order)
{
	ck_assert_int_eq(hvpost_bind(peer, 3, 0), 0);
	write_post(0x13, "one", 0, 0);
	write_post(0x13, "two", 0, 1);
	ck_assert_int_eq(replay("--target embedded"), EXIT_DONE);
	ck_assert_str_eq(out, "2 posted, 2 answered as recorded\n"
			      "       2  0x00 HV_STATUS_SUCCESS\n");
	ck_assert_str_eq(complaint, "");
	ck_arrives("one");
	ck_arrives("two");
	ck_nothing_arrives();
}
END_TEST

START_TEST(a_connection_may_be_another_one)
{
	ck_assert_int_eq(hvpost_bind(peer, 3, 0), 0);
	write_post(0x77, "mapped", 0, 0);
	write_post(1, "mapped too", 0, 0);
	write_post(0x13, "as it was", 0, 0);
	ck_assert_int_eq(replay("--target embedded --connection 0x77=0x13 "
				"-c 1=19"), EXIT_DONE);
	ck_arrives("mapped");
	ck_arrives("mapped too");
	ck_arrives("as it was");
}
END_TEST

START_TEST(what_was_received_is_posted_on_request)
{
	struct sighting slot = message(SIGHTING_SLOT, "received", 0);

	ck_assert_int_eq(hvpost_bind(peer, 3, 0), 0);
	write_one(&slot);
	ck_assert_int_eq(replay("--target embedded"), EXIT_DONE);
	ck_assert_str_eq(out, "0 posted, 0 answered as recorded\n");
	ck_nothing_arrives();
	ck_assert_int_eq(replay("--target embedded --slots 0x13"), EXIT_DONE);
	ck_arrives("received");
}
END_TEST

START_TEST(another_answer_than_recorded_is_told)
{
	write_post(0x13, "taken then", HV_STATUS_SUCCESS, 0);
	write_post(0x13, "refused then", HV_STATUS_INSUFFICIENT_BUFFERS, 0);
	write_post(0x7777, "gone", HV_STATUS_SUCCESS, 0);
	ck_assert_int_eq(replay("--target embedded"), EXIT_REFUSED);
	ck_assert_str_eq(
		out,
		"3 posted, 1 answered as recorded\n"
		"       1  0x00 HV_STATUS_SUCCESS\n"
		"       1  0x13 HV_STATUS_INSUFFICIENT_BUFFERS, now 0x00 "
		"HV_STATUS_SUCCESS\n"
		"       1  0x00 HV_STATUS_SUCCESS, now 0x12 "
		"HV_STATUS_INVALID_CONNECTION_ID\n");
}
END_TEST

START_TEST(json_has_the_same)
{
	struct json_object *object, *row;

	write_post(0x7777, "gone", HV_STATUS_SUCCESS, 0);
	ck_assert_int_eq(replay("--target embedded --json"), EXIT_REFUSED);
	object = parse_last_line();
	ck_assert_str_eq(json_text(object, "posted"), "1");
	ck_assert_str_eq(json_text(object, "same"), "0");
	ck_assert_str_eq(json_text(object, "different"), "1");
	ck_assert_str_eq(json_text(object, "cut"), "0");
	row = json_object_array_get_idx(
		json_object_object_get(object, "statuses"), 0);
	ck_assert_str_eq(json_text(row, "recorded"), "0");
	ck_assert_str_eq(json_text(row, "status"), "18");
	ck_assert_str_eq(json_text(row, "name"),
			 "HV_STATUS_INVALID_CONNECTION_ID");
	ck_assert_str_eq(json_text(row, "count"), "1");
	json_object_put(object);
}
END_TEST

START_TEST(what_cannot_be_posted_as_it_was_is_left_out_and_counted)
{
	struct sighting cut = message(SIGHTING_POST, "cut", 0);

	cut.connection_id = 0x13;
	cut.status = HV_STATUS_SUCCESS;
	cut.payload_size = 200;
	write_one(&cut);
	write_post(0x13, "never posted", SIGHTING_NONE, 0);
	write_post(SIGHTING_NONE, "nowhere", HV_STATUS_SUCCESS, 0);
	ck_assert_int_eq(replay("--target embedded"), EXIT_DONE);
	ck_assert_str_eq(out, "0 posted, 0 answered as recorded; 1 left out, "
			      "not kept whole; 2 left out, of no status\n");
}
END_TEST

static void write_seen_by(enum sighting_source source, const char *text)
{
	struct sighting post = message(SIGHTING_POST, text, 0);

	post.source = source;
	post.connection_id = 0x13;
	post.status = HV_STATUS_SUCCESS;
	write_one(&post);
}

/* As trace writes it: the host says so first, the library last. */
static void write_one_post_seen_by_three(void)
{
	write_seen_by(SIGHTING_BY_HOST, "the host's");
	write_seen_by(SIGHTING_BY_DRIVER, "the driver's");
	write_seen_by(SIGHTING_BY_LIBRARY, "the library's");
}

START_TEST(a_post_that_several_saw_is_posted_once)
{
	ck_assert_int_eq(hvpost_bind(peer, 3, 0), 0);
	write_one_post_seen_by_three();
	ck_assert_int_eq(replay("--target embedded"), EXIT_DONE);
	ck_assert_str_eq(out, "1 posted, 1 answered as recorded\n"
			      "left out, seen by other sources: 1 by hvpost.ko, "
			      "1 by libhvhost; --source takes one of these\n"
			      "       1  0x00 HV_STATUS_SUCCESS\n");
	ck_arrives("the library's");
	ck_nothing_arrives();
}
END_TEST

START_TEST(whose_posts_are_taken_can_be_chosen)
{
	struct json_object *object;

	ck_assert_int_eq(hvpost_bind(peer, 3, 0), 0);
	write_one_post_seen_by_three();
	ck_assert_int_eq(replay("--target embedded --json --source libhvhost"),
			 EXIT_DONE);
	object = parse_last_line();
	ck_assert_str_eq(json_text(object, "posted"), "1");
	ck_assert_str_eq(json_text(object, "left_out"), "2");
	json_object_put(object);
	ck_arrives("the host's");
	ck_nothing_arrives();
}
END_TEST

/* It cannot be read twice. */
START_TEST(a_pipe_is_taken_as_a_file_is)
{
	char line[160];
	int saved = dup(STDIN_FILENO);
	FILE *pipe;

	ck_assert_int_eq(hvpost_bind(peer, 3, 0), 0);
	write_one_post_seen_by_three();
	fflush(file);
	snprintf(line, sizeof(line), "cat %s", path);
	pipe = popen(line, "r");
	dup2(fileno(pipe), STDIN_FILENO);
	clearerr(stdin);
	ck_assert_int_eq(run(&command_replay, "- --target embedded --quiet"),
			 EXIT_DONE);
	dup2(saved, STDIN_FILENO);
	close(saved);
	pclose(pipe);
	ck_arrives("the library's");
	ck_nothing_arrives();
}
END_TEST

START_TEST(times_between_posts_are_kept)
{
	uint64_t start_ns = now_ns();

	write_post(0x13, "one", 0, 0);
	write_post(0x13, "two", 0, 30);
	ck_assert_int_eq(replay("--target embedded"), EXIT_DONE);
	ck_assert_uint_ge(now_ns() - start_ns, 30 * MS);
}
END_TEST

static const char *const fast[] = { "max", "1000000" };

START_TEST(an_hour_can_be_short)
{
	char options[64];

	write_post(0x13, "one", 0, 0);
	write_post(0x13, "two", 0, HOUR_MS);
	snprintf(options, sizeof(options), "--target embedded --speed %s",
		 fast[_i]);
	ck_assert_int_eq(replay(options), EXIT_DONE);
	ck_assert_ptr_nonnull(strstr(out, "2 posted, 2 answered"));
}
END_TEST

START_TEST(times_that_go_back_do_not_wait)
{
	write_post(0x13, "one", 0, HOUR_MS);
	write_post(0x13, "two", 0, 0);
	ck_assert_int_eq(replay("--target embedded"), EXIT_DONE);
}
END_TEST

START_TEST(a_signal_ends_it_with_its_summary)
{
	sigset_t held;

	write_post(0x13, "one", 0, 0);
	write_post(0x13, "two", 0, HOUR_MS);
	sigemptyset(&held);
	sigaddset(&held, SIGTERM);
	sigprocmask(SIG_BLOCK, &held, NULL);
	raise(SIGTERM);
	ck_assert_int_eq(replay("--target embedded"), EXIT_LOCAL);
	ck_assert_ptr_nonnull(strstr(out, "0 posted"));
	ck_assert_ptr_nonnull(strstr(complaint, "stopped by a signal"));
}
END_TEST

START_TEST(a_damaged_capture_is_replayed_as_far_as_it_goes)
{
	write_post(0x13, "one", 0, 0);
	fputs("rubbish", file);
	ck_assert_int_eq(replay("--target embedded"), EXIT_LOCAL);
	ck_assert_ptr_nonnull(strstr(out, "1 posted, 1 answered"));
	ck_assert_ptr_nonnull(strstr(complaint, "in the midst of a block"));
}
END_TEST

/* The device */

START_TEST(what_was_taken_is_tried_for_a_time)
{
	fake.status = HV_STATUS_SUCCESS;
	write_post(0x10, "taken", HV_STATUS_SUCCESS, 0);
	ck_assert_int_eq(replay("--timeout 2s"), EXIT_DONE);
	ck_assert_uint_gt(fake.longest_wait_ns, 0);
	ck_assert_uint_eq(fake.post.flags, HVPOST_POST_UNCHECKED);
	ck_assert_uint_eq(fake.post.message_type, 7);
	ck_assert_mem_eq(fake.payload, "taken", 5);
}
END_TEST

START_TEST(what_was_refused_is_tried_once)
{
	fake.status = HV_STATUS_INSUFFICIENT_BUFFERS;
	fake.post_errno = EAGAIN;
	write_post(0x10, "refused", HV_STATUS_INSUFFICIENT_BUFFERS, 0);
	ck_assert_int_eq(replay("--timeout 2s"), EXIT_DONE);
	ck_assert_uint_eq(fake.longest_wait_ns, 0);
	ck_assert_ptr_nonnull(strstr(out, "1 posted, 1 answered as recorded"));
}
END_TEST

START_TEST(what_the_driver_refuses_ends_it)
{
	fake.post_errno = EPERM;
	fake.status = HVPOST_NO_STATUS;
	write_post(1, "VMBus's", HV_STATUS_SUCCESS, 0);
	write_post(1, "VMBus's", HV_STATUS_SUCCESS, 0);
	ck_assert_int_eq(replay("--quiet"), EXIT_LOCAL);
	ck_assert_uint_eq(fake.posts, 1);
	ck_assert_ptr_nonnull(strstr(complaint, "connection 0x1 belongs to "
						"VMBus"));
}
END_TEST

static const struct {
	const char *options, *why;
} misuse[] = {
	{ "--speed 0", "--speed takes a number from 1 to 1000000, or max" },
	{ "--speed 1000001", "--speed takes a number" },
	{ "--speed fast", "--speed takes a number" },
	{ "--connection 5", "--connection takes two numbers" },
	{ "--connection =5", "--connection takes two numbers" },
	{ "--connection 5=", "--connection takes two numbers" },
	{ "--connection 1=2=3", "--connection takes two numbers" },
	{ "--connection 0xffffffff=1", "--connection takes two numbers" },
	{ "--connection 1111111111111111111111111111111111111=1",
	  "--connection takes two numbers" },
	{ "--source me", "--source is hvpost.ko, libhvpost" },
	{ "--slots here", "--slots takes a connection's number" },
};

START_TEST(misuse_is_told)
{
	ck_assert_int_eq(replay(misuse[_i].options), EXIT_LOCAL);
	ck_assert_msg(strstr(complaint, misuse[_i].why) != NULL, "'%s'",
		      complaint);
}
END_TEST

/* Comparisons */

START_TEST(a_comparison_counts_also_what_it_does_not_list)
{
	static struct comparison comparison;

	for (uint32_t now = 0; now < COMPARISON_ROWS + 10; now++)
		comparison_add(&comparison, 0, now);
	comparison_add(&comparison, 0, 1);
	ck_assert_uint_eq(comparison.rows_used, COMPARISON_ROWS);
	ck_assert_uint_eq(comparison.rows[1].count, 2);
	ck_assert_uint_eq(comparison.same, 1);
	ck_assert_uint_eq(comparison.different, COMPARISON_ROWS + 10);
}
END_TEST

Suite *replay_suite(void)
{
	Suite *suite = suite_create("replay");
	TCase *machine = tcase_create("machine");
	TCase *device = tcase_create("device");

	suite_add_tcase(suite, machine);
	tcase_add_checked_fixture(machine, create_file, remove_file);
	tcase_add_test(machine, each_post_is_posted_again_in_order);
	tcase_add_test(machine, a_connection_may_be_another_one);
	tcase_add_test(machine, what_was_received_is_posted_on_request);
	tcase_add_test(machine, another_answer_than_recorded_is_told);
	tcase_add_test(machine, json_has_the_same);
	tcase_add_test(machine,
		       what_cannot_be_posted_as_it_was_is_left_out_and_counted);
	tcase_add_test(machine, a_post_that_several_saw_is_posted_once);
	tcase_add_test(machine, whose_posts_are_taken_can_be_chosen);
	tcase_add_test(machine, a_pipe_is_taken_as_a_file_is);
	tcase_add_test(machine, times_between_posts_are_kept);
	tcase_add_loop_test(machine, an_hour_can_be_short, 0, ROWS(fast));
	tcase_add_test(machine, times_that_go_back_do_not_wait);
	tcase_add_test(machine, a_signal_ends_it_with_its_summary);
	tcase_add_test(machine,
		       a_damaged_capture_is_replayed_as_far_as_it_goes);
	tcase_add_loop_test(machine, misuse_is_told, 0, ROWS(misuse));
	tcase_add_test(machine, a_comparison_counts_also_what_it_does_not_list);

	suite_add_tcase(suite, device);
	tcase_add_checked_fixture(device, create_device, remove_device);
	tcase_add_test(device,
		       what_was_taken_is_tried_for_a_time);
	tcase_add_test(device, what_was_refused_is_tried_once);
	tcase_add_test(device, what_the_driver_refuses_ends_it);
	return suite;
}
