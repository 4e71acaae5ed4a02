// SPDX-License-Identifier: MIT
/* An hvhost that stands still for a while: what the library promises meanwhile. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon.h"
#include "lib/guest/attachment_registry.h"
#include "suites.h"

#define LINK "--link a:0x10=b:4"

static void stop_host(void)
{
	int status;

	ck_assert_int_eq(kill(host_daemon.pid, SIGSTOP), 0);
	ck_assert_int_eq(waitpid(host_daemon.pid, &status, WUNTRACED),
			 host_daemon.pid);
	ck_assert(WIFSTOPPED(status));
}

static void let_host_go_on(void)
{
	ck_assert_int_eq(kill(host_daemon.pid, SIGCONT), 0);
}

static struct attachment *attachment_of(const char *partition)
{
	struct attachment *attachment;

	ck_assert_int_eq(attachment_get(&(struct attachment_name){
				.socket = host_daemon.socket,
				.partition = partition,
			}, &attachment), 0);
	return attachment;
}

START_TEST(an_answer_that_came_too_late_is_that_to_no_other_request)
{
	struct pollfd readable = { .events = POLLIN };
	struct hvpost *sender, *receiver;
	struct attachment *same;

	daemon_start(LINK);
	sender = open_as("a");
	receiver = open_as("b");
	same = attachment_of("b");
	stop_host();
	ck_assert_int_eq(attachment_listen(same, 3), -ETIMEDOUT);
	let_host_go_on();
	ck_assert_int_eq(hvpost_bind(receiver, 4, 0), 0);
	ck_assert_int_eq(post_number(sender, 0x10, 1, HVPOST_NEVER), 0);
	readable.fd = hvpost_get_fd(receiver);
	ck_assert_int_eq(poll(&readable, 1, PATIENCE_MS), 1);
	ck_assert_uint_eq(receive_number(receiver), 1);
	attachment_put(same);
	hvpost_close(sender);
	hvpost_close(receiver);
}
END_TEST

Suite *stall_suite(void)
{
	Suite *suite = suite_create("stall");
	TCase *listening = add_tcase(suite, "listening");

	tcase_add_test(listening,
		       an_answer_that_came_too_late_is_that_to_no_other_request);
	return suite;
}
