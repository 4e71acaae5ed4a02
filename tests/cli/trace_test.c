// SPDX-License-Identifier: MIT
/*
 * hvpost trace on this very machine: the kernel takes its programs, and they see what
 * processes do; or it does not, and trace says why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suites.h"
#include "tool.h"

#define POSTS		3
#define PATIENCE_S	60

static FILE *tracer;
static char line[4096];
static unsigned int connection;	/* that nobody else posts to, nor can */

static void setup(void)
{
	char command[512];

	connection = 0x800000 | ((unsigned int)getpid() & 0x7fffff);
	snprintf(command, sizeof(command),
		 "'%s' trace --json --source libhvpost --connection %#x "
		 "--count %d --timeout %ds 2>&1 </dev/null",
		 getenv("HVPOST"), connection, POSTS, PATIENCE_S);
	tracer = popen(command, "r");
	ck_assert_ptr_nonnull(tracer);
}

static void read_line(void)
{
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), tracer));
}

static int tracer_status(void)
{
	int status = pclose(tracer);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect_reason(void)
{
	ck_assert_msg(strstr(line, "hvpost trace: ") || strstr(line, "\"hint\""),
		      "no reason: '%s'", line);
	while (fgets(line, sizeof(line), tracer))
		;
	ck_assert_int_eq(tracer_status(), 1);
}

static void post(void)
{
	char words[64];

	snprintf(words, sizeof(words), "send %#x hello --target embedded",
		 connection);
	run_tool(words);
	ck_assert_int_eq(ran.status, 2);
}

static void expect_post(void)
{
	struct json_object *event;

	read_line();
	event = json_tokener_parse(line);
	ck_assert_msg(event != NULL, "not JSON: '%s'", line);
	ck_assert_str_eq(json_text(event, "event"), "post");
	ck_assert_str_eq(json_text(event, "source"), "libhvpost");
	ck_assert_int_eq(atoi(json_text(event, "connection")), (int)connection);
	ck_assert_str_eq(json_text(event, "size"), "5");
	ck_assert_str_eq(json_text(event, "status_name"),
			 "HV_STATUS_INVALID_CONNECTION_ID");
	ck_assert_str_eq(json_text(event, "attempts"), "1");
	json_object_put(event);
}

START_TEST(posts_of_processes_are_seen_or_it_is_said_why_not)
{
	read_line();
	if (!strstr(line, "following libhvpost")) {
		expect_reason();
		return;
	}
	for (int i = 0; i < POSTS; i++)
		post();
	for (int i = 0; i < POSTS; i++)
		expect_post();
	while (fgets(line, sizeof(line), tracer))
		ck_assert_msg(!strstr(line, "\"post\""), "one more: '%s'", line);
	ck_assert_int_eq(tracer_status(), 0);
}
END_TEST

Suite *trace_suite(void)
{
	Suite *suite = suite_create("trace");
	TCase *here = tcase_create("here");

	tcase_set_timeout(here, PATIENCE_S);
	tcase_add_checked_fixture(here, setup, NULL);
	tcase_add_test(here, posts_of_processes_are_seen_or_it_is_said_why_not);
	suite_add_tcase(suite, here);
	return suite;
}
