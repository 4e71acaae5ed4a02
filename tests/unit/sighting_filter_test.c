// SPDX-License-Identifier: MIT
#include "sighting_filter.h"

#include <hvpost/hyperv.h>

#include "suites.h"

static struct sighting_filter filter;

static struct sighting refused_post(void)
{
	struct sighting sighting =
		sighting_new(SIGHTING_POST, SIGHTING_BY_DRIVER);

	sighting.connection_id = 0x10;
	sighting.status = HV_STATUS_INSUFFICIENT_BUFFERS;
	return sighting;
}

static const struct {
	const char *connection, *sint, *status;
	bool passes;
} filters[] = {
	{ NULL, NULL, NULL, true },
	{ "0x10", NULL, NULL, true },
	{ "17", NULL, NULL, false },
	{ NULL, NULL, "0x13", true },
	{ NULL, NULL, "insufficient_buffers", true },
	{ NULL, NULL, "HV_STATUS_SUCCESS", false },
	{ NULL, "6", NULL, false },
	{ "0x10", NULL, "19", true },
	{ "0x10", NULL, "0", false },
};

START_TEST(only_what_is_wanted_passes)
{
	const struct sighting post = refused_post();

	ck_assert_ptr_null(sighting_filter_make(&filter, filters[_i].connection,
						filters[_i].sint,
						filters[_i].status));
	ck_assert_int_eq(sighting_passes(&filter, &post), filters[_i].passes);
}
END_TEST

static const struct {
	const char *connection, *sint, *status, *why;
} wrong[] = {
	{ "ten", NULL, NULL, "--connection takes a number" },
	{ "0xffffffff", NULL, NULL, "--connection takes a number" },
	{ NULL, "16", NULL, "--sint takes a number from 0 to 15" },
	{ NULL, NULL, "0x10000",
	  "--status takes a number, or a name that 'hvpost status' lists" },
	{ NULL, NULL, "no",
	  "--status takes a number, or a name that 'hvpost status' lists" },
};

START_TEST(what_is_no_filter_is_named)
{
	ck_assert_str_eq(sighting_filter_make(&filter, wrong[_i].connection,
					      wrong[_i].sint, wrong[_i].status),
			 wrong[_i].why);
}
END_TEST

Suite *sighting_filter_suite(void)
{
	Suite *suite = suite_create("sighting filter");
	TCase *tcase = tcase_create("filter");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, only_what_is_wanted_passes, 0,
			    ROWS(filters));
	tcase_add_loop_test(tcase, what_is_no_filter_is_named, 0, ROWS(wrong));
	return suite;
}
