// SPDX-License-Identifier: MIT
#include "sighting.h"

#include <errno.h>

#include "suites.h"

START_TEST(each_kind_is_found_by_its_name)
{
	enum sighting_kind kind = (enum sighting_kind)_i, found;

	ck_assert_int_eq(sighting_kind_find(sighting_kind_name(kind), &found),
			 0);
	ck_assert_int_eq(found, kind);
}
END_TEST

START_TEST(each_source_is_found_by_its_name)
{
	enum sighting_source source = (enum sighting_source)_i, found;

	ck_assert_int_eq(
		sighting_source_find(sighting_source_name(source), &found), 0);
	ck_assert_int_eq(found, source);
}
END_TEST

START_TEST(no_other_name_is_found)
{
	enum sighting_source source;
	enum sighting_kind kind;

	ck_assert_int_eq(sighting_kind_find("pos", &kind), -EINVAL);
	ck_assert_int_eq(sighting_source_find("", &source), -EINVAL);
}
END_TEST

START_TEST(a_new_one_knows_nothing_yet)
{
	struct sighting sighting =
		sighting_new(SIGHTING_EOM, SIGHTING_BY_DRIVER);

	ck_assert_int_eq(sighting.kind, SIGHTING_EOM);
	ck_assert_int_eq(sighting.source, SIGHTING_BY_DRIVER);
	ck_assert_uint_eq(sighting.status, SIGHTING_NONE);
	ck_assert_uint_eq(sighting.connection_id, SIGHTING_NONE);
	ck_assert_uint_eq(sighting.origin, SIGHTING_NONE_64);
	ck_assert_uint_eq(sighting.duration_ns, SIGHTING_NONE_64);
	ck_assert_uint_eq(sighting.payload_captured, 0);
	ck_assert_str_eq(sighting.process, "");
}
END_TEST

Suite *sighting_suite(void)
{
	Suite *suite = suite_create("sighting");
	TCase *names = tcase_create("names"), *fields = tcase_create("fields");

	tcase_add_loop_test(names, each_kind_is_found_by_its_name, 0,
			    SIGHTING_KINDS);
	tcase_add_loop_test(names, each_source_is_found_by_its_name, 0,
			    SIGHTING_SOURCES);
	tcase_add_test(names, no_other_name_is_found);
	tcase_add_test(fields, a_new_one_knows_nothing_yet);
	suite_add_tcase(suite, names);
	suite_add_tcase(suite, fields);
	return suite;
}
