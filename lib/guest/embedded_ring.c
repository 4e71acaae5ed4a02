// SPDX-License-Identifier: MIT
#include "embedded_ring.h"

#include <stdlib.h>
#include <sys/eventfd.h>

#include "deadline.h"
#include "driver/slot.h"

struct embedded_ring {
	struct hvhost_vp *vp;
	unsigned int sint;
	int fd;
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

struct embedded_ring *embedded_ring_new(struct hvhost_vp *vp, unsigned int sint,
					uint32_t records, int fd)
{
	uint32_t size = round_up(records ? records :
					   HVPOST_RING_RECORDS_DEFAULT);
	struct embedded_ring *ring;

	ring = calloc(1, sizeof(*ring) + size * sizeof(ring->records[0]));
	if (!ring)
		return NULL;
	ring->vp = vp;
	ring->sint = sint;
	ring->fd = fd;
	ring->mask = size - 1;
	return ring;
}

void embedded_ring_free(struct embedded_ring *ring)
{
	free(ring);
}

static bool is_empty(const struct embedded_ring *ring)
{
	return ring->head == ring->tail;
}

static bool is_full(const struct embedded_ring *ring)
{
	return ring->head - ring->tail > ring->mask;
}

/* Neither can fail: the eventfd counts from 0 to 1 and back. */

static void announce(const struct embedded_ring *ring)
{
	eventfd_write(ring->fd, 1);
}

static void withdraw(const struct embedded_ring *ring)
{
	eventfd_t count;

	eventfd_read(ring->fd, &count);
}

static void add(struct embedded_ring *ring, const struct hv_slot *slot,
		const struct hvp_slot_head *head)
{
	struct hvpost_record *record = &ring->records[ring->head & ring->mask];

	hvp_slot_decode(record, head, slot->payload);
	record->sequence = ++ring->sequence;
	record->time_ns = hvpost_deadline_clock();
	record->vp_index = hvhost_vp_index(ring->vp);
	record->sint = (uint8_t)ring->sint;

	ring->counters.messages++;
	if (record->flags & HVPOST_RECORD_OVERSIZE)
		ring->counters.oversize++;
	if (is_empty(ring))
		announce(ring);
	ring->head++;
}

/*
 * The host marks a busy slot by MessagePending and then looks at the type once
 * more; we clear the type and then look at MessagePending, all of it in one
 * order. So one of us sees the other, and no message stays behind.
 */
static void free_slot(struct embedded_ring *ring, struct hv_slot *slot)
{
	__atomic_store_n(&slot->message_type, HV_MESSAGE_TYPE_NONE,
			 __ATOMIC_SEQ_CST);

	if (__atomic_load_n(&slot->message_flags, __ATOMIC_SEQ_CST) &
	    HV_MESSAGE_PENDING) {
		ring->counters.eoms++;
		hvhost_vp_eom(ring->vp);
	}
}

/* Return whether the slot held anything that there was room for. */
static bool take_one(struct embedded_ring *ring)
{
	struct hv_slot *slot = &hvhost_vp_sim(ring->vp)->slot[ring->sint];
	struct hvp_slot_head head;

	/* Acquire: the host wrote the type last. */
	head.word = __atomic_load_n(&slot->message_type, __ATOMIC_ACQUIRE);
	if (!head.word)
		return false;
	ring->stalled = is_full(ring);
	if (ring->stalled) {
		ring->counters.stalls++;
		return false;
	}
	/* The flags alone may still change: the host sets MessagePending. */
	head.word |= (uint64_t)slot->payload_size << 32 |
		     (uint64_t)__atomic_load_n(&slot->message_flags,
					       __ATOMIC_RELAXED) << 40;
	head.origin = slot->origin;
	add(ring, slot, &head);
	free_slot(ring, slot);
	return true;
}

void embedded_ring_take_slot(struct embedded_ring *ring)
{
	while (take_one(ring))
		;
}

void embedded_ring_interrupt(struct embedded_ring *ring)
{
	uint64_t before = ring->counters.messages;

	ring->counters.interrupts++;
	embedded_ring_take_slot(ring);
	if (ring->counters.messages == before && !ring->stalled)
		ring->counters.empty++;
}

bool embedded_ring_read(struct embedded_ring *ring,
			struct hvpost_record *record)
{
	if (is_empty(ring))
		return false;
	*record = ring->records[ring->tail++ & ring->mask];
	if (is_empty(ring))
		withdraw(ring);
	if (ring->stalled) {
		ring->stalled = false;
		embedded_ring_take_slot(ring);
	}
	return true;
}

const struct hvpost_counters *
embedded_ring_counters(const struct embedded_ring *ring)
{
	return &ring->counters;
}
