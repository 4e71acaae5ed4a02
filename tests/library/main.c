// SPDX-License-Identifier: MIT
/*
 * The library's cases, on the target and the link that the arguments name; see
 * link.h. Without any: on the embedded one.
 */
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "suites.h"

#define TIMEOUT_S 60

TCase *add_tcase(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, link_setup, link_teardown);
	tcase_set_timeout(tcase, TIMEOUT_S);
	suite_add_tcase(suite, tcase);
	return tcase;
}

int main(int argc, char **argv)
{
	SRunner *runner;
	int failed;

	if (link_parse(argc - 1, argv + 1))
		return EXIT_FAILURE;

	runner = srunner_create(handle_suite());
	srunner_add_suite(runner, posting_suite());
	srunner_add_suite(runner, receiving_suite());
	srunner_add_suite(runner, wish_suite());
	srunner_add_suite(runner, thread_suite());
	if (!strcmp(echo.target, "embedded"))
		srunner_add_suite(runner, embedded_suite());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
