/* SPDX-License-Identifier: MIT */
/* suites.h - one suite per noun, one file per suite. */
#ifndef SUITES_H
#define SUITES_H

#include <check.h>

/* Rows of a table that a loop test runs over. */
#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

Suite *allocation_suite(void);
Suite *conformance_suite(void);
Suite *connection_suite(void);
Suite *delivery_suite(void);
Suite *event_suite(void);
Suite *handshake_suite(void);
Suite *hypercall_suite(void);
Suite *idtable_suite(void);
Suite *listing_suite(void);
Suite *lock_suite(void);
Suite *msr_suite(void);
Suite *partition_suite(void);
Suite *port_suite(void);
Suite *post_suite(void);
Suite *property_suite(void);
Suite *room_suite(void);
Suite *slots_suite(void);
Suite *snapshot_load_suite(void);
Suite *snapshot_refusal_suite(void);
Suite *snapshot_suite(void);
Suite *stress_suite(void);

#endif /* SUITES_H */
