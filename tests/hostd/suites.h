/* SPDX-License-Identifier: MIT */
#ifndef SUITES_H
#define SUITES_H

#include <check.h>

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

Suite *attach_suite(void);
Suite *attack_suite(void);
Suite *control_suite(void);
Suite *cost_suite(void);
Suite *descriptor_suite(void);
Suite *host_suite(void);
Suite *hostile_suite(void);
Suite *log_suite(void);
Suite *room_suite(void);
Suite *run_suite(void);
Suite *sandbox_suite(void);
Suite *shape_suite(void);
Suite *sleep_suite(void);
Suite *stall_suite(void);
Suite *top_suite(void);
Suite *traffic_suite(void);
Suite *turns_suite(void);
Suite *vmbus_suite(void);

/* A case with the fixtures of daemon.h and time enough. */
TCase *add_tcase(Suite *suite, const char *name);

#endif /* SUITES_H */
