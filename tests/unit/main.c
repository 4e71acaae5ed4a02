// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "suites.h"

int main(void)
{
	SRunner *runner = srunner_create(abi_suite());
	int failed;

	srunner_add_suite(runner, spin_suite());
	srunner_add_suite(runner, status_suite());
	srunner_add_suite(runner, retry_suite());
	srunner_add_suite(runner, slot_suite());
	srunner_add_suite(runner, bucket_suite());
	srunner_add_suite(runner, allow_suite());
	srunner_add_suite(runner, layout_suite());
	srunner_add_suite(runner, flags_suite());
	srunner_add_suite(runner, filter_suite());
	srunner_add_suite(runner, deadline_suite());
	srunner_add_suite(runner, target_suite());
	srunner_add_suite(runner, device_suite());
	srunner_add_suite(runner, number_suite());
	srunner_add_suite(runner, options_suite());
	srunner_add_suite(runner, payload_suite());
	srunner_add_suite(runner, bytes_suite());
	srunner_add_suite(runner, message_suite());
	srunner_add_suite(runner, privileges_suite());
	srunner_add_suite(runner, samples_suite());
	srunner_add_suite(runner, echo_suite());
	srunner_add_suite(runner, sighting_suite());
	srunner_add_suite(runner, vmbus_name_suite());
	srunner_add_suite(runner, mapped_suite());
	srunner_add_suite(runner, observer_suite());
	srunner_add_suite(runner, histogram_suite());
	srunner_add_suite(runner, sighting_filter_suite());
	srunner_add_suite(runner, sighting_packet_suite());
	srunner_add_suite(runner, sighting_print_suite());
	srunner_add_suite(runner, pcapng_suite());
	srunner_add_suite(runner, capture_file_suite());
	srunner_add_suite(runner, capture_suite());
	srunner_add_suite(runner, scale_suite());
	srunner_add_suite(runner, timeline_suite());
	srunner_add_suite(runner, plot_suite());
	srunner_add_suite(runner, replay_suite());
	srunner_add_suite(runner, top_suite());
	srunner_add_suite(runner, tally_suite());
	srunner_add_suite(runner, failure_suite());
	srunner_add_suite(runner, facts_suite());
	srunner_add_suite(runner, diagnosis_suite());
	srunner_add_suite(runner, commands_suite());
	srunner_add_suite(runner, demo_suite());
	srunner_add_suite(runner, conditions_suite());
	srunner_add_suite(runner, probe_suite());
	srunner_add_suite(runner, probes_suite());
	srunner_add_suite(runner, conform_suite());

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
