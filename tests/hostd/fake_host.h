/* SPDX-License-Identifier: MIT */
/*
 * fake_host.h - what answers at host_daemon.socket where it is no hvhost: it takes one
 * process with one VP, in a thread of its own, and answers as a case has set it up.
 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include <stdbool.h>
#include <stdint.h>

struct fake_host {
	/* To set up */
	bool leaves_memory_unsealed;
	uint64_t result;		/* of hypercalls */
	unsigned int good_calls;	/* those after so many fail */
	int error;			/* with this */

	/* To look at */
	unsigned int listeners;		/* that it gave away, each at its end; atomic */

	/* Its own */
	unsigned int calls;		/* hypercalls that there were */
};

extern struct fake_host fake_host;

void fake_host_start(void);
/* Once its process is gone. */
void fake_host_stop(void);

#endif /* FAKE_HOST_H */
