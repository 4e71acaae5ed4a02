// SPDX-License-Identifier: MIT
/* hvpost top, on an hvhost, in a terminal of the case's own. */
#define _GNU_SOURCE /* memmem */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon.h"
#include "suites.h"

/* One tool that runs, and what it has written to its terminal. */
struct terminal {
	pid_t pid;
	int fd;
	char written[65536];
	size_t size;
};

static struct terminal terminal;

static void start(const char *type, unsigned short rows, unsigned short columns)
{
	struct winsize size = { .ws_row = rows, .ws_col = columns };
	char line[512];

	daemon_start("--link web:0x10=app:5");
	snprintf(line, sizeof(line),
		 "exec \"${HVHOST%%/*}/hvpost\" top --interval 50ms "
		 "--target 'host:%s'", host_daemon.socket);
	terminal.size = 0;
	terminal.pid = forkpty(&terminal.fd, NULL, NULL, &size);
	ck_assert_int_ge(terminal.pid, 0);
	if (terminal.pid)
		return;
	setenv("TERM", type, 1);
	unsetenv("LINES");
	unsetenv("COLUMNS");
	execl("/bin/sh", "sh", "-c", line, (char *)NULL);
	_exit(127);
}

/* Wait until it writes @text; what it wrote up to there is forgotten. */
static void await(const char *text)
{
	struct pollfd watched = { .fd = terminal.fd, .events = POLLIN };
	ssize_t taken;
	char *found;

	while (!(found = memmem(terminal.written, terminal.size, text,
				strlen(text)))) {
		ck_assert_uint_lt(terminal.size, sizeof(terminal.written));
		ck_assert_msg(poll(&watched, 1, PATIENCE_MS) == 1,
			      "it never wrote '%s': '%.*s'", text,
			      (int)terminal.size, terminal.written);
		taken = read(terminal.fd, terminal.written + terminal.size,
			     sizeof(terminal.written) - terminal.size);
		ck_assert_msg(taken > 0, "it ended before it wrote '%s': '%.*s'",
			      text, (int)terminal.size, terminal.written);
		terminal.size += (size_t)taken;
	}
	found += strlen(text);
	terminal.size -= (size_t)(found - terminal.written);
	memmove(terminal.written, found, terminal.size);
}

static int end(void)
{
	char rest[4096];
	int status;

	/* It may have more to write before it can end. */
	while (read(terminal.fd, rest, sizeof(rest)) > 0)
		;
	ck_assert_int_eq(waitpid(terminal.pid, &status, 0), terminal.pid);
	close(terminal.fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void press(char key)
{
	ck_assert_int_eq(write(terminal.fd, &key, 1), 1);
}

static void resize(unsigned short rows, unsigned short columns)
{
	struct winsize size = { .ws_row = rows, .ws_col = columns };

	ck_assert_int_eq(ioctl(terminal.fd, TIOCSWINSZ, &size), 0);
}

START_TEST(it_shows_what_there_is_and_ends_by_q)
{
	struct hvpost *app, *web;

	start("xterm", 24, 80);
	app = bind_as("app", 5);
	web = open_as("web");
	await("hvpost top, host:");
	await("CONNECTION");
	await("web:0x10");
	await("app:5");
	for (int i = 0; i < 17; i++)
		ck_assert_int_eq(post_number(web, 0x10, 1, HVPOST_NEVER), 0);
	await("1");
	ck_assert_int_eq(post_number(web, 0x99, 1, HVPOST_NOW), -ENOTCONN);
	await("INVALID_CONNECTION_ID");
	press('q');
	ck_assert_int_eq(end(), 0);
	hvpost_close(web);
	hvpost_close(app);
}
END_TEST

static const struct {
	unsigned short rows, columns;
} sizes[] = { { 24, 80 }, { 5, 20 }, { 2, 4 }, { 1, 1 }, { 200, 500 } };

START_TEST(it_fits_any_screen)
{
	start("xterm", sizes[_i].rows, sizes[_i].columns);
	await("\33[");
	resize(24, 80);
	await("SINT");
	resize(sizes[_i].rows, sizes[_i].columns);
	resize(30, 90);
	await("lost"); /* the last column: 80 have no room for it */
	press('q');
	ck_assert_int_eq(end(), 0);
}
END_TEST

START_TEST(it_ends_by_a_signal_and_leaves_the_terminal_as_it_was)
{
	start("xterm", 24, 80);
	await("q: quit");
	kill(terminal.pid, SIGTERM);
	await("\33[?1049l"); /* back from the other screen */
	ck_assert_int_eq(end(), 0);
}
END_TEST

START_TEST(it_says_so_when_hvhost_ends)
{
	start("xterm", 24, 80);
	await("q: quit");
	ck_assert_int_eq(daemon_stop(), 0);
	await("\33[?1049l");
	await("hvpost top: hvhost at ");
	ck_assert_int_eq(end(), 1);
}
END_TEST

START_TEST(it_says_so_while_hvhost_hangs_and_goes_on_after_it)
{
	struct hvpost *app;

	start("xterm", 24, 120);
	await("q: quit");
	kill(host_daemon.pid, SIGSTOP);
	await("does not answer: ");
	/* What was seen last is still there. */
	resize(23, 119);
	await("CONNECTION");
	await("does not answer: ");
	kill(host_daemon.pid, SIGCONT);
	app = bind_as("app", 5);
	await("app:5");
	press('q');
	ck_assert_int_eq(end(), 0);
	hvpost_close(app);
}
END_TEST

START_TEST(keys_work_while_hvhost_hangs)
{
	start("xterm", 24, 120);
	await("q: quit");
	kill(host_daemon.pid, SIGSTOP);
	await("does not answer: ");
	press('q');
	ck_assert_int_eq(end(), 0);
	kill(host_daemon.pid, SIGCONT);
}
END_TEST

START_TEST(a_terminal_of_unknown_type_is_named)
{
	start("no-such-terminal", 24, 80);
	await("this terminal's type, $TERM, is not known");
	await("--once");
	ck_assert_int_eq(end(), 1);
}
END_TEST

Suite *top_suite(void)
{
	Suite *suite = suite_create("top");
	TCase *tcase = add_tcase(suite, "terminal");

	tcase_add_test(tcase, it_shows_what_there_is_and_ends_by_q);
	tcase_add_loop_test(tcase, it_fits_any_screen, 0, ROWS(sizes));
	tcase_add_test(tcase,
		       it_ends_by_a_signal_and_leaves_the_terminal_as_it_was);
	tcase_add_test(tcase, it_says_so_when_hvhost_ends);
	tcase_add_test(tcase,
		       it_says_so_while_hvhost_hangs_and_goes_on_after_it);
	tcase_add_test(tcase, keys_work_while_hvhost_hangs);
	tcase_add_test(tcase, a_terminal_of_unknown_type_is_named);
	return suite;
}
