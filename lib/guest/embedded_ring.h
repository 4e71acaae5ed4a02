/* SPDX-License-Identifier: MIT */
/*
 * embedded_ring.h - what ring.h is in the driver, for a SINT of the embedded
 * machine: its slot is copied into the ring and freed. A full ring leaves its
 * slot occupied, so that the host queues and then refuses the senders; the
 * reader that makes room takes the slot up again.
 *
 * No locks in here: whoever calls holds the lock of the ring's SINT.
 */
#ifndef HVPOST_EMBEDDED_RING_H
#define HVPOST_EMBEDDED_RING_H

#include <stdbool.h>
#include <stdint.h>

#include <hvpost/device.h>
#include <hvpost/hvhost.h>
#include <hvpost/hvpost.h>

struct embedded_ring;

/*
 * A ring for @sint of @vp: of as many records as asked for, rounded up to a power
 * of two; 0 means the default. @fd is an eventfd at 0, not blocking: the ring keeps
 * it readable exactly while it holds a record. It belongs to the caller.
 *
 * Return: NULL: out of memory.
 */
struct embedded_ring *embedded_ring_new(struct hvhost_vp *vp, unsigned int sint,
					uint32_t records, int fd);
void embedded_ring_free(struct embedded_ring *ring);

/* The SINT's interrupt: take what the slot holds, as long as there is room. */
void embedded_ring_interrupt(struct embedded_ring *ring);

/* The same without an interrupt: what lay in the slot before the ring was there. */
void embedded_ring_take_slot(struct embedded_ring *ring);

/* Take the oldest record. Return false: there is none. */
bool embedded_ring_read(struct embedded_ring *ring,
			struct hvpost_record *record);

const struct hvpost_counters *
embedded_ring_counters(const struct embedded_ring *ring);

#endif /* HVPOST_EMBEDDED_RING_H */
