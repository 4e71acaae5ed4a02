/* SPDX-License-Identifier: MIT */
#ifndef SUITES_H
#define SUITES_H

#include <check.h>

/* Rows of a table that a loop test runs over. */
#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

Suite *conform_suite(void);
Suite *help_suite(void);
Suite *misuse_suite(void);
Suite *status_suite(void);
Suite *target_suite(void);
Suite *doctor_suite(void);
Suite *top_suite(void);
Suite *embedded_suite(void);
Suite *demo_suite(void);
Suite *trace_suite(void);

#endif /* SUITES_H */
