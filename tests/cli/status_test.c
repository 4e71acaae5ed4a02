// SPDX-License-Identifier: MIT
/* hvpost status, which needs neither driver nor host. */
#include <stdio.h>
#include <string.h>

#include "suites.h"
#include "tool.h"

static const char *const spellings[] = {
	"0x13",
	"19",
	"0X13",
	"INSUFFICIENT_BUFFERS",
	"insufficient_buffers",
	"HV_STATUS_INSUFFICIENT_BUFFERS",
};

START_TEST(status_is_explained_by_number_or_name)
{
	char line[64];

	snprintf(line, sizeof(line), "status %s", spellings[_i]);
	run_tool(line);
	ck_assert_int_eq(ran.status, 0);
	ck_assert_str_eq(ran.complaint, "");
	ck_assert_str_eq(ran.out,
			 "HV_STATUS_INSUFFICIENT_BUFFERS (0x13, 19)\n"
			 "meaning   the port's message buffers are all in use; "
			 "the receiver must catch up first\n"
			 "errno     EAGAIN\n"
			 "retried   yes\n");
}
END_TEST

static const struct {
	const char *line;
	const char *retried;
} retries[] = {
	{ "status 0x00", "retried   no\n" },
	{ "status 0x12", "retried   on-request\n" },
	{ "status 0x18", "retried   no\n" },
	{ "status 0x78", "retried   yes\n" },
};

START_TEST(status_says_whether_a_post_tries_again)
{
	run_tool(retries[_i].line);
	ck_assert_int_eq(ran.status, 0);
	ck_assert_ptr_nonnull(strstr(ran.out, retries[_i].retried));
}
END_TEST

START_TEST(status_without_operand_lists_all)
{
	int lines = 0;

	run_tool("status");
	ck_assert_int_eq(ran.status, 0);
	for (const char *at = ran.out; (at = strchr(at, '\n')); at++)
		lines++;
	ck_assert_int_gt(lines, 50);
	ck_assert_ptr_nonnull(strstr(ran.out, "\n0x00  HV_STATUS_SUCCESS "));
	ck_assert_ptr_nonnull(
		strstr(ran.out, "\n0x18  HV_STATUS_INVALID_SYNIC_STATE "));
}
END_TEST

START_TEST(status_as_json_is_exactly_this)
{
	run_tool("status 0x12 --json");
	ck_assert_int_eq(ran.status, 0);
	ck_assert_str_eq(ran.out,
			 "{\"version\":1,\"status\":18,"
			 "\"name\":\"HV_STATUS_INVALID_CONNECTION_ID\","
			 "\"errno\":\"ENOTCONN\",\"retried\":\"on-request\","
			 "\"meaning\":\"this partition has no connection with "
			 "that id; some hosts also say so to slow a sender "
			 "down\"}\n");
}
END_TEST

START_TEST(list_as_json_has_every_status)
{
	struct json_object *object, *list, *first;

	run_tool("status --json");
	ck_assert_int_eq(ran.status, 0);
	object = printed_object();
	list = json_object_object_get(object, "statuses");
	ck_assert_uint_gt(json_object_array_length(list), 50);
	first = json_object_array_get_idx(list, 0);
	ck_assert_str_eq(json_text(first, "status"), "0");
	ck_assert_str_eq(json_text(first, "name"), "HV_STATUS_SUCCESS");
	ck_assert_str_eq(json_text(first, "errno"), "0");
	json_object_put(object);
}
END_TEST

START_TEST(status_ignores_what_target_is_set)
{
	run_tool_with("HVPOST_TARGET=nonsense", "status 0");
	ck_assert_int_eq(ran.status, 0);
}
END_TEST

Suite *status_suite(void)
{
	Suite *suite = suite_create("status");
	TCase *tcase = tcase_create("status");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, status_is_explained_by_number_or_name, 0,
			    ROWS(spellings));
	tcase_add_loop_test(tcase, status_says_whether_a_post_tries_again, 0,
			    ROWS(retries));
	tcase_add_test(tcase, status_without_operand_lists_all);
	tcase_add_test(tcase, status_as_json_is_exactly_this);
	tcase_add_test(tcase, list_as_json_has_every_status);
	tcase_add_test(tcase, status_ignores_what_target_is_set);
	return suite;
}
