// SPDX-License-Identifier: MIT
/* What hvhost logs, read by somebody or by nobody. */
#define _GNU_SOURCE /* F_SETPIPE_SZ */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/hvhost/log.h"
#include "daemon.h"
#include "peer.h"
#include "suites.h"

#define SERVICE	"--link c:1=d:1"
#define PAGE	4096

/* More than may wait, and fewer than may be printed */
#define LINES	(LOG_BURST - 10)

static const char wrong[] = "a request that is too short";

/* stderr is a pipe that is full. Return both its ends. */
static int take_stderr(void)
{
	char page[PAGE];
	int fifo;

	memset(page, ' ', PAGE - 1);
	page[PAGE - 1] = '\n';

	ck_assert_int_eq(mkfifo(host_daemon.log, 0600), 0);
	fifo = open(host_daemon.log, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	ck_assert_int_eq(fcntl(fifo, F_SETPIPE_SZ, PAGE), PAGE);
	ck_assert_int_eq(write(fifo, page, PAGE), PAGE);
	return fifo;
}

/* Each is answered once its line has been logged. */
static void make_it_log_for(int (*connect)(void), unsigned int lines)
{
	struct peer peer;

	while (lines--) {
		peer.socket = connect();
		peer_send(peer.socket, "x", 1);
		ck_assert(peer_take_answer(&peer));
		ck_assert_str_eq(peer.answer.reason, wrong);
		close(peer.socket);
	}
}

static void make_it_log(unsigned int lines)
{
	make_it_log_for(peer_connect, lines);
}

START_TEST(a_log_that_nobody_reads_holds_up_nobody)
{
	int fifo = take_stderr();

	daemon_start(SERVICE);
	make_it_log(LINES);
	ck_service("c", 1, "d", 1);
	ck_assert_int_eq(daemon_stop(), 0);
	close(fifo);
}
END_TEST

/* The next line of the pipe, without its end. */
static void read_line(int fifo, char *line, size_t size)
{
	struct pollfd input = { .fd = fifo, .events = POLLIN };
	size_t length = 0;

	for (char byte = 0; byte != '\n';) {
		ck_assert_int_eq(poll(&input, 1, PATIENCE_MS), 1);
		ck_assert_int_eq(read(fifo, &byte, 1), 1);
		ck_assert_uint_lt(length, size);
		line[length++] = byte;
	}
	line[length - 1] = '\0';
}

START_TEST(what_is_left_out_is_counted_and_told_of_to_the_next_reader)
{
	char line[PAGE + 1];
	unsigned int seen = 0, left_out = 0;
	int fifo = take_stderr();

	daemon_start(SERVICE);
	make_it_log(LINES);
	read_line(fifo, line, sizeof(line));
	while (!left_out) {
		read_line(fifo, line, sizeof(line));
		seen += !!strstr(line, wrong);
		sscanf(line, "hvhost: %u lines left out", &left_out);
	}
	ck_assert_uint_eq(seen + left_out, LINES);
	ck_assert_uint_ge(seen, LOG_WAITING);
	make_it_log(1);
	do
		read_line(fifo, line, sizeof(line));
	while (!strstr(line, wrong));
	ck_assert_int_eq(daemon_stop(), 0);
	close(fifo);
}
END_TEST

START_TEST(what_was_logged_before_the_end_is_written_to_its_reader)
{
	char line[PAGE + 1];
	unsigned int seen = 0;
	int fifo = take_stderr();

	daemon_start(SERVICE);
	make_it_log(LOG_WAITING);
	kill(host_daemon.pid, SIGTERM);
	while (!access(host_daemon.socket, F_OK))
		look_again();
	read_line(fifo, line, sizeof(line));
	while (seen < LOG_WAITING) {
		read_line(fifo, line, sizeof(line));
		seen += !!strstr(line, wrong);
	}
	ck_assert_int_eq(daemon_stop(), 0);
	close(fifo);
}
END_TEST

/* Its stdout and --ready-fd are @full. */
static void start_unread(int full)
{
	const char *flags = getenv("HVHOST_FLAGS");
	char line[512];

	snprintf(line, sizeof(line), "exec \"$HVHOST\" run --socket '%s' %s "
		 "--ready-fd %d " SERVICE " >&%d", host_daemon.socket,
		 flags ? flags : "", full, full);
	host_daemon.pid = fork();
	ck_assert_int_ge(host_daemon.pid, 0);
	if (host_daemon.pid)
		return;
	execl("/bin/sh", "sh", "-c", line, (char *)NULL);
	_exit(127);
}

START_TEST(who_does_not_read_that_it_is_ready_holds_up_nobody)
{
	struct hvpost *handle;
	int fifo = take_stderr(), full;

	full = open(host_daemon.log, O_WRONLY);
	ck_assert_int_ge(full, 0);
	start_unread(full);
	while (hvpost_open(target_of("a"), &handle))
		look_again();
	hvpost_close(handle);
	ck_service("c", 1, "d", 1);
	close(full);
	close(fifo);
}
END_TEST

/* Who makes it log a lot: as a user of it, as a stranger, or as what root does. */

#define NOISE (3 * LOG_BURST)

/* Refused, and told so */
static void come_as_a_stranger(unsigned int times)
{
	struct peer peer;

	while (times--) {
		peer.socket = peer_connect_as_somebody();
		peer_send(peer.socket, "x", 1);
		ck_assert(peer_take_answer(&peer));
		ck_assert_int_eq(peer.answer.error, -EACCES);
		close(peer.socket);
	}
}

static void send_nonsense_as_somebody(unsigned int times)
{
	make_it_log_for(peer_connect_as_somebody, times);
}

static const struct {
	const char *options;
	void (*noise)(unsigned int times);
	void (*other)(unsigned int times);
	const char *reason;
	const char *summary;
} noises[] = {
	{ "--allow-user 54321", send_nonsense_as_somebody, make_it_log,
	  "of user 0 sent a request that is too short",
	  "most for what user 54321 did" },
	{ "--allow-user 54321", make_it_log, send_nonsense_as_somebody,
	  "of user 54321 sent a request that is too short",
	  "most for what user 0 did" },
	{ "", come_as_a_stranger, make_it_log,
	  "of user 0 sent a request that is too short",
	  "most for what users did who may not come" },
	{ "", make_it_log, come_as_a_stranger,
	  "of user 54321 may not come", "most for what user 0 did" },
};

START_TEST(what_one_has_it_log_hides_nobody_elses_reason)
{
	daemon_start(noises[_i].options);
	noises[_i].noise(NOISE);
	noises[_i].other(1);
	ck_assert_int_eq(daemon_stop(), 0);
	ck_assert_uint_eq(daemon_said(noises[_i].reason), 1);
	ck_assert_uint_eq(daemon_said(noises[_i].summary), 1);
	ck_assert_uint_le(daemon_said("hvhost: process"),
			  LOG_BURST + 2 * LOG_OWN);
}
END_TEST

/* Nor what nobody has read yet. */
START_TEST(lines_that_wait_leave_room_for_somebody_elses)
{
	char line[PAGE + 1];
	unsigned int seen = 0, left_out = 0;
	int fifo = take_stderr();

	daemon_start("--allow-user 54321");
	make_it_log(LINES);
	send_nonsense_as_somebody(1);
	read_line(fifo, line, sizeof(line));
	while (!left_out) {
		read_line(fifo, line, sizeof(line));
		seen += !!strstr(line, "of user 54321 sent");
		sscanf(line, "hvhost: %u lines left out", &left_out);
	}
	ck_assert_uint_eq(seen, 1);
	ck_assert_int_eq(daemon_stop(), 0);
	close(fifo);
}
END_TEST

Suite *log_suite(void)
{
	Suite *suite = suite_create("log");
	TCase *tests = add_tcase(suite, "log");

	tcase_add_test(tests, a_log_that_nobody_reads_holds_up_nobody);
	tcase_add_test(tests,
		       what_is_left_out_is_counted_and_told_of_to_the_next_reader);
	tcase_add_test(tests,
		       what_was_logged_before_the_end_is_written_to_its_reader);
	tcase_add_test(tests,
		       who_does_not_read_that_it_is_ready_holds_up_nobody);
	if (geteuid())
		return suite;
	tcase_add_loop_test(tests, what_one_has_it_log_hides_nobody_elses_reason,
			    0, ROWS(noises));
	tcase_add_test(tests, lines_that_wait_leave_room_for_somebody_elses);
	return suite;
}
