/* SPDX-License-Identifier: MIT */
/*
 * call_ring.h - the ring in which a VP has its calls carried out by hvhost; see
 * attach.h. A call is submitted, waited for, and its slot is free again once its
 * result has been read.
 *
 * Every function may be called from any thread, and leaves errno alone. -ENODEV:
 * hvhost is gone, or has dropped this process.
 */
#ifndef HVPOST_CALL_RING_H
#define HVPOST_CALL_RING_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <hvpost/attach.h>
#include <hvpost/hvpost.h>

/* Who carries the calls out. */
struct call_host {
	int socket;		/* hangs up when it is gone */
	int doorbell;
	uint32_t *sleeping;	/* see attach.h */
	bool is_gone;		/* somebody has seen it; relaxed, as it stays so */
};

/* Has been given something to do: it need not sleep any more. */
void call_host_wake(const struct call_host *host);
/* Has it ended, or dropped this process? */
bool call_host_is_gone(const struct call_host *host);

/* So long hvhost may stand still before a wait for it ends early. */
#define CALL_PATIENCE_NS UINT64_C(5000000000)

/*
 * When to wait for hvhost no longer: at the deadline, or once a signal has come, but
 * after @patience_ns at the earliest. Signals come while we sleep, or a tenth of a
 * second later.
 */
struct call_limits {
	uint64_t deadline_ns;
	uint64_t patience_ns;
	const sigset_t *let_in;	/* the mask of signals meanwhile; NULL: as it is */
	bool interrupted;	/* out: a signal came */
};

enum slot_state {
	SLOT_FREE,
	SLOT_IN_USE,	/* somebody has yet to read its result */
	SLOT_GIVEN_UP	/* nobody will: it is free once it is completed */
};

struct call_ring {
	struct call_host *host;
	struct hvpost_attach_vp *shared;
	pthread_mutex_t lock;	/* guards these two, and @submitted of the VP */
	uint32_t submitted;
	enum slot_state slot[HVPOST_ATTACH_CALLS];
};

void call_ring_init(struct call_ring *ring, struct call_host *host,
		    struct hvpost_attach_vp *shared);
void call_ring_destroy(struct call_ring *ring);

/* What goes into a slot, and what comes out of it. */
struct call_request {
	struct hvpost_attach_call call;	/* but for its memory */
	const void *memory;		/* to be copied into the slot, or NULL */
	void *output;			/* what is in its slot then; or NULL */
	uint32_t number;		/* out: of the call, once it is submitted */
};

/*
 * Carry out a call, whose results go into @request. Return 0, -ENODEV, hvhost's own
 * error of the call, -EPROTO: which is none, or, at the limits, -EAGAIN, -ETIMEDOUT or
 * -EINTR: it was not submitted, as the ring is full; -EINPROGRESS: it is on its way,
 * and may be carried out yet.
 */
int call_ring_run(struct call_ring *ring, struct call_request *request,
		  struct call_limits *limits);

/* Wait for a call that was on its way. Return 0 or as above. */
int call_ring_wait(struct call_ring *ring, uint32_t number,
		   struct call_limits *limits);

/*
 * Carry out calls in order until one gets a status that is not HV_STATUS_SUCCESS.
 * The memory of each is HVPOST_ATTACH_SLOT_SIZE at most, and only read. Return how
 * many were made, and in *result that of the last of them; or as above.
 */
int call_ring_run_chain(struct call_ring *ring, const struct hvpost_call *calls,
			unsigned int count, struct call_limits *limits,
			uint64_t *result);

#endif /* HVPOST_CALL_RING_H */
