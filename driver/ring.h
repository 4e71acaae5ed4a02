/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ring of one CPU of one inbox: a taker adds records, a reader takes them.
 * It knows nothing of where they come from. A ring that is full says so and
 * remembers it, and the reader that makes room finds that it did.
 */
#ifndef HVP_RING_H
#define HVP_RING_H

#include <linux/irq_work.h>
#include <linux/list.h>
#include <linux/wait.h>

#include <hvpost/device.h>

struct hvp_pages;

/*
 * The reader may have @words and the records mapped, the words for writing.
 * They are our copies for it: but for the tail we never read what lies there,
 * and that once each time, for whatever it is.
 */
struct hvp_ring {
	struct list_head of_taker;	/* these two are the taker's, see there */
	bool woken;
	const struct hvpost_ioc_filter *filter;	/* of its inbox */
	bool events;		/* event flags are wanted */
	bool shared;		/* what finds no room is dropped */
	struct hvpost_ring_words *words;
	struct hvp_pages *pages;
	struct hvpost_record *records;
	u32 size;		/* records in it, a power of two */
	u32 head;		/* release by the taker, acquire by the reader */
	u32 tail;		/* read()'s own; under inbox->read_lock */
	bool stalled;		/* something was left behind. Full barriers order
				 * it against words->tail on both sides, so that
				 * either the taker sees the room or the reader
				 * sees the stall.
				 */
	/* These two under the taker's lock */
	u64 sequence;
	struct hvpost_ioc_counters counters;
	struct irq_work wake;	/* on PREEMPT_RT, where interrupts cannot wake */
	wait_queue_head_t *wait;
};

/* What a ring is for. */
struct hvp_ring_wish {
	unsigned int cpu;	/* where its records come in */
	const struct hvpost_ioc_bind *bind;
	const struct hvpost_ioc_filter *filter;
	struct hvpost_ring_words *words;	/* shared with who maps it */
	wait_queue_head_t *wait;	/* woken when something came */
};

struct hvp_ring *hvp_ring_new(const struct hvp_ring_wish *wish);
/* No taker knows it any more. */
void hvp_ring_free(struct hvp_ring *ring);

/* For its taker, with the taker's lock held */

/*
 * Must @record stay where it is, for want of room here? Then the ring is stalled.
 * Not if its reader does not want it, or may lose it.
 */
bool hvp_ring_must_wait(struct hvp_ring *ring,
			const struct hvpost_record *record);
/*
 * Copy @record into it, with its sequence, or count why not. Return true if the
 * reader is to be woken.
 */
bool hvp_ring_take(struct hvp_ring *ring, const struct hvpost_record *record);
/* Tell the reader to have us look again when it has read; or that we do. */
void hvp_ring_set_stalled(struct hvp_ring *ring, bool stalled);
void hvp_ring_add_counters(const struct hvp_ring *ring,
			   struct hvpost_ioc_counters *sum);

/* For its taker, with IRQs off and no lock held: something came. */
void hvp_ring_wake(struct hvp_ring *ring);

/* For its reader */

bool hvp_ring_is_empty(const struct hvp_ring *ring);
/* How many records wait for it; for anybody. */
u32 hvp_ring_queued(const struct hvp_ring *ring);

/*
 * Copy up to @room records out; a record that cannot be copied stays. One
 * reader at a time, and none that has the ring mapped. Return how many, or
 * -EFAULT.
 */
ssize_t hvp_ring_read(struct hvp_ring *ring, char __user *buffer, size_t room);

/* Has its taker left something behind for want of room? Ask after reading. */
bool hvp_ring_is_stalled(const struct hvp_ring *ring);
/* That, and there is room: to ask the taker's CPU for less comes to nothing. */
bool hvp_ring_may_go_on(const struct hvp_ring *ring);

/* The memory of its records. */
const struct hvp_pages *hvp_ring_pages(const struct hvp_ring *ring);

#endif /* HVP_RING_H */
