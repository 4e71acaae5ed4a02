/* SPDX-License-Identifier: MIT */
/*
 * stop.h - waits that SIGINT and SIGTERM end, without a moment in which a
 * signal is lost: both are blocked, and let in only while waiting.
 */
#ifndef STOP_H
#define STOP_H

#include <stdbool.h>

#include <hvpost/hvpost.h>

/* CLOCK_MONOTONIC now, in nanoseconds. */
uint64_t now_ns(void);

/* Take SIGINT and SIGTERM over. */
void stop_on_signals(void);

/* hvpost_receive(); -EINTR means that it is time to stop. */
int stop_or_receive(struct hvpost *handle, struct hvpost_message *message,
		    uint64_t deadline_ns);

/* Sleep. Return 0, or -EINTR: it is time to stop. */
int stop_or_sleep_until(uint64_t deadline_ns);

#endif /* STOP_H */
