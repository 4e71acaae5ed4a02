/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The taker of one SINT on one CPU: its interrupt copies the CPU's slot into the
 * rings of all who have the SINT, and frees the slot. A full ring, unless its
 * reader may lose something, leaves the slot occupied, so that the host queues
 * and then refuses the senders; the reader that makes room has the slot taken up
 * again. Event flags are taken in the same way, if anybody wants them: a full
 * ring leaves them set, and they go on gathering signals. Many of them are taken
 * in several goes, each of which has the next follow soon.
 */
#ifndef HVP_TAKER_H
#define HVP_TAKER_H

#include "ring.h"

struct hvp_taker;

/*
 * The taker of @sint on @cpu, with an IRQ that has @name in /proc/interrupts;
 * not armed yet, and without a ring.
 */
struct hvp_taker *hvp_taker_new(unsigned int cpu, unsigned int sint,
				const char *name);
/*
 * It is disarmed, or its CPU is off, for good: give its IRQ back. Rings may go on
 * counting what they got.
 */
void hvp_taker_retire(struct hvp_taker *taker);
/* It has no ring any more, and is disarmed or its CPU is off. */
void hvp_taker_free(struct hvp_taker *taker);

/*
 * Give what it takes from now on to @ring as well, or no more. On the taker's
 * CPU with IRQs off, or while that is off: so who has left is out of all
 * interrupts.
 */
void hvp_taker_join(struct hvp_taker *taker, struct hvp_ring *ring);
void hvp_taker_leave(struct hvp_taker *taker, struct hvp_ring *ring);

/*
 * On the taker's CPU, from any context: may it be armed (-EBUSY), arm it and
 * take what is there already, take up again after a pause, mask it but go on
 * taking, let go of it. What is there then stays for the next.
 */
int hvp_taker_probe(struct hvp_taker *taker);
int hvp_taker_arm(struct hvp_taker *taker);
void hvp_taker_take_again(struct hvp_taker *taker);
/* The same; in process context: see all goes through that are to follow. */
void hvp_taker_finish(struct hvp_taker *taker);
void hvp_taker_mask(struct hvp_taker *taker);
void hvp_taker_disarm(struct hvp_taker *taker);
bool hvp_taker_is_armed(const struct hvp_taker *taker);
/* On the taker's CPU with IRQs off: is there a message in its slot? */
bool hvp_taker_is_occupied(const struct hvp_taker *taker);
/* Bits of the SINTs of this CPU that takers have armed. IRQs are off. */
u32 hvp_taker_armed_here(void);
/* Has somebody changed the SINT since it was armed? Then it is not, any more. */
bool hvp_taker_is_lost(struct hvp_taker *taker);

/* From any CPU: a ring has room again. Takes cpu_hotplug_lock. */
void hvp_taker_resume(struct hvp_taker *taker);

/* Add the taker's own counters to @sum, and those of @ring. */
void hvp_taker_add_counters(struct hvp_taker *taker,
			    const struct hvp_ring *ring,
			    struct hvpost_ioc_counters *sum);

#endif /* HVP_TAKER_H */
