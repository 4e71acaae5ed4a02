/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * When a refused post is worth another try, and how long to wait before it.
 * Pure: knows no clock and no task, so the unit tests run it as it stands.
 */
#ifndef HVP_RETRY_H
#define HVP_RETRY_H

#include <hvpost/hyperv.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif

/* The waits double from the first to the last and stay there. */
#define HVP_RETRY_WAIT_FIRST_NS	(16ull * 1000)
#define HVP_RETRY_WAIT_LAST_NS	(16ull * 1024 * 1000)

struct hvp_retry {
	uint64_t deadline_ns;	/* HVPOST_DEADLINE_*, or absolute */
	uint64_t wait_ns;	/* the wait before the next try; 0: none yet */
	bool retry_connection;	/* INVALID_CONNECTION_ID counts as transient */
};

/* Is @status one that a later try may not get? */
bool hvp_retry_is_transient(const struct hvp_retry *retry, uint16_t status);

/*
 * hvp_retry_next - decide after a try that ended with @status at @now_ns
 *
 * Return 0: final, @status tells how. -EAGAIN: transient, but no time was
 * given. -ETIMEDOUT: transient at the deadline. 1: wait @retry->wait_ns, which
 * never reaches past the deadline, then try again.
 */
int hvp_retry_next(struct hvp_retry *retry, uint16_t status, uint64_t now_ns);

/* The same after a try that came to nothing, for what passes. */
int hvp_retry_later(struct hvp_retry *retry, uint64_t now_ns);

/* errno value (negative, or 0) that stands for @status. */
int hvp_status_errno(uint16_t status);

#endif /* HVP_RETRY_H */
