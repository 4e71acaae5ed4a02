// SPDX-License-Identifier: MIT
/* The doctor as a user asks it. What this machine lacks the tests cannot know. */
#include <stdbool.h>
#include <string.h>

#include "suites.h"
#include "tool.h"

START_TEST(target_that_opens_lacks_nothing)
{
	run_tool("doctor --target embedded");
	ck_assert_int_eq(ran.status, 0);
	ck_assert_ptr_nonnull(strstr(ran.out, "ok       target"));
	ck_assert_ptr_nonnull(strstr(ran.out, "nothing is missing\n"));
}
END_TEST

START_TEST(missing_host_is_named_with_its_remedy)
{
	run_tool("doctor --target host:/nonexistent/h");
	ck_assert_int_eq(ran.status, 1);
	ck_assert_ptr_nonnull(strstr(ran.out, "missing  target"));
	ck_assert_ptr_nonnull(strstr(ran.out, "-> start one: 'hvhost run"));
	ck_assert_ptr_nonnull(strstr(ran.out, "1 thing is missing"));
	ck_assert_str_eq(ran.complaint, "");
}
END_TEST

/* A device is not there, whatever this machine is. */
START_TEST(missing_device_has_the_driver_looked_for)
{
	run_tool("doctor --target device:/nonexistent/hvpost");
	ck_assert_int_eq(ran.status, 1);
	ck_assert_ptr_nonnull(strstr(ran.out, " hypervisor "));
	ck_assert_ptr_nonnull(strstr(ran.out, " installed "));
	ck_assert_ptr_nonnull(strstr(ran.out, " loaded "));
}
END_TEST

START_TEST(json_has_a_row_for_each_check)
{
	struct json_object *object, *checks;
	bool missing = false;

	run_tool("doctor --json --target device:/nonexistent/hvpost");
	ck_assert_int_eq(ran.status, 1);
	object = printed_object();
	ck_assert_str_eq(json_text(object, "target"),
			 "device:/nonexistent/hvpost");
	checks = json_object_object_get(object, "checks");
	ck_assert_uint_ge(json_object_array_length(checks), 3);
	for (size_t i = 0; i < json_object_array_length(checks); i++) {
		struct json_object *row = json_object_array_get_idx(checks, i);

		ck_assert_ptr_nonnull(json_text(row, "check"));
		ck_assert_ptr_nonnull(json_text(row, "text"));
		if (strcmp(json_text(row, "verdict"), "missing"))
			continue;
		missing = true;
		ck_assert_ptr_nonnull(json_text(row, "remedy"));
	}
	ck_assert(missing);
	ck_assert_int_ge(json_object_get_int(json_object_object_get(object,
								    "missing")),
			 1);
	json_object_put(object);
}
END_TEST

START_TEST(target_of_no_kind_is_a_finding_too)
{
	run_tool("doctor --target carrier-pigeon");
	ck_assert_int_eq(ran.status, 1);
	ck_assert_ptr_nonnull(strstr(ran.out, "'carrier-pigeon' is not a target"));
}
END_TEST

Suite *doctor_suite(void)
{
	Suite *suite = suite_create("doctor");
	TCase *tcase = tcase_create("doctor");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, target_that_opens_lacks_nothing);
	tcase_add_test(tcase, missing_host_is_named_with_its_remedy);
	tcase_add_test(tcase, missing_device_has_the_driver_looked_for);
	tcase_add_test(tcase, json_has_a_row_for_each_check);
	tcase_add_test(tcase, target_of_no_kind_is_a_finding_too);
	return suite;
}
