/* SPDX-License-Identifier: MIT */
/*
 * posting.h - posts and signals of targets whose hypercalls this library makes
 * itself. What hvpost.ko decides alike, they decide by the same code
 * (driver/retry.c).
 */
#ifndef HVPOST_POSTING_H
#define HVPOST_POSTING_H

#include <signal.h>

#include "call_ring.h"
#include "target.h"

/* How a target makes a hypercall. */
struct posting_way {
	/*
	 * Return 0, or a negative errno value: the call was not made, or, at
	 * -EINPROGRESS, nobody knows.
	 */
	int (*issue)(void *context, const struct hvpost_call *call,
		     struct call_limits *limits, uint64_t *result);
	/*
	 * Make calls in order until one gets a status; NULL: only one at a time.
	 * Return how many were made, with the result of the last, or as above.
	 */
	int (*issue_chain)(void *context, const struct hvpost_call *calls,
			   unsigned int count, struct call_limits *limits,
			   uint64_t *result);
	/*
	 * How often there was room for who waited for a buffer, as seen before a
	 * post; and wait until it was once more, or so long, with @let_in as the
	 * mask of signals. Return 0 or -EINTR. NULL, both: waits end by time.
	 */
	uint32_t (*look_at_room)(void *context);
	int (*wait_for_room)(void *context, uint32_t seen, uint64_t duration_ns,
			     const sigset_t *let_in);
	void *context;
};

int posting_post(const struct posting_way *way, const struct hvpost_post *post,
		 uint64_t deadline_ns, struct hvpost_answer *answer);

/* @way has issue_chain. */
int posting_post_many(const struct posting_way *way,
		      const struct hvpost_post *posts, unsigned int count,
		      uint64_t deadline_ns, struct hvpost_answer *answer);

int posting_signal(const struct posting_way *way, uint32_t connection_id,
		   uint16_t flag_number, struct hvpost_answer *answer);

#endif /* HVPOST_POSTING_H */
