// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "suites.h"

int main(void)
{
	SRunner *runner = srunner_create(lock_suite());
	int failed;

	srunner_add_suite(runner, idtable_suite());
	srunner_add_suite(runner, partition_suite());
	srunner_add_suite(runner, msr_suite());
	srunner_add_suite(runner, hypercall_suite());
	srunner_add_suite(runner, listing_suite());
	srunner_add_suite(runner, post_suite());
	srunner_add_suite(runner, delivery_suite());
	srunner_add_suite(runner, handshake_suite());
	srunner_add_suite(runner, slots_suite());
	srunner_add_suite(runner, room_suite());
	srunner_add_suite(runner, event_suite());
	srunner_add_suite(runner, port_suite());
	srunner_add_suite(runner, connection_suite());
	srunner_add_suite(runner, conformance_suite());
	srunner_add_suite(runner, allocation_suite());
	srunner_add_suite(runner, property_suite());
	srunner_add_suite(runner, snapshot_suite());
	srunner_add_suite(runner, snapshot_refusal_suite());
	srunner_add_suite(runner, stress_suite());
	srunner_add_suite(runner, snapshot_load_suite());

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
