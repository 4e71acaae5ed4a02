/* SPDX-License-Identifier: MIT */
/*
 * receiver.h - the SINTs of one VP whose SIM page this process sees: who has them
 * bound, and their interrupts.
 *
 * The library starts no thread, so interrupts run in the threads that call it. The
 * host notes the SINT in a word, and whoever has called the host, or waits for a
 * message, runs the handlers of what is noted (receiver_run_interrupts()).
 *
 * So no message is ever left behind. A note is taken off under the SINT's lock,
 * before a look at the slot: whoever finds it gone, and then takes that lock, finds
 * the message in the inbox. What the handler's EOM delivers is noted in the same
 * way. A slot that had to be left occupied is looked at again by the reader that
 * makes room, under the same lock.
 *
 * Every function may be called from any thread. Locks: the lock of one SINT, never
 * two; the operations are called with it held.
 */
#ifndef HVPOST_RECEIVER_H
#define HVPOST_RECEIVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <hvpost/device.h>
#include <hvpost/hvpost.h>
#include <hvpost/hyperv.h>

#include "inbox.h"

/* What the VP asks of its host. */
struct receiver_ops {
	void (*eom)(void *context, bool wait);	/* see struct inbox_source */
	/*
	 * Write SINTn; return 0 or a negative errno value, -ETIMEDOUT if the host
	 * has not done it at the deadline.
	 */
	int (*write_sint)(void *context, unsigned int sint, uint64_t value,
			  uint64_t deadline_ns);
	/*
	 * Have the host use more slots for a SINT, whose lock is held; NULL: it
	 * does not. Return as above.
	 */
	int (*add_slots)(void *context, unsigned int sint, struct slots *slots,
			 uint64_t deadline_ns);
};

struct receiving_sint {
	pthread_mutex_t lock;	/* guards the inbox, who has it, and the slots */
	struct inbox *inbox;	/* NULL: not bound */
	struct slots slots;
};

struct receiver {
	const struct receiver_ops *ops;
	void *context;
	struct hv_sim_page *sim;
	struct hv_sief_page *sief;
	uint32_t vp_index;
	/*
	 * Bit n: SINT n was asserted, and its handler has not begun since. Set by
	 * the host, cleared under the SINT's lock; seq_cst.
	 */
	uint32_t *noted;
	struct receiving_sint sint[HV_SINT_COUNT];
};

/* The caller has filled all but the SINTs. */
void receiver_init(struct receiver *receiver);
void receiver_destroy(struct receiver *receiver);

/* Run the handlers of what is noted; after each call of the host. */
void receiver_run_interrupts(struct receiver *receiver);

/*
 * Unmask the SINT and keep what arrives in an inbox; see inbox_new() for the
 * rest. Return 0, -EBUSY: somebody has it, -ENOMEM, or what the host's part of it
 * returned, which waits until the deadline.
 */
int receiver_bind(struct receiver *receiver, unsigned int sint,
		  const struct inbox_wish *wish, uint64_t deadline_ns);
/* Mask the SINT and free its inbox. */
void receiver_unbind(struct receiver *receiver, unsigned int sint,
		     uint64_t deadline_ns);
/* Bit n: SINT n is bound. */
uint16_t receiver_bound(struct receiver *receiver);

/* Of a bound SINT: take the oldest record. Return 0 or -EAGAIN. */
int receiver_read(struct receiver *receiver, unsigned int sint,
		  struct hvpost_record *record);
bool receiver_has_record(struct receiver *receiver, unsigned int sint);
/* Add its counters to @counters. */
void receiver_add_counters(struct receiver *receiver, unsigned int sint,
			   struct hvpost_counters *counters);

#endif /* HVPOST_RECEIVER_H */
