// SPDX-License-Identifier: MIT
#include "inbox.h"

#include <stdlib.h>
#include <sys/eventfd.h>

#include "deadline.h"
#include "driver/slot.h"

struct inbox {
	struct inbox_source source;
	int fd;			/* or INBOX_NO_FD */
	uint32_t head;		/* counts what came; index by mask */
	uint32_t tail;		/* counts what was read */
	uint32_t mask;
	bool stalled;		/* the slot was left occupied */
	uint64_t sequence;
	struct hvpost_counters counters;
	struct hvpost_record records[];
};

static uint32_t round_up(uint32_t records)
{
	uint32_t power = 1;

	while (power < records)
		power *= 2;
	return power;
}

struct inbox *inbox_new(const struct inbox_source *source, uint32_t records,
			int fd)
{
	uint32_t size = round_up(records ? records :
					   HVPOST_RING_RECORDS_DEFAULT);
	struct inbox *inbox;

	inbox = calloc(1, sizeof(*inbox) + size * sizeof(inbox->records[0]));
	if (!inbox)
		return NULL;
	inbox->source = *source;
	inbox->fd = fd;
	inbox->mask = size - 1;
	return inbox;
}

void inbox_free(struct inbox *inbox)
{
	free(inbox);
}

bool inbox_is_empty(const struct inbox *inbox)
{
	return inbox->head == inbox->tail;
}

static bool is_full(const struct inbox *inbox)
{
	return inbox->head - inbox->tail > inbox->mask;
}

/* Neither can fail: the eventfd counts from 0 to 1 and back. */

static void announce(const struct inbox *inbox)
{
	if (inbox->fd != INBOX_NO_FD)
		eventfd_write(inbox->fd, 1);
}

static void withdraw(const struct inbox *inbox)
{
	eventfd_t count;

	if (inbox->fd != INBOX_NO_FD)
		eventfd_read(inbox->fd, &count);
}

static void add(struct inbox *inbox, const struct hv_slot *slot,
		const struct hvp_slot_head *head)
{
	struct hvpost_record *record = &inbox->records[inbox->head & inbox->mask];

	hvp_slot_decode(record, head, slot->payload);
	record->sequence = ++inbox->sequence;
	record->time_ns = hvpost_deadline_clock();
	record->vp_index = inbox->source.vp_index;
	record->sint = (uint8_t)inbox->source.sint;

	inbox->counters.messages++;
	if (record->flags & HVPOST_RECORD_OVERSIZE)
		inbox->counters.oversize++;
	if (inbox_is_empty(inbox))
		announce(inbox);
	inbox->head++;
}

/*
 * The host marks a busy slot by MessagePending and then looks at the type once
 * more; we clear the type and then look at MessagePending, all of it in one
 * order. So one of us sees the other, and no message stays behind.
 */
static void free_slot(struct inbox *inbox, struct hv_slot *slot, bool room)
{
	__atomic_store_n(&slot->message_type, HV_MESSAGE_TYPE_NONE,
			 __ATOMIC_SEQ_CST);

	if (__atomic_load_n(&slot->message_flags, __ATOMIC_SEQ_CST) &
	    HV_MESSAGE_PENDING) {
		inbox->counters.eoms++;
		inbox->source.eom(inbox->source.context, room);
	}
}

static struct hv_slot *next_slot(const struct slots *slots)
{
	return slots->next ? &slots->more[slots->next - 1] : slots->first;
}

/* Return whether the slot held anything that there was room for. */
static bool take_one(struct inbox *inbox, bool room)
{
	struct slots *slots = inbox->source.slots;
	struct hv_slot *slot = next_slot(slots);
	struct hvp_slot_head head;

	/* Acquire: the host wrote the type last. */
	head.word = __atomic_load_n(&slot->message_type, __ATOMIC_ACQUIRE);
	if (!head.word)
		return false;
	inbox->stalled = is_full(inbox);
	if (inbox->stalled) {
		inbox->counters.stalls++;
		return false;
	}
	/* The flags alone may still change: the host sets MessagePending. */
	head.word |= (uint64_t)slot->payload_size << 32 |
		     (uint64_t)__atomic_load_n(&slot->message_flags,
					       __ATOMIC_RELAXED) << 40;
	head.origin = slot->origin;
	add(inbox, slot, &head);
	slots->next = (slots->next + 1) % slots->count;
	free_slot(inbox, slot, room);
	return true;
}

/* @room: a reader has made it, and is to find that posters see it. */
static void take_slot(struct inbox *inbox, bool room)
{
	while (take_one(inbox, room))
		;
}

void inbox_take_slot(struct inbox *inbox)
{
	take_slot(inbox, false);
}

void inbox_interrupt(struct inbox *inbox)
{
	uint64_t before = inbox->counters.messages;

	inbox->counters.interrupts++;
	inbox_take_slot(inbox);
	if (inbox->counters.messages == before && !inbox->stalled)
		inbox->counters.empty++;
}

bool inbox_read(struct inbox *inbox, struct hvpost_record *record)
{
	if (inbox_is_empty(inbox))
		return false;
	*record = inbox->records[inbox->tail++ & inbox->mask];
	if (inbox_is_empty(inbox))
		withdraw(inbox);
	if (inbox->stalled) {
		inbox->stalled = false;
		take_slot(inbox, true);
	}
	return true;
}

const struct hvpost_counters *inbox_counters(const struct inbox *inbox)
{
	return &inbox->counters;
}
