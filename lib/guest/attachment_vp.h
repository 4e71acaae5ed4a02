/* SPDX-License-Identifier: MIT */
/*
 * attachment_vp.h - a VP of an attachment: its calls, its registers, and what it
 * receives.
 *
 * Every function but the first two may be called from any thread.
 */
#ifndef HVPOST_ATTACHMENT_VP_H
#define HVPOST_ATTACHMENT_VP_H

#include <pthread.h>
#include <stdint.h>

#include <hvpost/attach.h>
#include <hvpost/hvpost.h>

#include "call_ring.h"
#include "receiver.h"

struct attachment_vp {
	struct hvpost_attach_vp *shared;
	struct call_ring ring;
	struct receiver receiver;
	pthread_mutex_t pages_lock;	/* guards the VP's pages, and the rest */
	bool pages_are_lost;		/* to a call that was given up */
	uint32_t pages_call;		/* which one */
};

/* All of @vp is zero; @host and @shared outlive it. */
void attachment_vp_init(struct attachment_vp *vp, struct call_host *host,
			struct hvpost_attach_vp *shared, uint32_t vp_index);
void attachment_vp_destroy(struct attachment_vp *vp);

/* Place its pages and enable its SynIC. Return 0 or a negative errno value. */
int attachment_vp_start(struct attachment_vp *vp, uint64_t deadline_ns);

/*
 * Return 0, -EPERM: the MSR does not take that, -ENODEV, or -ETIMEDOUT: hvhost has not
 * done it at the deadline, but will if it goes on.
 */
int attachment_vp_write_msr(struct attachment_vp *vp, uint32_t msr,
			    uint64_t value, uint64_t deadline_ns);

/* See attachment_call(). */
int attachment_vp_call(struct attachment_vp *vp, const struct hvpost_call *call,
		       struct call_limits *limits, uint64_t *result);

#endif /* HVPOST_ATTACHMENT_VP_H */
