// SPDX-License-Identifier: MIT
/* Target strings, and what opening a target that is none comes to. */
#include <errno.h>
#include <stdlib.h>

#include <hvpost/hvpost.h>

#include "suites.h"
#include "target.h"

static void forget_environment(void)
{
	unsetenv("HVPOST_TARGET");
}

START_TEST(device_alone_has_no_path)
{
	const char *where = "untouched";

	ck_assert_ptr_eq(hvpost_target_find("device", &where),
			 &hvpost_target_device);
	ck_assert_ptr_null(where);
}
END_TEST

START_TEST(path_of_a_device_follows_the_colon)
{
	const char *where;

	ck_assert_ptr_eq(hvpost_target_find("device:/dev/x", &where),
			 &hvpost_target_device);
	ck_assert_str_eq(where, "/dev/x");
}
END_TEST

START_TEST(only_the_first_colon_ends_the_name)
{
	const char *where;

	ck_assert_ptr_nonnull(hvpost_target_find("device:/dev/a:b", &where));
	ck_assert_str_eq(where, "/dev/a:b");
}
END_TEST

static const char *const not_targets[] = {
	"",        ":",       "dev",          "devices",     "Device",
	"device ", " device", ":/dev/hvpost", "/dev/hvpost", "none:/dev/hvpost",
};

START_TEST(string_that_names_no_target_is_refused)
{
	struct hvpost *handle = (struct hvpost *)&handle;
	const char *where;

	ck_assert_ptr_null(hvpost_target_find(not_targets[_i], &where));
	ck_assert_int_eq(hvpost_open(not_targets[_i], &handle), -EINVAL);
	ck_assert_ptr_null(handle);
}
END_TEST

START_TEST(device_with_an_empty_path_is_refused)
{
	struct hvpost *handle;

	ck_assert_int_eq(hvpost_open("device:", &handle), -EINVAL);
}
END_TEST

START_TEST(missing_device_is_enoent)
{
	struct hvpost *handle = (struct hvpost *)&handle;

	ck_assert_int_eq(hvpost_open("device:/nonexistent/hvpost", &handle),
			 -ENOENT);
	ck_assert_ptr_null(handle);
}
END_TEST

START_TEST(file_that_is_no_hvpost_device_is_eproto)
{
	struct hvpost *handle = (struct hvpost *)&handle;

	ck_assert_int_eq(hvpost_open("device:/dev/null", &handle), -EPROTO);
	ck_assert_ptr_null(handle);
}
END_TEST

START_TEST(refusal_leaves_errno_alone)
{
	struct hvpost *handle;

	errno = EXFULL;
	ck_assert_int_lt(hvpost_open("device:/dev/null", &handle), 0);
	ck_assert_int_eq(errno, EXFULL);
	ck_assert_int_lt(hvpost_open("device:/nonexistent", &handle), 0);
	ck_assert_int_eq(errno, EXFULL);
}
END_TEST

START_TEST(environment_names_the_target_when_nothing_else_does)
{
	struct hvpost *handle;

	setenv("HVPOST_TARGET", "device:/dev/null", 1);
	ck_assert_int_eq(hvpost_open(NULL, &handle), -EPROTO);
	setenv("HVPOST_TARGET", "nonsense", 1);
	ck_assert_int_eq(hvpost_open(NULL, &handle), -EINVAL);
}
END_TEST

START_TEST(target_string_wins_over_the_environment)
{
	struct hvpost *handle;

	setenv("HVPOST_TARGET", "nonsense", 1);
	ck_assert_int_eq(hvpost_open("device:/dev/null", &handle), -EPROTO);
}
END_TEST

START_TEST(empty_environment_means_the_default)
{
	struct hvpost *handle;
	int without = hvpost_open(NULL, &handle);

	hvpost_close(handle);
	setenv("HVPOST_TARGET", "", 1);
	ck_assert_int_eq(hvpost_open(NULL, &handle), without);
	hvpost_close(handle);
}
END_TEST

START_TEST(closing_nothing_is_allowed)
{
	hvpost_close(NULL);
}
END_TEST

Suite *target_suite(void)
{
	Suite *suite = suite_create("target");
	TCase *tcase = tcase_create("target");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, forget_environment,
				  forget_environment);
	tcase_add_test(tcase, device_alone_has_no_path);
	tcase_add_test(tcase, path_of_a_device_follows_the_colon);
	tcase_add_test(tcase, only_the_first_colon_ends_the_name);
	tcase_add_loop_test(tcase, string_that_names_no_target_is_refused, 0,
			    ROWS(not_targets));
	tcase_add_test(tcase, device_with_an_empty_path_is_refused);
	tcase_add_test(tcase, missing_device_is_enoent);
	tcase_add_test(tcase, file_that_is_no_hvpost_device_is_eproto);
	tcase_add_test(tcase, refusal_leaves_errno_alone);
	tcase_add_test(tcase,
		       environment_names_the_target_when_nothing_else_does);
	tcase_add_test(tcase, target_string_wins_over_the_environment);
	tcase_add_test(tcase, empty_environment_means_the_default);
	tcase_add_test(tcase, closing_nothing_is_allowed);
	return suite;
}
