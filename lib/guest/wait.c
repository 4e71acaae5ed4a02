// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* ppoll */
#include "wait.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>

#include <hvpost/hvpost.h>

#include "deadline.h"

int hvpost_wait_events(int fd, uint64_t deadline_ns, short *events)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	struct timespec left;
	int saved_errno = errno, err = 0, n;

	n = ppoll(&readable, 1,
		  hvpost_deadline_left(deadline_ns, hvpost_deadline_clock(),
				       &left),
		  NULL);
	if (n < 0)
		err = -errno;
	else if (n == 0)
		err = deadline_ns == HVPOST_NOW ? -EAGAIN : -ETIMEDOUT;
	*events = readable.revents;
	errno = saved_errno;
	return err;
}

int hvpost_wait_readable(int fd, uint64_t deadline_ns)
{
	short events;

	return hvpost_wait_events(fd, deadline_ns, &events);
}

int hvpost_wait_ns(int fd, uint64_t duration_ns, const sigset_t *let_in)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };
	struct timespec left;
	int saved_errno = errno, err = 0;

	if (ppoll(&readable, 1, hvpost_deadline_left(duration_ns, 0, &left),
		  let_in) < 0)
		err = -errno;
	errno = saved_errno;
	return err;
}
