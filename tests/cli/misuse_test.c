// SPDX-License-Identifier: MIT
/* Command lines that are none: status 1, a reason, and the way to the help. */
#define _GNU_SOURCE /* posix_openpt */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suites.h"
#include "tool.h"

START_TEST(bare_tool_prints_its_usage_to_stderr)
{
	run_tool("");
	ck_assert_int_eq(ran.status, 1);
	ck_assert_str_eq(ran.out, "");
	ck_assert_ptr_nonnull(strstr(ran.complaint, "Usage: hvpost COMMAND"));
}
END_TEST

START_TEST(unknown_command_is_named)
{
	run_tool("frobnicate");
	ck_assert_int_eq(ran.status, 1);
	ck_assert_str_eq(ran.out, "");
	ck_assert_str_eq(ran.complaint, "hvpost: no command 'frobnicate'\n"
					"try 'hvpost --help'\n");
}
END_TEST

static const struct {
	const char *line;
	const char *command;
	const char *reason;
} misuse[] = {
	{ "info now", "info", "too many operands: expected none" },
	{ "info --count 1", "info", "no option '--count'" },
	{ "send", "send", "too few operands: expected CONNECTION [TEXT]" },
	{ "send 1 2 3", "send", "too many operands" },
	{ "send ten hello", "send", "CONNECTION 'ten' is not a number" },
	{ "send 0x100000000 x", "send", "CONNECTION '0x100000000'" },
	{ "send 1 x --type 0", "send", "--type: '0' is not a number from 1" },
	{ "send 1 x --type 0x80000000", "send", "--type: '0x80000000'" },
	{ "send 1 --hex 0", "send", "--hex takes pairs" },
	{ "send 1 x --count 0", "send", "--count: '0'" },
	{ "send 1 x --timeout soon", "send", "--timeout: 'soon'" },
	{ "send 1 x --timeout", "send", "--timeout needs a value: DURATION" },
	{ "listen", "listen", "too few operands: expected SINT" },
	{ "listen 0", "listen", "SINT '0' is not a number from 1 to 15" },
	{ "listen 16", "listen", "SINT '16'" },
	{ "listen 6 --format xml", "listen", "--format: 'xml'" },
	{ "signal", "signal", "too few operands" },
	{ "signal 1 2048", "signal", "FLAG '2048'" },
	{ "ping 1", "ping", "too few operands: expected CONNECTION SINT" },
	{ "ping 1 6 --size 241", "ping", "--size: '241'" },
	{ "status 0x0f", "status", "'0x0f' is no documented status" },
	{ "status NO_SUCH", "status", "'NO_SUCH' is no documented status" },
	{ "status --target device", "status", "no option '--target'" },
	{ "capture", "capture", "say where to look: --listen SINT, or --read" },
	{ "capture now", "capture", "too many operands: expected none" },
	{ "capture --listen 6 --sint 16", "capture", "--sint takes a number" },
	{ "trace now", "trace", "too many operands: expected none" },
	{ "trace --source driver", "trace", "--source is hvpost.ko" },
	{ "trace --histogram --write x", "trace", "--histogram prints no lines" },
	{ "trace --buffer 3", "trace", "--buffer: '3' is not a number from 4" },
	{ "trace --status MAYBE", "trace", "--status takes a number" },
	{ "top --once --ping 5", "top", "--ping takes CONNECTION,SINT" },
	{ "plot", "plot", "too few operands: expected FILE" },
	{ "plot x --sint 99", "plot", "--sint takes a number" },
	{ "replay", "replay", "too few operands: expected FILE" },
	{ "replay x --speed 0", "replay", "--speed takes a number" },
	{ "conform 1", "conform", "too many operands: expected none" },
	{ "conform --base 15", "conform", "--base: '15' is not a number from" },
	{ "conform --base 0xf00001", "conform", "--base: '0xf00001'" },
	{ "conform --first-partition 0", "conform", "--first-partition: '0'" },
};

START_TEST(misuse_goes_to_stderr_with_status_1_and_points_to_help)
{
	char start[64], end[64];

	run_tool(misuse[_i].line);
	ck_assert_int_eq(ran.status, 1);
	ck_assert_str_eq(ran.out, "");
	snprintf(start, sizeof(start), "hvpost %s: ", misuse[_i].command);
	ck_assert(!strncmp(ran.complaint, start, strlen(start)));
	ck_assert_msg(strstr(ran.complaint, misuse[_i].reason) != NULL,
		      "'%s' lacks '%s'", ran.complaint, misuse[_i].reason);
	snprintf(end, sizeof(end), "\ntry 'hvpost %s --help'\n",
		 misuse[_i].command);
	ck_assert_ptr_nonnull(strstr(ran.complaint, end));
}
END_TEST

static const char *const json_lines[] = {
	"send --json",
	"listen 99 --json",
	"ping 1 6 --json --size 1",
	"status nonsense --json",
	"signal --nonsense --json",
};

START_TEST(misuse_with_json_is_an_error_object_too)
{
	struct json_object *object, *error;

	run_tool(json_lines[_i]);
	ck_assert_int_eq(ran.status, 1);
	ck_assert_str_ne(ran.complaint, "");
	object = printed_object();
	error = json_object_object_get(object, "error");
	ck_assert_str_eq(json_text(error, "code"), "usage");
	ck_assert_str_ne(json_text(error, "message"), "");
	json_object_put(object);
}
END_TEST

START_TEST(json_behind_two_dashes_is_an_operand)
{
	run_tool("status -- nonsense --json");
	ck_assert_int_eq(ran.status, 1);
	ck_assert_str_eq(ran.out, "");
}
END_TEST

START_TEST(json_is_json_whatever_a_name_is_made_of)
{
	struct json_object *object, *error;

	run_tool("send 1 --json --file '/nonexistent/a\xff" "b'");
	ck_assert_int_eq(ran.status, 1);
	object = printed_object();
	error = json_object_object_get(object, "error");
	ck_assert_ptr_nonnull(strstr(json_text(error, "message"),
				     "/nonexistent/a\ufffdb: No such file"));
	json_object_put(object);
}
END_TEST

static const char *const unwritten[] = {
	"status >/dev/full",
	"doctor --json --target device:/nonexistent >/dev/full",
	"doctor --target device:/nonexistent >/dev/full",
};

START_TEST(output_that_cannot_be_written_is_an_error)
{
	run_tool(unwritten[_i]);
	ck_assert_int_eq(ran.status, 1);
	ck_assert_ptr_nonnull(strstr(ran.complaint, "cannot write"));
}
END_TEST

static const char *const to_terminals[] = {
	"capture --listen 6 --write -",
	"trace --write -",
};

START_TEST(capture_is_not_for_a_terminal)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	char line[120];

	ck_assert(terminal >= 0 && !grantpt(terminal) && !unlockpt(terminal));
	snprintf(line, sizeof(line), "%s >%s", to_terminals[_i],
		 ptsname(terminal));
	run_tool(line);
	ck_assert_int_eq(ran.status, 1);
	ck_assert_ptr_nonnull(strstr(ran.complaint, "--write -: a terminal is "
						    "no place for a capture"));
	close(terminal);
}
END_TEST

Suite *misuse_suite(void)
{
	Suite *suite = suite_create("misuse");
	TCase *tcase = tcase_create("misuse");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, bare_tool_prints_its_usage_to_stderr);
	tcase_add_test(tcase, unknown_command_is_named);
	tcase_add_loop_test(
		tcase, misuse_goes_to_stderr_with_status_1_and_points_to_help,
		0, ROWS(misuse));
	tcase_add_loop_test(tcase, misuse_with_json_is_an_error_object_too, 0,
			    ROWS(json_lines));
	tcase_add_test(tcase, json_behind_two_dashes_is_an_operand);
	tcase_add_test(tcase, json_is_json_whatever_a_name_is_made_of);
	tcase_add_loop_test(tcase, output_that_cannot_be_written_is_an_error, 0,
			    ROWS(unwritten));
	tcase_add_loop_test(tcase, capture_is_not_for_a_terminal, 0,
			    ROWS(to_terminals));
	return suite;
}
