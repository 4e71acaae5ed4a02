// SPDX-License-Identifier: MIT
/* The tool's commands, in this process, against a fake device. */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <json-c/json.h>

#include "captured.h"
#include "fake_device.h"
#include "stop.h"
#include "suites.h"

static void assert_error_object(const char *code)
{
	struct json_object *object = parse_last_line(), *error;

	ck_assert_str_eq(json_text(object, "version"), "1");
	error = json_object_object_get(object, "error");
	ck_assert_ptr_nonnull(error);
	ck_assert_str_eq(json_text(error, "code"), code);
	ck_assert_ptr_nonnull(json_text(error, "message"));
	json_object_put(object);
}

static int stdin_saved = -1;

static sigset_t stop_signals_set(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	return set;
}

/*
 * A device that the tool takes for its default, an empty input, and signals
 * that wait until the tool takes them over.
 */
static void create_world(void)
{
	sigset_t held = stop_signals_set();

	stop_on_signals(); /* forget how the last test ended */
	sigprocmask(SIG_BLOCK, &held, NULL);
	fake_device_create();
	setenv("HVPOST_TARGET", fake.target, 1);
	stdin_saved = dup(STDIN_FILENO);
	dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
}

static void remove_world(void)
{
	sigset_t held = stop_signals_set();

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	sigprocmask(SIG_UNBLOCK, &held, NULL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	dup2(stdin_saved, STDIN_FILENO);
	close(stdin_saved);
	unsetenv("HVPOST_TARGET");
	if (out_fd >= 0)
		close(out_fd);
	out_fd = -1;
	fake_device_remove();
}

/* The write end of a pipe that nobody reads; writing to it is an error only. */
static int pipe_without_reader(void)
{
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(pipe(ends), 0);
	close(ends[0]);
	return ends[1];
}

static void put_on_stdin(const void *bytes, size_t size)
{
	FILE *file = tmpfile();

	fwrite(bytes, 1, size, file);
	fflush(file);
	lseek(fileno(file), 0, SEEK_SET);
	dup2(fileno(file), STDIN_FILENO);
	fclose(file);
}

/* info */

START_TEST(info_prints_what_the_target_is)
{
	fake.info.privileges_low = 0x4;
	fake.info.privileges_high = 0x80000010;
	fake.info.sints_bound = 1 << 6 | 1 << 9;
	fake.info.vmbus_loaded = 1;
	ck_assert_int_eq(run(&command_info, ""), EXIT_DONE);
	ck_assert_ptr_nonnull(strstr(out, "driver        9.8.7\n"));
	ck_assert_ptr_nonnull(strstr(out, "hypercall     kernel: "));
	ck_assert_ptr_nonnull(strstr(out, "SynIC         owned: "));
	ck_assert_ptr_nonnull(strstr(out, "VPs online    2\n"));
	ck_assert_ptr_nonnull(strstr(out, "SINTs bound   6 9\n"));
	ck_assert_ptr_nonnull(strstr(out, "SINTs busy    none\n"));
	ck_assert_ptr_nonnull(strstr(out, "hv_vmbus      loaded\n"));
	ck_assert_ptr_nonnull(strstr(out, "  AccessSynicRegs\n"));
	ck_assert_ptr_nonnull(strstr(out, "  PostMessages\n"));
	ck_assert_ptr_nonnull(strstr(out, "  bit 63\n"));
	ck_assert_str_eq(complaint, "");
}
END_TEST

START_TEST(info_json_has_the_same)
{
	struct json_object *object;

	fake.info.privileges_high = 0x10;
	fake.info.sints_busy = 1 << 2;
	fake.info.guest_os_id = 0x8100000000000000;
	ck_assert_int_eq(run(&command_info, "--json"), EXIT_DONE);
	object = parse_last_line();
	ck_assert_str_eq(json_text(object, "version"), "1");
	ck_assert_str_eq(json_text(object, "target"), fake.target);
	ck_assert_str_eq(json_text(object, "driver_version"), "9.8.7");
	ck_assert_str_eq(json_text(object, "hypercall"), "kernel");
	ck_assert_str_eq(json_text(object, "synic"), "owned");
	ck_assert_str_eq(json_text(object, "vps_online"), "2");
	ck_assert_str_eq(json_text(object, "sints_busy"), "[ 2 ]");
	ck_assert_str_eq(json_text(object, "vmbus_loaded"), "false");
	ck_assert_str_eq(json_text(object, "guest_os_id"),
			 "0x8100000000000000");
	ck_assert_str_eq(json_text(object, "privileges"), "0x1000000000");
	ck_assert_str_eq(json_text(object, "privilege_names"),
			 "[ \"PostMessages\" ]");
	json_object_put(object);
}
END_TEST

/* send */

START_TEST(send_posts_its_text)
{
	ck_assert_int_eq(run(&command_send, "0x10 hello"), EXIT_DONE);
	ck_assert_uint_eq(fake.posts, 1);
	ck_assert_uint_eq(fake.post.connection_id, 0x10);
	ck_assert_uint_eq(fake.post.message_type, 1);
	ck_assert_uint_eq(fake.post.payload_size, 5);
	ck_assert_mem_eq(fake.payload, "hello", 5);
	ck_assert_uint_eq(fake.post.flags, 0);
	ck_assert_str_eq(out, "posted 5 bytes to connection 0x10, type 1, in "
			      "1 try\n");
}
END_TEST

START_TEST(send_takes_type_flag_and_hex)
{
	ck_assert_int_eq(run(&command_send, "16 --type 0x7fffffff --hex 00ff "
					    "--retry-connection --quiet"),
			 EXIT_DONE);
	ck_assert_uint_eq(fake.post.message_type, 0x7fffffff);
	ck_assert_uint_eq(fake.post.payload_size, 2);
	ck_assert_mem_eq(fake.payload, "\0\xff", 2);
	ck_assert_uint_eq(fake.post.flags, HVPOST_POST_RETRY_CONNECTION);
	ck_assert_str_eq(out, "");
}
END_TEST

static const char *const stdin_lines[] = { "0x10", "0x10 -" };

START_TEST(send_takes_standard_input)
{
	put_on_stdin("in\0put\n", 7);
	ck_assert_int_eq(run(&command_send, stdin_lines[_i]), EXIT_DONE);
	ck_assert_uint_eq(fake.post.payload_size, 7);
	ck_assert_mem_eq(fake.payload, "in\0put\n", 7);
}
END_TEST

START_TEST(send_takes_a_file)
{
	put_on_stdin("file", 4);
	ck_assert_int_eq(run(&command_send, "0x10 --file /dev/stdin"),
			 EXIT_DONE);
	ck_assert_mem_eq(fake.payload, "file", 4);
}
END_TEST

START_TEST(send_without_time_asks_for_one_try)
{
	ck_assert_int_eq(run(&command_send, "0x10 x --timeout 0"), EXIT_DONE);
	ck_assert(fake.post.deadline_ns == HVPOST_DEADLINE_NONE);
}
END_TEST

START_TEST(send_retries_for_five_seconds_unless_told)
{
	uint64_t before = hvpost_deadline_in_ms(5000), after;

	fake.busy = 1000;
	ck_assert_int_eq(run(&command_send, "0x10 x"), EXIT_TIMED_OUT);
	after = hvpost_deadline_in_ms(5000) - fake.waited_ns;
	ck_assert(fake.post.deadline_ns >= before);
	ck_assert(fake.post.deadline_ns <= after);
}
END_TEST

/* So that a signal that comes just before the call is not lost for long. */
START_TEST(send_waits_in_short_calls_and_counts_their_tries)
{
	fake.busy = 30;
	ck_assert_int_eq(run(&command_send, "0x10 x --timeout 1m"), EXIT_DONE);
	ck_assert_uint_eq(fake.posts, 31);
	ck_assert(fake.longest_wait_ns <= 100000000);
	ck_assert_ptr_nonnull(strstr(out, "in 31 tries\n"));
}
END_TEST

/* As in a time namespace whose clock is behind the driver's. */
START_TEST(send_does_not_run_wild_when_its_calls_do_not_wait)
{
	fake.busy = 1000000;
	fake.hasty = true;
	ck_assert_int_eq(run(&command_send, "0x10 x --timeout 150ms"),
			 EXIT_TIMED_OUT);
	ck_assert_uint_le(fake.posts, 2);
}
END_TEST

START_TEST(send_repeats_what_a_signal_interrupted)
{
	fake.interrupt_at = 1;
	ck_assert_int_eq(run(&command_send, "0x10 x"), EXIT_DONE);
	ck_assert_uint_eq(fake.posts, 2);
	ck_assert_ptr_nonnull(strstr(out, "in 2 tries\n"));
	ck_assert_str_eq(complaint, "");
}
END_TEST

START_TEST(burst_skips_no_message_that_a_signal_interrupted)
{
	fake.interrupt_at = 2;
	ck_assert_int_eq(run(&command_send, "0x10 x --count 3"), EXIT_DONE);
	ck_assert_uint_eq(fake.posts, 4);
	ck_assert_ptr_nonnull(strstr(out, "posted 3 of 3 messages"));
}
END_TEST

START_TEST(burst_that_is_stopped_says_how_far_it_came)
{
	fake.stop_at = 3;
	fake.interrupt_at = 3;
	ck_assert_int_eq(run(&command_send, "0x10 x --count 5"), EXIT_LOCAL);
	ck_assert_uint_eq(fake.posts, 3);
	ck_assert_ptr_nonnull(strstr(out, "posted 2 of 5 messages of 1 bytes "
					  "to connection 0x10, type 1, in 3 "
					  "tries\n"));
	ck_assert_str_eq(complaint, "hvpost send: connection 0x10: stopped by "
				    "a signal, the message is not posted\n");
}
END_TEST

START_TEST(burst_that_is_stopped_says_so_in_json)
{
	fake.stop_at = 1;
	fake.interrupt_at = 1;
	ck_assert_int_eq(run(&command_send, "0x10 x --count 5 --json"),
			 EXIT_LOCAL);
	ck_assert_ptr_nonnull(strstr(out, "\"posted\":0,\"refused\":0"));
	ck_assert_ptr_nonnull(strstr(out, "\"code\":\"interrupted\""));
	ck_assert_ptr_null(strstr(out, "status_name"));
}
END_TEST

/* As a shell expects it of a command in a loop. */
START_TEST(send_of_one_message_dies_of_a_signal)
{
	sigset_t held = stop_signals_set();
	pid_t child;
	int status;

	fflush(NULL);
	child = fork();
	if (!child) {
		signal(SIGINT, SIG_DFL);
		sigprocmask(SIG_UNBLOCK, &held, NULL);
		fake.stop_at = 1;
		fake.busy = 1000000;
		_exit(run(&command_send, "0x10 x --timeout 100m"));
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGINT);
}
END_TEST

static const char *const sources[] = {
	"0x10 text --hex 00",
	"0x10 text --file f",
	"0x10 --file f --hex 00",
};

START_TEST(send_takes_only_one_payload)
{
	ck_assert_int_eq(run(&command_send, sources[_i]), EXIT_LOCAL);
	ck_assert_ptr_nonnull(strstr(complaint, "exclude each other"));
	ck_assert_ptr_nonnull(strstr(complaint, "try 'hvpost send --help'"));
	ck_assert_uint_eq(fake.posts, 0);
}
END_TEST

START_TEST(send_hands_a_payload_of_241_bytes_to_the_driver)
{
	char line[300] = "0x10 ";

	memset(line + 5, 'x', 241);
	ck_assert_int_eq(run(&command_send, line), EXIT_LOCAL);
	ck_assert_uint_eq(fake.posts, 1);
	ck_assert_ptr_nonnull(strstr(complaint, "payload is 241 bytes; one "
						"message carries at most 240"));
}
END_TEST

START_TEST(send_refuses_input_without_end)
{
	ck_assert_int_eq(run(&command_send, "0x10 --file /dev/zero --json"),
			 EXIT_LOCAL);
	ck_assert_ptr_nonnull(strstr(complaint, "payload is over 4096 bytes"));
	assert_error_object("too-long");
	ck_assert_uint_eq(fake.posts, 0);
}
END_TEST

START_TEST(refused_send_exits_with_2_and_explains)
{
	fake.post_errno = ENOTCONN;
	fake.status = 0x12;
	ck_assert_int_eq(run(&command_send, "0x10 hello --json"), EXIT_REFUSED);
	ck_assert_ptr_nonnull(
		strstr(complaint, "HV_STATUS_INVALID_CONNECTION_ID (0x12)"));
	assert_error_object("refused");
}
END_TEST

START_TEST(send_that_runs_out_of_time_exits_with_3)
{
	fake.busy = 100;
	fake.attempts = 9;
	ck_assert_int_eq(run(&command_send, "0x10 hello --json"),
			 EXIT_TIMED_OUT);
	assert_error_object("timed-out");
}
END_TEST

START_TEST(send_that_the_driver_denies_exits_with_1)
{
	fake.post_errno = EBUSY;
	fake.attempts = 0;
	ck_assert_int_eq(run(&command_send, "1 hello --json"), EXIT_LOCAL);
	ck_assert_ptr_nonnull(strstr(complaint, "in use by hv_vmbus"));
	assert_error_object("busy");
}
END_TEST

START_TEST(burst_goes_on_after_refusals_and_counts_them)
{
	fake.post_errno = EAGAIN;
	fake.status = 0x13;
	ck_assert_int_eq(run(&command_send, "0x10 x --count 5 --timeout 0"),
			 EXIT_REFUSED);
	ck_assert_uint_eq(fake.posts, 5);
	ck_assert_ptr_nonnull(strstr(out, "posted 0 of 5 messages"));
	ck_assert_ptr_nonnull(strstr(out, "       5  0x13  "
					  "HV_STATUS_INSUFFICIENT_BUFFERS\n"));
}
END_TEST

START_TEST(burst_ends_when_time_runs_out)
{
	fake.busy = 100;
	ck_assert_int_eq(run(&command_send, "0x10 x --count 5 --timeout 50ms"),
			 EXIT_TIMED_OUT);
	ck_assert_uint_eq(fake.posts, 1);
}
END_TEST

START_TEST(burst_that_all_arrived_exits_with_0)
{
	struct json_object *object;

	ck_assert_int_eq(run(&command_send, "0x10 x --count 5 --json"),
			 EXIT_DONE);
	object = parse_last_line();
	ck_assert_str_eq(json_text(object, "version"), "1");
	ck_assert_str_eq(json_text(object, "posted"), "5");
	ck_assert_str_eq(json_text(object, "refused"), "0");
	json_object_put(object);
}
END_TEST

/* signal */

START_TEST(signal_signals_flag_0_by_default)
{
	ck_assert_int_eq(run(&command_signal, "0x11"), EXIT_DONE);
	ck_assert_uint_eq(fake.signal.connection_id, 0x11);
	ck_assert_uint_eq(fake.signal.flag_number, 0);
	ck_assert_str_eq(out, "signalled flag 0 of connection 0x11\n");
}
END_TEST

START_TEST(signal_takes_a_flag)
{
	ck_assert_int_eq(run(&command_signal, "0x11 2047 --json"), EXIT_DONE);
	ck_assert_uint_eq(fake.signal.flag_number, 2047);
	ck_assert_str_eq(out, "{\"version\":1,\"connection\":17,"
			      "\"flag\":2047}\n");
}
END_TEST

START_TEST(signal_refuses_flag_2048)
{
	ck_assert_int_eq(run(&command_signal, "0x11 2048"), EXIT_LOCAL);
	ck_assert_ptr_nonnull(strstr(complaint, "FLAG '2048' is not a number "
						"up to 2047"));
}
END_TEST

START_TEST(refused_signal_exits_with_2)
{
	fake.signal_errno = ENOTCONN;
	fake.status = 0x12;
	ck_assert_int_eq(run(&command_signal, "0x11 --json"), EXIT_REFUSED);
	assert_error_object("refused");
}
END_TEST

/* listen */

START_TEST(listen_prints_as_many_messages_as_asked)
{
	fake_device_deliver_text(1, "one");
	fake_device_deliver_text(2, "two");
	fake_device_deliver_text(3, "three");
	ck_assert_int_eq(run(&command_listen, "6 --count 2"), EXIT_DONE);
	ck_assert_uint_eq(fake.bind.sint, 6);
	ck_assert_ptr_nonnull(
		strstr(out, "type 1 size 3 origin 0x0 \"one\"\n"));
	ck_assert_ptr_nonnull(
		strstr(out, "type 2 size 3 origin 0x0 \"two\"\n"));
	ck_assert_ptr_null(strstr(out, "three"));
	ck_assert_str_eq(complaint, "listening on SINT 6, 2 VPs\n"
				    "2 messages received\n");
}
END_TEST

START_TEST(listen_prints_raw_bytes_only)
{
	fake_device_deliver_text(1, "one");
	fake_device_deliver_text(1, "two");
	ck_assert_int_eq(run(&command_listen, "6 -n 2 --format raw --quiet"),
			 EXIT_DONE);
	ck_assert_str_eq(out, "onetwo");
	ck_assert_str_eq(complaint, "");
}
END_TEST

static const char *const json_lines[] = { "6 -n 1 --json",
					  "6 -n 1 --format json" };

START_TEST(listen_prints_json)
{
	struct json_object *object;

	fake_device_deliver_text(1, "one");
	ck_assert_int_eq(run(&command_listen, json_lines[_i]), EXIT_DONE);
	object = parse_last_line();
	ck_assert_str_eq(json_text(object, "event"), "message");
	ck_assert_str_eq(json_text(object, "payload_text"), "one");
	json_object_put(object);
}
END_TEST

START_TEST(listen_times_out_with_3_when_nothing_comes)
{
	ck_assert_int_eq(run(&command_listen, "6 --timeout 20ms --json"),
			 EXIT_TIMED_OUT);
	ck_assert_ptr_nonnull(
		strstr(complaint, "0 messages came, then none for 20 ms"));
	assert_error_object("timed-out");
}
END_TEST

START_TEST(listen_times_out_with_3_when_too_few_come)
{
	fake_device_deliver_text(1, "one");
	ck_assert_int_eq(run(&command_listen, "6 --timeout 20ms --count 2"),
			 EXIT_TIMED_OUT);
	ck_assert_ptr_nonnull(
		strstr(complaint, "1 message came, then none for 20 ms"));
}
END_TEST

START_TEST(listen_that_heard_something_may_time_out_with_0)
{
	fake_device_deliver_text(1, "one");
	ck_assert_int_eq(run(&command_listen, "6 --timeout 20ms"), EXIT_DONE);
}
END_TEST

static const int stop_signals[] = { SIGINT, SIGTERM };

START_TEST(listen_ends_with_0_on_a_signal)
{
	raise(stop_signals[_i]);
	fake_device_deliver_text(1, "one");
	ck_assert_int_eq(run(&command_listen, "6"), EXIT_DONE);
	ck_assert_ptr_nonnull(strstr(complaint, "1 message received\n"));
}
END_TEST

START_TEST(listen_ends_on_a_signal_while_messages_keep_coming)
{
	raise(SIGTERM);
	fake.endless = true;
	ck_assert_int_eq(run(&command_listen, "6"), EXIT_DONE);
	ck_assert_ptr_nonnull(strstr(complaint, " messages received\n"));
}
END_TEST

/* More than are read at once: those behind stay with the driver. */
static void assert_output_fails(int error)
{
	struct pollfd rest = { .fd = fake.writer, .events = POLLIN };
	char text[100];

	for (int i = 0; i < 100; i++)
		fake_device_deliver_text(1, "one");
	ck_assert_int_eq(run(&command_listen, "6 --count 100"), EXIT_LOCAL);
	snprintf(text, sizeof(text),
		 "hvpost listen: cannot write to standard output: %s\n",
		 strerror(error));
	ck_assert_ptr_nonnull(strstr(complaint, text));
	ck_assert_ptr_nonnull(strstr(complaint, "1 message received\n"));
	ck_assert_int_eq(poll(&rest, 1, 0), 1);
}

START_TEST(listen_ends_when_it_cannot_print)
{
	out_fd = open("/dev/full", O_WRONLY);
	assert_output_fails(ENOSPC);
}
END_TEST

START_TEST(listen_ends_when_it_prints_to_nobody)
{
	out_fd = pipe_without_reader();
	assert_output_fails(EPIPE);
}
END_TEST

START_TEST(listen_does_not_wait_for_messages_that_nobody_reads)
{
	out_fd = pipe_without_reader();
	ck_assert_int_eq(run(&command_listen, "6"), EXIT_LOCAL);
	ck_assert_ptr_nonnull(strstr(complaint, "hvpost listen: nobody reads "
						"standard output any more\n"));
}
END_TEST

START_TEST(listen_prints_counters_at_the_end)
{
	fake.counters.messages = 11;
	fake.counters.stalls = 2;
	fake_device_deliver_text(1, "one");
	ck_assert_int_eq(run(&command_listen, "6 --count 1 --stats"),
			 EXIT_DONE);
	ck_assert_ptr_nonnull(strstr(complaint,
				     "messages 11, interrupts 0, empty 0, EOMs "
				     "0, stalls 2, oversize 0, events 0, "
				     "dropped 0, filtered 0, losses 0\n"));
}
END_TEST

START_TEST(listen_prints_counters_as_json_too)
{
	struct json_object *object;

	fake.counters.oversize = 4;
	fake_device_deliver_text(1, "one");
	ck_assert_int_eq(run(&command_listen, "6 -n1 --stats --json"),
			 EXIT_DONE);
	object = parse_last_line();
	ck_assert_str_eq(json_text(object, "event"), "counters");
	ck_assert_str_eq(json_text(object, "oversize"), "4");
	json_object_put(object);
}
END_TEST

START_TEST(listen_asks_for_the_ring_it_was_told)
{
	fake_device_deliver_text(1, "one");
	ck_assert_int_eq(run(&command_listen, "6 -n1 --ring 256"), EXIT_DONE);
	ck_assert_uint_eq(fake.bind.ring_records, 256);
}
END_TEST

START_TEST(listen_binds_what_it_was_told)
{
	fake_device_deliver_text(1, "one");
	ck_assert_int_eq(run(&command_listen, "6 -n1"), EXIT_DONE);
	ck_assert_uint_eq(fake.bind.flags, 0);
	ck_assert_uint_eq(fake.filter.rule_count, 0);
	fake_device_deliver_text(1, "one");
	ck_assert_int_eq(run(&command_listen, "6 -n1 --events --shared"),
			 EXIT_DONE);
	ck_assert_uint_eq(fake.bind.flags,
			  HVPOST_BIND_EVENTS | HVPOST_BIND_SHARED);
}
END_TEST

static const struct {
	const char *line;
	struct hvpost_filter_rule rule;
} filters[] = {
	{ "6 -n1 --type 7", { 7, 7, 0, 0 } },
	{ "6 -n1 --type 0x10-31", { 16, 31, 0, 0 } },
	{ "6 -n1 --from 0x1122334455667788",
	  { 1, UINT32_MAX, 0x1122334455667788, UINT64_MAX } },
	{ "6 -n1 --from 0", { 1, UINT32_MAX, 0, UINT64_MAX } },
	{ "6 -n1 --type 1-4294967295 --from 5",
	  { 1, UINT32_MAX, 5, UINT64_MAX } },
};

START_TEST(listen_filters_messages_and_lets_events_pass)
{
	static const struct hvpost_filter_rule events;

	fake_device_deliver_text(1, "one");
	ck_assert_int_eq(run(&command_listen, filters[_i].line), EXIT_DONE);
	ck_assert_uint_eq(fake.filter.rule_count, 2);
	ck_assert_mem_eq(&fake.filter.rules[0], &filters[_i].rule,
			 sizeof(filters[_i].rule));
	ck_assert_mem_eq(&fake.filter.rules[1], &events, sizeof(events));
}
END_TEST

static void deliver_event(void)
{
	fake_device_deliver(&(struct hvpost_record){
			.flags = HVPOST_RECORD_EVENT, .origin = 113, .sint = 6,
		});
}

static const char *const event_lines[] = {
	"6 -n1 -e", "6 -n1 -e --format hex",
};

START_TEST(listen_prints_an_event_as_a_line)
{
	deliver_event();
	ck_assert_int_eq(run(&command_listen, event_lines[_i]), EXIT_DONE);
	ck_assert_ptr_nonnull(strstr(out, "vp 0 sint 6 seq 1 event 113\n"));
}
END_TEST

START_TEST(listen_prints_an_event_as_json)
{
	struct json_object *object;

	deliver_event();
	ck_assert_int_eq(run(&command_listen, "6 -n1 -e --json"), EXIT_DONE);
	object = parse_last_line();
	ck_assert_str_eq(json_text(object, "event"), "signal");
	ck_assert_str_eq(json_text(object, "flag"), "113");
	ck_assert_str_eq(json_text(object, "sequence"), "1");
	json_object_put(object);
}
END_TEST

START_TEST(listen_says_what_a_target_cannot_do)
{
	fake.bind_errno = EOPNOTSUPP;
	ck_assert_int_eq(run(&command_listen, "6 --shared --json"), EXIT_LOCAL);
	assert_error_object("not-there");
}
END_TEST

static const char *const bad_listens[] = {
	"0", "16", "six", "6 7", "", "6 --format xml", "6 --ring 4097",
	"6 --type 0", "6 --type", "6 --type 5-4", "6 --type 1-", "6 --type -1",
	"6 --type 4294967296", "6 --type 1-2-3", "6 --from me", "6 --from -1",
};

START_TEST(listen_refuses_misuse)
{
	ck_assert_int_eq(run(&command_listen, bad_listens[_i]), EXIT_LOCAL);
	ck_assert_ptr_nonnull(strstr(complaint, "try 'hvpost listen --help'"));
	ck_assert_uint_eq(fake.bind.sint, 0);
}
END_TEST

START_TEST(listen_on_a_sint_in_use_says_so)
{
	fake.bind_errno = EBUSY;
	ck_assert_int_eq(run(&command_listen, "6 --json"), EXIT_LOCAL);
	ck_assert_ptr_nonnull(strstr(complaint, "SINT 6 is in use"));
	assert_error_object("busy");
}
END_TEST

/* ping */

START_TEST(ping_whose_echoes_all_come_exits_with_0)
{
	fake.echo = true;
	ck_assert_int_eq(run(&command_ping, "0x10 6 -n 5 -i 0"), EXIT_DONE);
	ck_assert_uint_eq(fake.posts, 5);
	ck_assert_uint_eq(fake.post.payload_size, 56);
	ck_assert_ptr_nonnull(strstr(out, "echo 1: vp 1, "));
	ck_assert_ptr_nonnull(strstr(out, "echo 5: vp 1, "));
	ck_assert_ptr_nonnull(strstr(out, "5 sent, 5 received, 0 lost, "
					  "0 unexpected\n"));
	ck_assert_ptr_nonnull(strstr(out, "round trip min/median/p99/max = "));
	ck_assert_str_eq(complaint, "");
}
END_TEST

START_TEST(ping_whose_echo_is_lost_exits_with_3)
{
	fake.echo = true;
	fake.swallow = 1;
	ck_assert_int_eq(run(&command_ping, "0x10 6 -n 3 -i 0 --timeout 20ms"),
			 EXIT_TIMED_OUT);
	ck_assert_ptr_nonnull(strstr(out, "echo 1: lost, nothing came in 20 "
					  "ms\n"));
	ck_assert_ptr_nonnull(strstr(out, "3 sent, 2 received, 1 lost, "
					  "0 unexpected\n"));
}
END_TEST

START_TEST(ping_does_not_take_a_damaged_echo)
{
	fake.echo = true;
	fake.damage = true;
	ck_assert_int_eq(run(&command_ping, "0x10 6 -n 1 --timeout 20ms"),
			 EXIT_TIMED_OUT);
	ck_assert_ptr_nonnull(strstr(out, "1 sent, 0 received, 1 lost, "
					  "1 unexpected\n"));
	ck_assert_ptr_null(strstr(out, "round trip"));
}
END_TEST

START_TEST(ping_waits_on_past_a_message_of_somebody_else)
{
	fake_device_deliver_text(1, "not for you");
	fake.echo = true;
	ck_assert_int_eq(run(&command_ping, "0x10 6 -n 1"), EXIT_DONE);
	ck_assert_ptr_nonnull(strstr(out, "1 sent, 1 received, 0 lost, "
					  "1 unexpected\n"));
}
END_TEST

START_TEST(ping_that_is_refused_exits_with_2)
{
	fake.post_errno = ENOTCONN;
	fake.status = 0x12;
	ck_assert_int_eq(run(&command_ping, "0x10 6 --json"), EXIT_REFUSED);
	ck_assert_ptr_nonnull(strstr(out, "\"error\""));
	ck_assert_ptr_nonnull(strstr(out, "\"summary\""));
}
END_TEST

START_TEST(ping_summary_is_json_too)
{
	struct json_object *object, *times;

	fake.echo = true;
	ck_assert_int_eq(run(&command_ping, "0x10 6 -n 2 -i 0 --size 240 "
					    "--type 5 --quiet --json"),
			 EXIT_DONE);
	ck_assert_uint_eq(fake.post.payload_size, 240);
	ck_assert_uint_eq(fake.post.message_type, 5);
	ck_assert_ptr_null(strstr(out, "\"echo\""));
	object = parse_last_line();
	ck_assert_str_eq(json_text(object, "version"), "1");
	ck_assert_str_eq(json_text(object, "event"), "summary");
	ck_assert_str_eq(json_text(object, "received"), "2");
	times = json_object_object_get(object, "rtt_ns");
	ck_assert_ptr_nonnull(json_text(times, "p99"));
	json_object_put(object);
}
END_TEST

START_TEST(ping_keeps_its_interval)
{
	uint64_t start = hvpost_deadline_in_ms(0), end;

	fake.echo = true;
	ck_assert_int_eq(run(&command_ping, "0x10 6 -n 3 -i 30ms"), EXIT_DONE);
	end = hvpost_deadline_in_ms(0);
	ck_assert(end - start >= 60000000);
}
END_TEST

static const char *const bad_pings[] = {
	"0x10",
	"0x10 0",
	"0x10 6 --size 15",
	"0x10 6 --size 241",
	"0x10 6 --type 0",
	"0x10 6 --type 0x80000000",
	"0x10 6 --count 0",
};

START_TEST(ping_refuses_misuse)
{
	ck_assert_int_eq(run(&command_ping, bad_pings[_i]), EXIT_LOCAL);
	ck_assert_ptr_nonnull(strstr(complaint, "try 'hvpost ping --help'"));
	ck_assert_uint_eq(fake.posts, 0);
}
END_TEST

START_TEST(ping_ends_with_a_summary_on_a_signal)
{
	fake.stop_at = 1;
	fake.echo = true;
	ck_assert_int_eq(run(&command_ping, "0x10 6 -n 2 -i 1m"), EXIT_DONE);
	ck_assert_ptr_nonnull(strstr(out, "1 sent, 1 received, 0 lost, "));
}
END_TEST

START_TEST(ping_does_not_count_an_echo_it_did_not_wait_for)
{
	fake.stop_at = 1;
	ck_assert_int_eq(run(&command_ping, "0x10 6 --timeout 1m"), EXIT_DONE);
	ck_assert_ptr_nonnull(strstr(out, "0 sent, 0 received, 0 lost, "));
}
END_TEST

START_TEST(ping_ends_with_a_summary_while_its_post_waits)
{
	fake.stop_at = 1;
	fake.interrupt_at = 1;
	ck_assert_int_eq(run(&command_ping, "0x10 6 --timeout 60m"), EXIT_DONE);
	ck_assert_uint_eq(fake.posts, 1);
	ck_assert_ptr_nonnull(strstr(out, "0 sent, 0 received, 0 lost, "));
	ck_assert_str_eq(complaint, "");
}
END_TEST

/* The call has begun to wait only after the signal, so it waits its time. */
START_TEST(ping_ends_soon_when_a_signal_comes_just_before_its_post)
{
	fake.stop_at = 1;
	fake.busy = 1000000;
	ck_assert_int_eq(run(&command_ping, "0x10 6 --timeout 60m"), EXIT_DONE);
	ck_assert_uint_eq(fake.posts, 1);
	ck_assert_ptr_nonnull(strstr(out, "0 sent, 0 received, 0 lost, "));
}
END_TEST

START_TEST(ping_repeats_a_post_that_a_signal_interrupted)
{
	fake.interrupt_at = 1;
	fake.echo = true;
	ck_assert_int_eq(run(&command_ping, "0x10 6 -n 1"), EXIT_DONE);
	ck_assert_uint_eq(fake.posts, 2);
	ck_assert_ptr_nonnull(strstr(out, "1 sent, 1 received, 0 lost, "));
}
END_TEST

START_TEST(ping_times_out_while_other_messages_keep_coming)
{
	fake.endless = true;
	ck_assert_int_eq(run(&command_ping, "0x10 6 -n 2 -i 0 --timeout 20ms"),
			 EXIT_TIMED_OUT);
	ck_assert_ptr_nonnull(strstr(out, "echo 1: lost"));
}
END_TEST

START_TEST(ping_ends_on_a_signal_while_other_messages_keep_coming)
{
	fake.stop_at = 1;
	fake.endless = true;
	ck_assert_int_eq(run(&command_ping, "0x10 6 --timeout 60m"), EXIT_DONE);
	ck_assert_ptr_nonnull(strstr(out, "0 sent, 0 received, 0 lost, "));
}
END_TEST

START_TEST(ping_ends_when_it_cannot_print)
{
	out_fd = open("/dev/full", O_WRONLY);
	fake.echo = true;
	ck_assert_int_eq(run(&command_ping, "0x10 6 -n 5 -i 0"), EXIT_LOCAL);
	ck_assert_uint_eq(fake.posts, 1);
	ck_assert_ptr_nonnull(strstr(complaint, "hvpost ping: cannot write to "
						"standard output: "));
}
END_TEST

static TCase *add_case(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, create_world, remove_world);
	return tcase;
}

static void add_send_tests(TCase *tcase)
{
	tcase_add_test(tcase, send_posts_its_text);
	tcase_add_test(tcase, send_takes_type_flag_and_hex);
	tcase_add_loop_test(tcase, send_takes_standard_input, 0,
			    ROWS(stdin_lines));
	tcase_add_test(tcase, send_takes_a_file);
	tcase_add_test(tcase, send_without_time_asks_for_one_try);
	tcase_add_test(tcase, send_retries_for_five_seconds_unless_told);
	tcase_add_test(tcase,
		       send_waits_in_short_calls_and_counts_their_tries);
	tcase_add_test(tcase,
		       send_does_not_run_wild_when_its_calls_do_not_wait);
	tcase_add_test(tcase, send_repeats_what_a_signal_interrupted);
	tcase_add_test(tcase, burst_skips_no_message_that_a_signal_interrupted);
	tcase_add_test(tcase, burst_that_is_stopped_says_how_far_it_came);
	tcase_add_test(tcase, burst_that_is_stopped_says_so_in_json);
	tcase_add_test(tcase, send_of_one_message_dies_of_a_signal);
	tcase_add_loop_test(tcase, send_takes_only_one_payload, 0,
			    ROWS(sources));
	tcase_add_test(tcase, send_hands_a_payload_of_241_bytes_to_the_driver);
	tcase_add_test(tcase, send_refuses_input_without_end);
	tcase_add_test(tcase, refused_send_exits_with_2_and_explains);
	tcase_add_test(tcase, send_that_runs_out_of_time_exits_with_3);
	tcase_add_test(tcase, send_that_the_driver_denies_exits_with_1);
	tcase_add_test(tcase, burst_goes_on_after_refusals_and_counts_them);
	tcase_add_test(tcase, burst_ends_when_time_runs_out);
	tcase_add_test(tcase, burst_that_all_arrived_exits_with_0);
}

static void add_listen_tests(TCase *tcase)
{
	tcase_add_test(tcase, listen_prints_as_many_messages_as_asked);
	tcase_add_test(tcase, listen_prints_raw_bytes_only);
	tcase_add_loop_test(tcase, listen_prints_json, 0, ROWS(json_lines));
	tcase_add_test(tcase, listen_times_out_with_3_when_nothing_comes);
	tcase_add_test(tcase, listen_times_out_with_3_when_too_few_come);
	tcase_add_test(tcase, listen_that_heard_something_may_time_out_with_0);
	tcase_add_loop_test(tcase, listen_ends_with_0_on_a_signal, 0,
			    ROWS(stop_signals));
	tcase_add_test(tcase,
		       listen_ends_on_a_signal_while_messages_keep_coming);
	tcase_add_test(tcase, listen_ends_when_it_cannot_print);
	tcase_add_test(tcase, listen_ends_when_it_prints_to_nobody);
	tcase_add_test(tcase,
		       listen_does_not_wait_for_messages_that_nobody_reads);
	tcase_add_test(tcase, listen_prints_counters_at_the_end);
	tcase_add_test(tcase, listen_prints_counters_as_json_too);
	tcase_add_test(tcase, listen_asks_for_the_ring_it_was_told);
	tcase_add_test(tcase, listen_binds_what_it_was_told);
	tcase_add_loop_test(tcase, listen_filters_messages_and_lets_events_pass,
			    0, ROWS(filters));
	tcase_add_loop_test(tcase, listen_prints_an_event_as_a_line, 0,
			    ROWS(event_lines));
	tcase_add_test(tcase, listen_prints_an_event_as_json);
	tcase_add_test(tcase, listen_says_what_a_target_cannot_do);
	tcase_add_loop_test(tcase, listen_refuses_misuse, 0, ROWS(bad_listens));
	tcase_add_test(tcase, listen_on_a_sint_in_use_says_so);
}

static void add_ping_tests(TCase *tcase)
{
	tcase_add_test(tcase, ping_whose_echoes_all_come_exits_with_0);
	tcase_add_test(tcase, ping_whose_echo_is_lost_exits_with_3);
	tcase_add_test(tcase, ping_does_not_take_a_damaged_echo);
	tcase_add_test(tcase, ping_waits_on_past_a_message_of_somebody_else);
	tcase_add_test(tcase, ping_that_is_refused_exits_with_2);
	tcase_add_test(tcase, ping_summary_is_json_too);
	tcase_add_test(tcase, ping_keeps_its_interval);
	tcase_add_loop_test(tcase, ping_refuses_misuse, 0, ROWS(bad_pings));
	tcase_add_test(tcase, ping_ends_with_a_summary_on_a_signal);
	tcase_add_test(tcase, ping_does_not_count_an_echo_it_did_not_wait_for);
	tcase_add_test(tcase, ping_ends_with_a_summary_while_its_post_waits);
	tcase_add_test(tcase,
		       ping_ends_soon_when_a_signal_comes_just_before_its_post);
	tcase_add_test(tcase, ping_repeats_a_post_that_a_signal_interrupted);
	tcase_add_test(tcase, ping_times_out_while_other_messages_keep_coming);
	tcase_add_test(tcase,
		       ping_ends_on_a_signal_while_other_messages_keep_coming);
	tcase_add_test(tcase, ping_ends_when_it_cannot_print);
}

Suite *commands_suite(void)
{
	Suite *suite = suite_create("commands");
	TCase *tcase;

	tcase = add_case(suite, "info");
	tcase_add_test(tcase, info_prints_what_the_target_is);
	tcase_add_test(tcase, info_json_has_the_same);

	add_send_tests(add_case(suite, "send"));

	tcase = add_case(suite, "signal");
	tcase_add_test(tcase, signal_signals_flag_0_by_default);
	tcase_add_test(tcase, signal_takes_a_flag);
	tcase_add_test(tcase, signal_refuses_flag_2048);
	tcase_add_test(tcase, refused_signal_exits_with_2);

	add_listen_tests(add_case(suite, "listen"));
	add_ping_tests(add_case(suite, "ping"));
	return suite;
}
