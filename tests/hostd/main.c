// SPDX-License-Identifier: MIT
/* hvhost as those see it who come to its socket. */
#include <stdlib.h>
#include <unistd.h>

#include "daemon.h"
#include "suites.h"

#define TIMEOUT_S 60

TCase *add_tcase(Suite *suite, const char *name)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, daemon_setup, daemon_teardown);
	tcase_set_timeout(tcase, TIMEOUT_S);
	suite_add_tcase(suite, tcase);
	return tcase;
}

int main(void)
{
	SRunner *runner = srunner_create(run_suite());
	int failed;

	unsetenv("HVPOST_TARGET");
	unsetenv("HVHOST_SOCKET");
	setenv("LC_ALL", "C", 1);
	srunner_add_suite(runner, attach_suite());
	srunner_add_suite(runner, traffic_suite());
	srunner_add_suite(runner, room_suite());
	srunner_add_suite(runner, sleep_suite());
	srunner_add_suite(runner, stall_suite());
	srunner_add_suite(runner, host_suite());
	srunner_add_suite(runner, control_suite());
	srunner_add_suite(runner, cost_suite());
	srunner_add_suite(runner, shape_suite());
	srunner_add_suite(runner, sandbox_suite());
	srunner_add_suite(runner, turns_suite());
	srunner_add_suite(runner, hostile_suite());
	srunner_add_suite(runner, log_suite());
	srunner_add_suite(runner, descriptor_suite());
	srunner_add_suite(runner, attack_suite());
	srunner_add_suite(runner, vmbus_suite());
	srunner_add_suite(runner, top_suite());
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
