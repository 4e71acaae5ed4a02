/* SPDX-License-Identifier: MIT */
/* suites.h - one suite per noun, one file per suite. None needs KVM. */
#ifndef SUITES_H
#define SUITES_H

#include <check.h>

/* Rows of a table that a loop test runs over. */
#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

Suite *acpi_suite(void);
Suite *clock_suite(void);
Suite *cpuid_suite(void);
Suite *guests_suite(void);
Suite *life_suite(void);
Suite *linux_suite(void);
Suite *memory_suite(void);
Suite *multiboot_suite(void);
Suite *power_suite(void);
Suite *restore_suite(void);
Suite *serial_suite(void);
Suite *stand_suite(void);
Suite *testdev_suite(void);

#endif /* SUITES_H */
