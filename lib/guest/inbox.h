/* SPDX-License-Identifier: MIT */
/*
 * inbox.h - what taker.h and ring.h are in the driver, for a SINT of a VP whose SIM
 * page this process sees: the slot is copied into a ring and freed. A full ring
 * leaves its slot occupied, so that the host queues and then refuses the senders;
 * the reader that makes room takes the slot up again.
 *
 * No locks in here: whoever calls holds the lock of the inbox's SINT.
 */
#ifndef HVPOST_INBOX_H
#define HVPOST_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include <hvpost/device.h>
#include <hvpost/hvpost.h>
#include <hvpost/hyperv.h>

struct inbox;

/*
 * The slots of a SINT, which are emptied in turn: that of the SIM page, and more
 * where there are.
 */
struct slots {
	struct hv_slot *first;
	struct hv_slot *more;
	uint32_t count;		/* of all */
	uint32_t next;		/* 0: the first */
};

/* Where its messages come from. */
struct inbox_source {
	struct slots *slots;	/* of the SINT, whoever has it bound */
	uint32_t vp_index;
	unsigned int sint;
	/* Write EOM on that VP; with @wait, it has taken effect on return. */
	void (*eom)(void *context, bool wait);
	void *context;
};

#define INBOX_NO_FD (-1)

/*
 * An inbox of as many records as asked for, rounded up to a power of two; 0 means
 * the default. @fd is an eventfd at 0, not blocking: the inbox keeps it readable
 * exactly while it holds a record. It belongs to the caller. With INBOX_NO_FD the
 * caller tells of records in another way.
 *
 * Return: NULL: out of memory.
 */
struct inbox *inbox_new(const struct inbox_source *source, uint32_t records,
			int fd);
void inbox_free(struct inbox *inbox);

/* The SINT's interrupt: take what the slot holds, as long as there is room. */
void inbox_interrupt(struct inbox *inbox);

/* The same without an interrupt: what lay in the slot before the inbox was there. */
void inbox_take_slot(struct inbox *inbox);

bool inbox_is_empty(const struct inbox *inbox);

/* Take the oldest record. Return false: there is none. */
bool inbox_read(struct inbox *inbox, struct hvpost_record *record);

const struct hvpost_counters *inbox_counters(const struct inbox *inbox);

#endif /* HVPOST_INBOX_H */
