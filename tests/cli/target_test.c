// SPDX-License-Identifier: MIT
/* Targets that are not there: what a newcomer sees first. */
#include <stdio.h>
#include <string.h>

#include "suites.h"
#include "tool.h"

#define MISSING   "--target device:/nonexistent/hvpost"
#define NO_HVPOST "--target device:/dev/null"

static const char *const missing[] = {
	"info " MISSING,        "send 0x10 hello " MISSING, "listen 6 " MISSING,
	"signal 0x10 " MISSING, "ping 0x10 6 " MISSING,
};

START_TEST(missing_device_says_how_to_load_the_driver)
{
	run_tool(missing[_i]);
	ck_assert_int_eq(ran.status, 1);
	ck_assert_str_eq(ran.out, "");
	ck_assert_ptr_nonnull(strstr(ran.complaint,
				     "cannot open /nonexistent/hvpost: No such "
				     "file or directory"));
	ck_assert_ptr_nonnull(strstr(ran.complaint, "modprobe hvpost"));
	ck_assert_ptr_nonnull(strstr(ran.complaint, "make install-driver"));
	ck_assert_ptr_nonnull(strstr(ran.complaint, "dmesg | grep hvpost"));
}
END_TEST

START_TEST(missing_device_as_json_has_a_stable_code)
{
	struct json_object *object, *error;
	char line[128];

	snprintf(line, sizeof(line), "%s --json", missing[_i]);
	run_tool(line);
	ck_assert_int_eq(ran.status, 1);
	object = printed_object();
	error = json_object_object_get(object, "error");
	ck_assert_str_eq(json_text(error, "code"), "no-device");
	ck_assert_str_eq(json_text(error, "errno"), "ENOENT");
	ck_assert_ptr_nonnull(json_text(error, "message"));
	ck_assert_ptr_nonnull(json_text(error, "hint"));
	json_object_put(object);
}
END_TEST

START_TEST(file_that_is_no_hvpost_device_is_told_apart)
{
	run_tool("info " NO_HVPOST);
	ck_assert_int_eq(ran.status, 1);
	ck_assert_ptr_nonnull(
		strstr(ran.complaint, "/dev/null is not an hvpost device"));
}
END_TEST

START_TEST(target_of_no_kind_is_told_apart)
{
	run_tool("info --target carrier-pigeon");
	ck_assert_int_eq(ran.status, 1);
	ck_assert_ptr_nonnull(
		strstr(ran.complaint, "'carrier-pigeon' is not a target"));
}
END_TEST

START_TEST(environment_names_the_target)
{
	run_tool_with("HVPOST_TARGET=device:/dev/null", "info");
	ck_assert_int_eq(ran.status, 1);
	ck_assert_ptr_nonnull(strstr(ran.complaint, "/dev/null is not"));
}
END_TEST

START_TEST(option_wins_over_the_environment)
{
	run_tool_with("HVPOST_TARGET=nonsense", "info " NO_HVPOST);
	ck_assert_int_eq(ran.status, 1);
	ck_assert_ptr_nonnull(strstr(ran.complaint, "/dev/null is not"));
}
END_TEST

START_TEST(file_that_cannot_be_read_is_named)
{
	run_tool("send 0x10 --file /nonexistent/payload");
	ck_assert_int_eq(ran.status, 1);
	ck_assert_ptr_nonnull(
		strstr(ran.complaint, "/nonexistent/payload: No such file"));
}
END_TEST

Suite *target_suite(void)
{
	Suite *suite = suite_create("target");
	TCase *tcase = tcase_create("target");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, missing_device_says_how_to_load_the_driver,
			    0, ROWS(missing));
	tcase_add_loop_test(tcase, missing_device_as_json_has_a_stable_code, 0,
			    ROWS(missing));
	tcase_add_test(tcase, file_that_is_no_hvpost_device_is_told_apart);
	tcase_add_test(tcase, target_of_no_kind_is_told_apart);
	tcase_add_test(tcase, environment_names_the_target);
	tcase_add_test(tcase, option_wins_over_the_environment);
	tcase_add_test(tcase, file_that_cannot_be_read_is_named);
	return suite;
}
