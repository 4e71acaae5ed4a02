/* SPDX-License-Identifier: MIT */
/* wait.h - the waits of calls that have a deadline. */
#ifndef HVPOST_WAIT_H
#define HVPOST_WAIT_H

#include <stdint.h>

/*
 * Wait until @fd is readable. Return 0, -EAGAIN: it is not, and the deadline is
 * HVPOST_NOW, -ETIMEDOUT, or -EINTR. Leaves errno alone.
 */
int hvpost_wait_readable(int fd, uint64_t deadline_ns);

#endif /* HVPOST_WAIT_H */
