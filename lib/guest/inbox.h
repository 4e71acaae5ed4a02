/* SPDX-License-Identifier: MIT */
/*
 * inbox.h - what taker.h and ring.h are in the driver, for a SINT of a VP whose SIM
 * page this process sees: the slot is copied into a ring and freed. A full ring
 * leaves its slot occupied, so that the host queues and then refuses the senders;
 * the reader that makes room takes the slot up again. Event flags are taken in the
 * same way, if they are wanted.
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
	struct hv_event_flags *flags;	/* of the SINT */
	uint32_t vp_index;
	unsigned int sint;
	/* Write EOM on that VP; with @wait, it has taken effect on return. */
	void (*eom)(void *context, bool wait);
	void *context;
};

/* May an inbox be what is wished for? Return 0, -EINVAL or -EOPNOTSUPP. */
int inbox_check_bind(const struct hvpost_bind *wish);

#define INBOX_NO_FD (-1)

/* What is to be kept, and how. */
struct inbox_wish {
	uint32_t records;	/* rounded up to a power of two; 0: the default */
	bool events;
	bool more_slots;	/* if the host has them to give */
	const struct hvpost_ioc_filter *filter;
	/*
	 * An eventfd at 0, not blocking: the inbox keeps it readable exactly while
	 * it holds a record. It belongs to the caller. With INBOX_NO_FD the caller
	 * tells of records in another way.
	 */
	int fd;
};

/* Return NULL: out of memory. */
struct inbox *inbox_new(const struct inbox_source *source,
			const struct inbox_wish *wish);
void inbox_free(struct inbox *inbox);

/* The SINT's interrupt: take what is there, as long as there is room. */
void inbox_interrupt(struct inbox *inbox);

/* The same without an interrupt: what was there before the inbox was. */
void inbox_take(struct inbox *inbox);

bool inbox_is_empty(const struct inbox *inbox);

/* Take the oldest record. Return false: there is none. */
bool inbox_read(struct inbox *inbox, struct hvpost_record *record);

const struct hvpost_counters *inbox_counters(const struct inbox *inbox);

#endif /* HVPOST_INBOX_H */
