// SPDX-License-Identifier: MIT
#include "lib/vmm/power.h"
#include "suites.h"

#define CONTROL	(POWER_CONTROL_PORT - POWER_EVENT_PORT)
#define TIMER	(POWER_TIMER_PORT - POWER_EVENT_PORT)
#define SLEEP	(1u << 13)

static struct power power;

START_TEST(only_the_sleep_type_off_switches_off)
{
	ck_assert_int_eq(power_write(&power, CONTROL, SLEEP |
				     (uint32_t)_i << 10),
			 _i == POWER_SLEEP_OFF);
	ck_assert(!power_write(&power, CONTROL, (uint32_t)_i << 10));
}
END_TEST

START_TEST(acpi_mode_is_always_on_and_nothing_ever_happens)
{
	power_write(&power, 2, 0xabcd);
	ck_assert_uint_eq(power_read(&power, 2), 0xabcd);
	power_write(&power, 0, 0xffff);
	ck_assert_uint_eq(power_read(&power, 0), 0);
	power_write(&power, CONTROL, SLEEP);
	ck_assert_uint_eq(power_read(&power, CONTROL), 1);
}
END_TEST

START_TEST(the_timer_goes_on_and_has_24_bits)
{
	uint32_t before = power_read(&power, TIMER), now;

	ck_assert_uint_le(before, 0xffffff);
	do
		now = power_read(&power, TIMER);
	while (now == before);
	ck_assert_uint_lt((now - before) & 0xffffff, 0x800000);
}
END_TEST

Suite *power_suite(void)
{
	Suite *suite = suite_create("power");
	TCase *tests = tcase_create("power");

	tcase_add_loop_test(tests, only_the_sleep_type_off_switches_off, 0, 8);
	tcase_add_test(tests, acpi_mode_is_always_on_and_nothing_ever_happens);
	tcase_add_test(tests, the_timer_goes_on_and_has_24_bits);
	suite_add_tcase(suite, tests);
	return suite;
}
