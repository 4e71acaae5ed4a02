/* SPDX-License-Identifier: MIT */
/*
 * stop.h - calls that SIGINT and SIGTERM end, wherever in them they come. None
 * of these returns -EINTR for any other signal: they go on with what they do.
 */
#ifndef STOP_H
#define STOP_H

#include <stddef.h>

#include <hvpost/hvpost.h>

/* CLOCK_MONOTONIC now, in nanoseconds. */
uint64_t now_ns(void);

/* Take SIGINT and SIGTERM over; before that they end the process. */
void stop_on_signals(void);

/*
 * hvpost_post(); -EINTR means that it is time to stop, and nothing was posted.
 * @attempts is out: the hypercalls that it took.
 */
int stop_or_post(struct hvpost *handle, const struct hvpost_post *post,
		 uint64_t deadline_ns, uint64_t *attempts);

/*
 * hvpost_receive(); -EINTR means that it is time to stop, and that what had
 * come by then has been received; -EPIPE that standard output is a pipe which
 * nobody reads any more.
 */
int stop_or_receive(struct hvpost *handle, struct hvpost_message *message,
		    uint64_t deadline_ns);

/*
 * The same, of several handles: the next message of any, and by @which the one that
 * had it. They take turns, starting behind @which. At most STOP_HANDLES_MAX.
 */
#define STOP_HANDLES_MAX 16u

int stop_or_receive_any(struct hvpost *const *handles, size_t count,
			size_t *which, struct hvpost_message *message,
			uint64_t deadline_ns);

/*
 * Wait until @fd is readable. Return 1, 0: the deadline came before, -EINTR: it is
 * time to stop, or -EPIPE as above.
 */
int stop_or_wait(int fd, uint64_t deadline_ns);

/* Sleep. Return 0, -EINTR: it is time to stop, or -EPIPE as above. */
int stop_or_sleep_until(uint64_t deadline_ns);

#endif /* STOP_H */
