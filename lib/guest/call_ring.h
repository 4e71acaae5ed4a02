/* SPDX-License-Identifier: MIT */
/*
 * call_ring.h - the ring in which a VP has its calls carried out by hvhost; see
 * attach.h. A call is submitted, waited for, and its slot is free again once its
 * result has been read.
 *
 * Every function may be called from any thread, and leaves errno alone. All that
 * can go wrong is -ENODEV: hvhost is gone, or has dropped this process.
 */
#ifndef HVPOST_CALL_RING_H
#define HVPOST_CALL_RING_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <hvpost/attach.h>
#include <hvpost/hvpost.h>

/* Who carries the calls out. */
struct call_host {
	int socket;		/* hangs up when it is gone */
	int doorbell;
	uint32_t *sleeping;	/* see attach.h */
};

/* Has been given something to do: it need not sleep any more. */
void call_host_wake(const struct call_host *host);

struct call_ring {
	const struct call_host *host;
	struct hvpost_attach_vp *shared;
	pthread_mutex_t lock;	/* guards these two, and @submitted of the VP */
	uint32_t submitted;
	bool in_use[HVPOST_ATTACH_CALLS]; /* somebody has yet to read its result */
};

void call_ring_init(struct call_ring *ring, const struct call_host *host,
		    struct hvpost_attach_vp *shared);
void call_ring_destroy(struct call_ring *ring);

/* What goes into a slot, and what comes out of it. */
struct call_request {
	struct hvpost_attach_call call;	/* but for its memory */
	const void *memory;		/* to be copied into the slot, or NULL */
};

/*
 * Carry out a call, whose results go into @request, and into @output, unless that
 * is NULL, what is then in its slot's memory. Return 0 or -ENODEV.
 */
int call_ring_run(struct call_ring *ring, struct call_request *request,
		  void *output);

/*
 * Carry out calls in order until one gets a status that is not HV_STATUS_SUCCESS.
 * The memory of each is HVPOST_ATTACH_SLOT_SIZE at most, and only read. Return how
 * many were made, and in *result that of the last of them; or -ENODEV.
 */
int call_ring_run_chain(struct call_ring *ring, const struct hvpost_call *calls,
			unsigned int count, uint64_t *result);

#endif /* HVPOST_CALL_RING_H */
