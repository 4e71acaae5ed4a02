// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "suites.h"

int main(void)
{
	SRunner *runner = srunner_create(help_suite());
	int failed;

	/* What the tool does must not depend on who runs the tests. */
	unsetenv("HVPOST_TARGET");
	setenv("LC_ALL", "C", 1);

	srunner_add_suite(runner, misuse_suite());
	srunner_add_suite(runner, status_suite());
	srunner_add_suite(runner, target_suite());
	srunner_add_suite(runner, doctor_suite());
	srunner_add_suite(runner, top_suite());
	srunner_add_suite(runner, embedded_suite());
	srunner_add_suite(runner, demo_suite());
	srunner_add_suite(runner, conform_suite());
	srunner_add_suite(runner, trace_suite());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
