/* SPDX-License-Identifier: MIT */
#ifndef SUITES_H
#define SUITES_H

#include <check.h>

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

/* One for each part of hvpost.h */
Suite *handle_suite(void);
Suite *posting_suite(void);
Suite *receiving_suite(void);
Suite *thread_suite(void);
Suite *wish_suite(void);

/* What only the embedded machine promises */
Suite *embedded_suite(void);

/* A case with the fixtures of link.h and time enough. */
TCase *add_tcase(Suite *suite, const char *name);

#endif /* SUITES_H */
