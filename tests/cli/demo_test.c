// SPDX-License-Identifier: MIT
/* hvpost demo, which needs nothing at all. */
#include <string.h>

#include "suites.h"
#include "tool.h"

START_TEST(demo_shows_a_message_on_its_way)
{
	run_tool_with("HVPOST_TARGET=nonsense", "demo");
	ck_assert_int_eq(ran.status, 0);
	ck_assert_str_eq(ran.complaint, "");
	ck_assert_ptr_nonnull(strstr(ran.out, "\n1. post \"hello, hypervisor\": "
					      "HV_STATUS_SUCCESS (0x0)\n"));
	ck_assert_ptr_nonnull(strstr(
		ran.out, "\n     10  68 65 6c 6c 6f 2c 20 68 79 70 65 72 76 69 "
			 "73 6f   hello, hyperviso\n"));
	ck_assert_ptr_nonnull(
		strstr(ran.out, "\"message 18\": "
				"HV_STATUS_INSUFFICIENT_BUFFERS (0x13)\n"));
	ck_assert_ptr_nonnull(strstr(
		ran.out, "message 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n"
			 "   messages: 17, EOMs: 16, interrupts: 17\n"));
}
END_TEST

START_TEST(fewer_buffers_are_full_earlier)
{
	run_tool("demo --buffers 4");
	ck_assert_int_eq(ran.status, 0);
	ck_assert_ptr_nonnull(
		strstr(ran.out, "\"message 6\": "
				"HV_STATUS_INSUFFICIENT_BUFFERS (0x13)\n"));
	ck_assert_ptr_nonnull(
		strstr(ran.out, "message 1 2 3 4 5\n"
				"   messages: 5, EOMs: 4, interrupts: 5\n"));
}
END_TEST

static const char *const misuse[] = { "demo now", "demo --buffers 0",
				      "demo --buffers 65", "demo --json" };

START_TEST(misuse_shows_nothing)
{
	run_tool(misuse[_i]);
	ck_assert_int_eq(ran.status, 1);
	ck_assert_ptr_null(strstr(ran.out, "HV_STATUS"));
	ck_assert_ptr_nonnull(strstr(ran.complaint, "try 'hvpost demo --help'"));
}
END_TEST

Suite *demo_suite(void)
{
	Suite *suite = suite_create("demo");
	TCase *tcase = tcase_create("demo");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, demo_shows_a_message_on_its_way);
	tcase_add_test(tcase, fewer_buffers_are_full_earlier);
	tcase_add_loop_test(tcase, misuse_shows_nothing, 0, ROWS(misuse));
	return suite;
}
