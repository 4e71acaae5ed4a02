/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ring of one CPU of one inbox: a taker adds records, a reader takes them.
 * It knows nothing of where they come from. A ring that is full says so and
 * remembers it, and the reader that makes room finds that it did.
 */
#ifndef HVP_RING_H
#define HVP_RING_H

#include <linux/wait.h>

#include <hvpost/device.h>

struct hvp_pages;
struct hvp_ring;

/*
 * A ring for what comes to @cpu, of @records (a power of two); @wait is woken
 * when something came. @words are what a reader who maps the ring shares with us.
 */
struct hvp_ring *hvp_ring_new(unsigned int cpu, u32 records,
			      struct hvpost_ring_words *words,
			      wait_queue_head_t *wait);
/* No taker knows it any more. */
void hvp_ring_free(struct hvp_ring *ring);

/* For its taker, with the taker's lock held */

/* Is there room for a record? If not, the ring is stalled. */
bool hvp_ring_has_room(struct hvp_ring *ring);
/* The same in advance: the next record's reader is to have us look again. */
void hvp_ring_stall(struct hvp_ring *ring);
/* Copy @record into it, with its sequence; there is room. */
void hvp_ring_add(struct hvp_ring *ring, const struct hvpost_record *record);
/* What it was stalled for is about to be looked at again. */
void hvp_ring_clear_stall(struct hvp_ring *ring);
void hvp_ring_add_counters(const struct hvp_ring *ring,
			   struct hvpost_ioc_counters *sum);

/* For its taker, with IRQs off and no lock held: something came. */
void hvp_ring_wake(struct hvp_ring *ring);

/* For its reader */

bool hvp_ring_is_empty(const struct hvp_ring *ring);

/*
 * Copy up to @room records out; a record that cannot be copied stays. One reader
 * at a time, and none that has the ring mapped. Return how many, or -EFAULT.
 */
ssize_t hvp_ring_read(struct hvp_ring *ring, char __user *buffer, size_t room);

/* Has its taker left something behind for want of room? Ask after reading. */
bool hvp_ring_is_stalled(const struct hvp_ring *ring);

/* The memory of its records. */
const struct hvp_pages *hvp_ring_pages(const struct hvp_ring *ring);

#endif /* HVP_RING_H */
