// SPDX-License-Identifier: MIT
#include "inbox.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "deadline.h"
#include "driver/filter.h"
#include "driver/flags.h"
#include "driver/slot.h"
#include "probes.h"

struct inbox {
	struct inbox_source source;
	int fd;			/* or INBOX_NO_FD */
	bool events;
	struct hvpost_ioc_filter filter;
	uint32_t head;		/* counts what came; index by mask */
	uint32_t tail;		/* counts what was read */
	uint32_t mask;
	bool stalled;		/* the slot or a flag was left as it was */
	bool waiting;		/* that is so, as was told last */
	uint64_t sequence;
	struct hvpost_counters counters;
	struct hvpost_record records[];
};

int inbox_check_bind(const struct hvpost_bind *wish)
{
	if (wish->sint == HV_SINT_INTERCEPT || wish->sint >= HV_SINT_COUNT ||
	    wish->ring_records > HVPOST_RING_RECORDS_MAX)
		return -EINVAL;
	return wish->flags & HVPOST_SHARED ? -EOPNOTSUPP : 0;
}

static uint32_t round_up(uint32_t records)
{
	uint32_t power = 1;

	while (power < records)
		power *= 2;
	return power;
}

struct inbox *inbox_new(const struct inbox_source *source,
			const struct inbox_wish *wish)
{
	uint32_t size = round_up(wish->records ? wish->records :
						 HVPOST_RING_RECORDS_DEFAULT);
	struct inbox *inbox;

	inbox = calloc(1, sizeof(*inbox) + size * sizeof(inbox->records[0]));
	if (!inbox)
		return NULL;
	inbox->source = *source;
	inbox->fd = wish->fd;
	inbox->events = wish->events;
	inbox->filter = *wish->filter;
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

static struct hvpost_record *next_record(struct inbox *inbox)
{
	return &inbox->records[inbox->head & inbox->mask];
}

/* The next record holds what the slot or the flag said. */
static void add(struct inbox *inbox)
{
	struct hvpost_record *record = next_record(inbox);

	record->sequence = ++inbox->sequence;
	record->time_ns = hvpost_deadline_clock();
	record->vp_index = inbox->source.vp_index;
	record->sint = (uint8_t)inbox->source.sint;
	if (inbox_is_empty(inbox))
		announce(inbox);
	inbox->head++;
}

static void add_message(struct inbox *inbox, const struct hv_slot *slot,
			const struct hvp_slot_head *head)
{
	struct hvpost_record *record = next_record(inbox);

	hvp_slot_decode(record, head, slot->payload);
	inbox->counters.messages++;
	if (record->flags & HVPOST_RECORD_OVERSIZE)
		inbox->counters.oversize++;
	add(inbox);
	probe_record(slot, record);
}

static void add_event(struct inbox *inbox, unsigned int flag)
{
	struct hvpost_record *record = next_record(inbox);

	hvp_flags_decode(record, flag);
	inbox->counters.events++;
	add(inbox);
	probe_record(flag, record);
}

static bool passes(struct inbox *inbox, uint32_t type, uint64_t origin)
{
	if (hvp_filter_passes(&inbox->filter, type, origin))
		return true;
	inbox->counters.filtered++;
	return false;
}

static void tell_waiting(struct inbox *inbox, bool waiting)
{
	if (inbox->waiting == waiting)
		return;
	inbox->waiting = waiting;
	if (waiting)
		probe_place(ring_full, &inbox->source);
	else
		probe_place(ring_resumed, &inbox->source);
}

static bool stalls(struct inbox *inbox)
{
	inbox->stalled = is_full(inbox);
	if (inbox->stalled)
		inbox->counters.stalls++;
	tell_waiting(inbox, inbox->stalled);
	return inbox->stalled;
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
		probe_place(eom, &inbox->source);
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
	/* The flags alone may still change: the host sets MessagePending. */
	head.word |= (uint64_t)slot->payload_size << 32 |
		     (uint64_t)__atomic_load_n(&slot->message_flags,
					       __ATOMIC_RELAXED) << 40;
	head.origin = slot->origin;
	if (passes(inbox, hvp_slot_type(&head), head.origin)) {
		if (stalls(inbox))
			return false;
		add_message(inbox, slot, &head);
	}
	slots->next = (slots->next + 1) % slots->count;
	free_slot(inbox, slot, room);
	return true;
}

/* Return whether it was set until now. */
static bool clear_flag(struct hv_event_flags *flags, unsigned int flag)
{
	uint8_t bit = (uint8_t)(1u << flag % 8);

	return __atomic_fetch_and(&flags->flags[flag / 8], (uint8_t)~bit,
				  __ATOMIC_SEQ_CST) & bit;
}

/* A flag is cleared first: a signal that comes after that is an event of its own. */
static void take_flags(struct inbox *inbox)
{
	struct hv_event_flags *flags = inbox->source.flags;

	for (unsigned int flag = hvp_flags_next(flags, 0);
	     flag < HV_EVENT_FLAG_COUNT;
	     flag = hvp_flags_next(flags, flag + 1)) {
		bool wanted = passes(inbox, HV_MESSAGE_TYPE_NONE, flag);

		if (wanted && stalls(inbox))
			return;
		if (clear_flag(flags, flag) && wanted)
			add_event(inbox, flag);
	}
}

/* @room: a reader has made it, and is to find that posters see it. */
static void take(struct inbox *inbox, bool room)
{
	inbox->stalled = false;
	while (take_one(inbox, room))
		;
	if (inbox->events && !inbox->stalled)
		take_flags(inbox);
}

void inbox_take(struct inbox *inbox)
{
	take(inbox, false);
}

static uint64_t taken(const struct inbox *inbox)
{
	return inbox->counters.messages + inbox->counters.events +
	       inbox->counters.filtered;
}

void inbox_interrupt(struct inbox *inbox)
{
	uint64_t before = taken(inbox);

	inbox->counters.interrupts++;
	inbox_take(inbox);
	if (taken(inbox) == before && !inbox->stalled)
		inbox->counters.empty++;
}

bool inbox_read(struct inbox *inbox, struct hvpost_record *record)
{
	if (inbox_is_empty(inbox))
		return false;
	*record = inbox->records[inbox->tail++ & inbox->mask];
	if (inbox_is_empty(inbox))
		withdraw(inbox);
	if (inbox->stalled)
		take(inbox, true);
	return true;
}

const struct hvpost_counters *inbox_counters(const struct inbox *inbox)
{
	return &inbox->counters;
}
