// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "suites.h"

int main(void)
{
	SRunner *runner = srunner_create(memory_suite());
	int failed;

	srunner_add_suite(runner, linux_suite());
	srunner_add_suite(runner, multiboot_suite());
	srunner_add_suite(runner, acpi_suite());
	srunner_add_suite(runner, cpuid_suite());
	srunner_add_suite(runner, serial_suite());
	srunner_add_suite(runner, power_suite());
	srunner_add_suite(runner, clock_suite());
	srunner_add_suite(runner, stand_suite());
	srunner_add_suite(runner, testdev_suite());
	srunner_add_suite(runner, life_suite());
	srunner_add_suite(runner, restore_suite());
	srunner_add_suite(runner, guests_suite());

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
