// SPDX-License-Identifier: MIT
#include "lib/vmm/clock.h"
#include "suites.h"

/* 2026-12-31 23:58:07 UTC, a Thursday */
#define NOW 1798761487

static const struct {
	uint8_t index, value;
} registers[] = {
	{ 0x00, 0x07 }, { 0x02, 0x58 }, { 0x04, 0x23 }, { 0x06, 0x05 },
	{ 0x07, 0x31 }, { 0x08, 0x12 }, { 0x09, 0x26 }, { 0x32, 0x20 },
	{ 0x0a, 0x00 }, { 0x0b, 0x02 }, { 0x0d, 0x80 }, { 0x84, 0x23 },
	{ 0x7f, 0x00 },
};

START_TEST(the_clock_tells_utc_in_bcd)
{
	ck_assert_uint_eq(clock_read(registers[_i].index, NOW),
			  registers[_i].value);
}
END_TEST

Suite *clock_suite(void)
{
	Suite *suite = suite_create("clock");
	TCase *tests = tcase_create("clock");

	tcase_add_loop_test(tests, the_clock_tells_utc_in_bcd, 0,
			    ROWS(registers));
	suite_add_tcase(suite, tests);
	return suite;
}
