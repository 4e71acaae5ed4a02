// SPDX-License-Identifier: MIT
/* hvpost conform, above all on the embedded machine, which conforms. */
#include <stdio.h>
#include <string.h>

#include <hvpost/hyperv_status.h>

#include "suites.h"
#include "tool.h"

#define EMBEDDED "conform --target embedded"

static const char *const calls[] = {
	"hypercall interface",	"HvCallPostMessage",
	"HvCallSignalEvent",	"HvCallCreatePort",
	"HvCallDeletePort",	"HvCallConnectPort",
	"HvCallDisconnectPort",	"HvCallGetPortProperty",
};

START_TEST(every_condition_passes_on_the_embedded_machine)
{
	unsigned int all, pass, length = 0;
	const char *summary;

	run_tool(EMBEDDED);
	ck_assert_int_eq(ran.status, 0);
	ck_assert_str_eq(ran.complaint, "");
	summary = strrchr(ran.out, '\n');
	while (summary > ran.out && summary[-1] != '\n')
		summary--;
	sscanf(summary, "%u conditions: %u pass, 0 fail, 0 unreachable\n%n",
	       &all, &pass, &length);
	ck_assert_uint_eq(length, strlen(summary));
	ck_assert_uint_eq(all, pass);
	ck_assert_uint_gt(all, 100);
}
END_TEST

START_TEST(matrix_is_grouped_by_call_and_fits_100_columns)
{
	const char *at = ran.out;

	run_tool(EMBEDDED);
	for (int i = 0; i < ROWS(calls); i++) {
		char heading[64];

		snprintf(heading, sizeof(heading), "%s\n  condition ",
			 calls[i]);
		at = strstr(at, heading);
		ck_assert_msg(at != NULL, "no '%s' in its place", calls[i]);
	}
	for (const char *line = ran.out; *line;) {
		size_t length = strcspn(line, "\n");

		ck_assert_msg(length <= 100, "too wide: %.*s", (int)length,
			      line);
		ck_assert_ptr_null(memchr(line, '\033', length));
		line += length + 1;
	}
}
END_TEST

static int is_call(const char *name)
{
	for (int i = 0; i < ROWS(calls); i++)
		if (!strcmp(name, calls[i]))
			return 1;
	return 0;
}

static const struct {
	const char *name;
	int value;
} statuses[] = {
#define STATUS_ROW(name, value, error, retry, meaning) \
	{ "HV_STATUS_" #name, value },
	HV_STATUS_TABLE(STATUS_ROW)
};

static int status_of(const char *name)
{
	for (int i = 0; i < ROWS(statuses); i++)
		if (!strcmp(name, statuses[i].name))
			return statuses[i].value;
	return -1;
}

static void ck_row(struct json_object *row)
{
	ck_assert_int_eq(json_object_object_length(row), 6);
	ck_assert(is_call(json_text(row, "call")));
	ck_assert_str_ne(json_text(row, "condition"), "");
	ck_assert_int_eq(json_object_get_int(
				 json_object_object_get(row, "expected")),
			 status_of(json_text(row, "status")));
	ck_assert(json_object_is_type(json_object_object_get(row, "got"),
				      json_type_int));
	ck_assert_str_eq(json_text(row, "got"), json_text(row, "expected"));
	ck_assert_str_eq(json_text(row, "result"), "pass");
}

START_TEST(json_is_one_object_with_a_row_for_each_condition)
{
	struct json_object *object, *list;
	size_t count;

	run_tool(EMBEDDED " --json");
	ck_assert_int_eq(ran.status, 0);
	ck_assert_str_eq(ran.complaint, "");
	object = printed_object();
	ck_assert_int_eq(json_object_object_length(object), 3);
	ck_assert_str_eq(json_text(object, "target"), "embedded");
	list = json_object_object_get(object, "conditions");
	count = json_object_array_length(list);
	ck_assert_uint_gt(count, 100);
	for (size_t i = 0; i < count; i++)
		ck_row(json_object_array_get_idx(list, i));
	json_object_put(object);
}
END_TEST

START_TEST(environment_names_the_target_and_so_the_other_callers)
{
	run_tool_with("HVPOST_TARGET=embedded:partition=guest", "conform");
	ck_assert_int_eq(ran.status, 0);
	ck_assert_ptr_nonnull(strstr(ran.out, " 0 fail, 0 unreachable\n"));
}
END_TEST

START_TEST(other_ids_than_the_prepared_ones_fail)
{
	run_tool(EMBEDDED " --base 0x5000");
	ck_assert_int_eq(ran.status, 2);
	ck_assert_ptr_nonnull(strstr(ran.out, " fail\n"));
	ck_assert_ptr_nonnull(strstr(ran.out, " unreachable: the peer partition "
				     "was not found; --first-partition says "
				     "where to look\n"));
}
END_TEST

START_TEST(partitions_are_looked_for_where_told)
{
	run_tool(EMBEDDED " --first-partition 0x10000");
	ck_assert_int_eq(ran.status, 0);
	ck_assert_ptr_nonnull(strstr(ran.out, " unreachable: the peer "));
}
END_TEST

START_TEST(callers_may_be_named)
{
	run_tool(EMBEDDED " --restricted embedded:partition=restricted"
			  " --inactive embedded:partition=inactive");
	ck_assert_int_eq(ran.status, 0);
	ck_assert_ptr_nonnull(strstr(ran.out, " 0 fail, 0 unreachable\n"));
}
END_TEST

START_TEST(caller_that_is_no_target_is_misuse)
{
	run_tool(EMBEDDED " --restricted carrier-pigeon");
	ck_assert_int_eq(ran.status, 1);
	ck_assert_str_eq(ran.out, "");
	ck_assert_ptr_nonnull(
		strstr(ran.complaint, "'carrier-pigeon' is not a target"));
}
END_TEST

START_TEST(matrix_that_cannot_be_written_is_an_error)
{
	run_tool(EMBEDDED " >/dev/full");
	ck_assert_int_eq(ran.status, 1);
	ck_assert_ptr_nonnull(strstr(ran.complaint, "cannot write"));
}
END_TEST

Suite *conform_suite(void)
{
	Suite *suite = suite_create("conform");
	TCase *tcase = tcase_create("conform");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, every_condition_passes_on_the_embedded_machine);
	tcase_add_test(tcase, matrix_is_grouped_by_call_and_fits_100_columns);
	tcase_add_test(tcase, json_is_one_object_with_a_row_for_each_condition);
	tcase_add_test(tcase,
		       environment_names_the_target_and_so_the_other_callers);
	tcase_add_test(tcase, other_ids_than_the_prepared_ones_fail);
	tcase_add_test(tcase, partitions_are_looked_for_where_told);
	tcase_add_test(tcase, callers_may_be_named);
	tcase_add_test(tcase, caller_that_is_no_target_is_misuse);
	tcase_add_test(tcase, matrix_that_cannot_be_written_is_an_error);
	return suite;
}
