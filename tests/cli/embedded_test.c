// SPDX-License-Identifier: MIT
/* Every command on the embedded target: no driver, no root, the real statuses. */
#include <stdio.h>
#include <string.h>

#include "suites.h"
#include "tool.h"

/* What connection 0x13 carries arrives at SINT 3 of the same process. */

static const char *const pings[] = {
	"ping 0x13 3 --target embedded --count 20 --interval 0",
	"ping 0x13 3 --target embedded --count 20 --interval 0 --quiet",
	"ping 0x13 3 --target embedded --count 20 --interval 0 --size 240",
	"ping 0x1f 15 --target embedded --count 20 --interval 0 --size 16",
	"ping 0x12 2 --target embedded:partition=guest --count 20 --interval 0",
};

START_TEST(ping_gets_every_echo_of_a_link)
{
	run_tool(pings[_i]);
	ck_assert_int_eq(ran.status, 0);
	ck_assert_str_eq(ran.complaint, "");
	ck_assert_ptr_nonnull(strstr(
		ran.out,
		"20 sent, 20 received, 0 lost, 0 unexpected\nround trip "));
}
END_TEST

START_TEST(ping_at_the_wrong_sint_gets_nothing)
{
	run_tool("ping 0x13 4 --target embedded --count 2 --interval 0 "
		 "--timeout 1ms");
	ck_assert_int_eq(ran.status, 3);
	ck_assert_ptr_nonnull(strstr(ran.out, "2 sent, 0 received, 2 lost"));
}
END_TEST

START_TEST(send_is_taken)
{
	run_tool("send 0x13 hello --target embedded");
	ck_assert_int_eq(ran.status, 0);
	ck_assert_str_eq(ran.complaint, "");
}
END_TEST

START_TEST(burst_is_refused_after_17_messages)
{
	run_tool("send 0x13 hello --target embedded --count 100 --timeout 0");
	ck_assert_int_eq(ran.status, 2);
	ck_assert_ptr_nonnull(strstr(ran.out, "posted 17 of 100 messages"));
	ck_assert_ptr_nonnull(
		strstr(ran.out, "\n      17  0x00  HV_STATUS_SUCCESS\n"));
	ck_assert_ptr_nonnull(strstr(
		ran.out, "\n      83  0x13  HV_STATUS_INSUFFICIENT_BUFFERS\n"));
}
END_TEST

static const struct {
	const char *line;
	const char *status;
} refusals[] = {
	{ "send 0x77 x", "HV_STATUS_INVALID_CONNECTION_ID (0x12)" },
	{ "send 1 x", "HV_STATUS_INVALID_CONNECTION_ID (0x12)" },
	{ "send 0x23 x", "HV_STATUS_INVALID_PORT_ID (0x11)" },
	{ "signal 0x77", "HV_STATUS_INVALID_CONNECTION_ID (0x12)" },
	{ "signal 0x13", "HV_STATUS_INVALID_PORT_ID (0x11)" },
	/* Nobody has bound its SINT. */
	{ "signal 0x23", "HV_STATUS_INVALID_SYNIC_STATE (0x18)" },
};

START_TEST(refusal_is_told_with_its_status)
{
	char line[64];

	snprintf(line, sizeof(line), "%s --target embedded", refusals[_i].line);
	run_tool(line);
	ck_assert_int_eq(ran.status, 2);
	ck_assert_ptr_nonnull(strstr(ran.complaint, refusals[_i].status));
}
END_TEST

static const char *const denied[] = { "send 0x13 x", "signal 0x23",
				      "ping 0x13 3" };

START_TEST(restricted_partition_is_denied)
{
	char line[96];

	snprintf(line, sizeof(line), "%s --target embedded:partition=restricted",
		 denied[_i]);
	run_tool(line);
	ck_assert_int_eq(ran.status, 2);
	ck_assert_ptr_nonnull(
		strstr(ran.complaint, "HV_STATUS_ACCESS_DENIED (0x6)"));
}
END_TEST

START_TEST(listen_hears_nothing_from_other_processes)
{
	run_tool("listen 3 --target embedded --timeout 1ms --stats");
	ck_assert_int_eq(ran.status, 3);
	ck_assert_ptr_nonnull(
		strstr(ran.complaint, "listening on SINT 3, 1 VP"));
}
END_TEST

START_TEST(info_shows_the_engine)
{
	run_tool_with("HVPOST_TARGET=embedded", "info");
	ck_assert_int_eq(ran.status, 0);
	ck_assert_ptr_nonnull(strstr(ran.out, "target        embedded\n"));
	ck_assert_ptr_nonnull(strstr(ran.out, "hypercall     engine: "));
	ck_assert_ptr_nonnull(strstr(ran.out, "PostMessages\n"));
}
END_TEST

START_TEST(info_of_the_restricted_partition_lacks_what_it_lacks)
{
	run_tool("info --target embedded:partition=restricted");
	ck_assert_int_eq(ran.status, 0);
	ck_assert_ptr_nonnull(strstr(ran.out, "AccessSynicRegs\n"));
	ck_assert_ptr_null(strstr(ran.out, "PostMessages"));
}
END_TEST

START_TEST(info_as_json_names_the_engine)
{
	struct json_object *object;

	run_tool("info --target embedded --json");
	ck_assert_int_eq(ran.status, 0);
	object = printed_object();
	ck_assert_str_eq(json_text(object, "target"), "embedded");
	ck_assert_str_eq(json_text(object, "hypercall"), "engine");
	ck_assert_str_eq(json_text(object, "synic"), "owned");
	json_object_put(object);
}
END_TEST

static const char *const no_targets[] = { "embedded:", "embedded:nobody",
					  "embedded:partition=nobody" };

START_TEST(partition_that_is_none_is_told_with_those_there_are)
{
	char line[64];

	snprintf(line, sizeof(line), "info --target %s", no_targets[_i]);
	run_tool(line);
	ck_assert_int_eq(ran.status, 1);
	ck_assert_ptr_nonnull(strstr(ran.complaint, "is not a target"));
	ck_assert_ptr_nonnull(strstr(ran.complaint, "guest|restricted"));
}
END_TEST

Suite *embedded_suite(void)
{
	Suite *suite = suite_create("embedded");
	TCase *tcase = tcase_create("embedded");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, ping_gets_every_echo_of_a_link, 0,
			    ROWS(pings));
	tcase_add_test(tcase, ping_at_the_wrong_sint_gets_nothing);
	tcase_add_test(tcase, send_is_taken);
	tcase_add_test(tcase, burst_is_refused_after_17_messages);
	tcase_add_loop_test(tcase, refusal_is_told_with_its_status, 0,
			    ROWS(refusals));
	tcase_add_loop_test(tcase, restricted_partition_is_denied, 0,
			    ROWS(denied));
	tcase_add_test(tcase, listen_hears_nothing_from_other_processes);
	tcase_add_test(tcase, info_shows_the_engine);
	tcase_add_test(tcase,
		       info_of_the_restricted_partition_lacks_what_it_lacks);
	tcase_add_test(tcase, info_as_json_names_the_engine);
	tcase_add_loop_test(tcase,
			    partition_that_is_none_is_told_with_those_there_are,
			    0, ROWS(no_targets));
	return suite;
}
