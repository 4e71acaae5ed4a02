/* SPDX-License-Identifier: MIT */
/* wait.h - the waits of calls that have a deadline. */
#ifndef HVPOST_WAIT_H
#define HVPOST_WAIT_H

#include <signal.h>
#include <stdint.h>

/*
 * Wait until @fd is readable. Return 0, -EAGAIN: it is not, and the deadline is
 * HVPOST_NOW, -ETIMEDOUT, or -EINTR. Leaves errno alone.
 */
int hvpost_wait_readable(int fd, uint64_t deadline_ns);
/* The same, and what poll(2) says of it. */
int hvpost_wait_events(int fd, uint64_t deadline_ns, short *events);

/*
 * Wait so long, or until @fd is readable, unless it is -1; with @let_in as the mask
 * of signals meanwhile. Return 0, or -EINTR: one came. Leaves errno alone.
 */
int hvpost_wait_ns(int fd, uint64_t duration_ns, const sigset_t *let_in);

#endif /* HVPOST_WAIT_H */
