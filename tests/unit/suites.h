/* SPDX-License-Identifier: MIT */
/* suites.h - one suite per noun, one file per suite. */
#ifndef SUITES_H
#define SUITES_H

#include <check.h>

/* Rows of a table that a loop test runs over. */
#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

Suite *abi_suite(void);
Suite *allow_suite(void);
Suite *bucket_suite(void);
Suite *bytes_suite(void);
Suite *commands_suite(void);
Suite *conditions_suite(void);
Suite *conform_suite(void);
Suite *deadline_suite(void);
Suite *demo_suite(void);
Suite *device_suite(void);
Suite *diagnosis_suite(void);
Suite *echo_suite(void);
Suite *facts_suite(void);
Suite *failure_suite(void);
Suite *histogram_suite(void);
Suite *message_suite(void);
Suite *number_suite(void);
Suite *mapped_suite(void);
Suite *observer_suite(void);
Suite *options_suite(void);
Suite *payload_suite(void);
Suite *privileges_suite(void);
Suite *probe_suite(void);
Suite *probes_suite(void);
Suite *retry_suite(void);
Suite *samples_suite(void);
Suite *capture_suite(void);
Suite *capture_file_suite(void);
Suite *pcapng_suite(void);
Suite *plot_suite(void);
Suite *replay_suite(void);
Suite *scale_suite(void);
Suite *sighting_suite(void);
Suite *sighting_filter_suite(void);
Suite *sighting_packet_suite(void);
Suite *sighting_print_suite(void);
Suite *slot_suite(void);
Suite *spin_suite(void);
Suite *layout_suite(void);
Suite *flags_suite(void);
Suite *filter_suite(void);
Suite *status_suite(void);
Suite *tally_suite(void);
Suite *target_suite(void);
Suite *timeline_suite(void);
Suite *vmbus_name_suite(void);
Suite *top_suite(void);

#endif /* SUITES_H */
