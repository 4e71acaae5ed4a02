/* SPDX-License-Identifier: MIT */
/*
 * allocation.h - memory that runs out when a test says so. In the engine that the
 * suites are linked with, malloc() and its like have been given other names, so
 * that its allocations, and no others, pass here. All of this is about the
 * calling thread.
 */
#ifndef ALLOCATION_H
#define ALLOCATION_H

#include <stdbool.h>

/* Fail the @number-th allocation from now on, counted from 1, and that only. */
void allocation_fail(unsigned int number);
/* Did one fail since? From here on none does. */
bool allocation_has_failed(void);

/* The engine's allocations less its frees until now */
long allocation_balance(void);

/* The next stream into memory cannot grow for its first write. */
void allocation_fail_write(void);

#endif /* ALLOCATION_H */
