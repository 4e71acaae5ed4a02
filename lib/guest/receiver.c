// SPDX-License-Identifier: MIT
#include "receiver.h"

#include <errno.h>

#define VECTOR(sint)	(0x30u + (sint))
#define ALL_SINTS	((1u << HV_SINT_COUNT) - 1)

void receiver_init(struct receiver *receiver)
{
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++) {
		pthread_mutex_init(&receiver->sint[sint].lock, NULL);
		receiver->sint[sint].inbox = NULL;
		receiver->sint[sint].slots = (struct slots){ .count = 1 };
	}
}

void receiver_destroy(struct receiver *receiver)
{
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++)
		pthread_mutex_destroy(&receiver->sint[sint].lock);
}

static void run_interrupt(struct receiver *receiver, unsigned int sint)
{
	struct receiving_sint *receiving = &receiver->sint[sint];
	uint32_t bit = 1u << sint, noted;

	pthread_mutex_lock(&receiving->lock);
	noted = __atomic_fetch_and(receiver->noted, ~bit, __ATOMIC_SEQ_CST);
	if (noted & bit && receiving->inbox)
		inbox_interrupt(receiving->inbox);
	pthread_mutex_unlock(&receiving->lock);
}

void receiver_run_interrupts(struct receiver *receiver)
{
	uint32_t noted;

	while ((noted = __atomic_load_n(receiver->noted, __ATOMIC_SEQ_CST) &
			ALL_SINTS))
		run_interrupt(receiver, (unsigned int)__builtin_ctz(noted));
}

/* All of SINTn but vector and mask is 0. */
static int write_sint(struct receiver *receiver, unsigned int sint,
		      uint64_t mask, uint64_t deadline_ns)
{
	return receiver->ops->write_sint(receiver->context, sint,
					 VECTOR(sint) | mask, deadline_ns);
}

static int start_receiving(struct receiver *receiver, unsigned int sint,
			   bool more_slots, uint64_t deadline_ns)
{
	struct slots *slots = &receiver->sint[sint].slots;
	int err = 0;

	/* Not known before: a host of our own makes the page after this. */
	slots->first = &receiver->sim->slot[sint];
	if (more_slots && receiver->ops->add_slots && slots->count == 1)
		err = receiver->ops->add_slots(receiver->context, sint, slots,
					       deadline_ns);
	if (!err)
		err = write_sint(receiver, sint, 0, deadline_ns);
	/* It may be done yet; so this comes behind it. */
	if (err == -ETIMEDOUT)
		write_sint(receiver, sint, HV_SINT_MASKED, HVPOST_NOW);
	return err;
}

static int bind_locked(struct receiver *receiver, unsigned int sint,
		       const struct inbox_wish *wish, uint64_t deadline_ns)
{
	struct receiving_sint *receiving = &receiver->sint[sint];
	const struct inbox_source source = {
		.slots = &receiving->slots,
		.flags = &receiver->sief->sint[sint],
		.vp_index = receiver->vp_index,
		.sint = sint,
		.eom = receiver->ops->eom,
		.context = receiver->context,
	};
	int err;

	if (receiving->inbox)
		return -EBUSY;
	receiving->inbox = inbox_new(&source, wish);
	if (!receiving->inbox)
		return -ENOMEM;
	err = start_receiving(receiver, sint, wish->more_slots, deadline_ns);
	if (err) {
		inbox_free(receiving->inbox);
		receiving->inbox = NULL;
		return err;
	}
	/* What came while it was masked raised no interrupt. */
	inbox_take(receiving->inbox);
	return 0;
}

int receiver_bind(struct receiver *receiver, unsigned int sint,
		  const struct inbox_wish *wish, uint64_t deadline_ns)
{
	int err;

	pthread_mutex_lock(&receiver->sint[sint].lock);
	err = bind_locked(receiver, sint, wish, deadline_ns);
	pthread_mutex_unlock(&receiver->sint[sint].lock);
	receiver_run_interrupts(receiver);
	return err;
}

void receiver_unbind(struct receiver *receiver, unsigned int sint,
		     uint64_t deadline_ns)
{
	struct receiving_sint *receiving = &receiver->sint[sint];

	pthread_mutex_lock(&receiving->lock);
	/* If the host is gone, nothing comes anyway; if it stands, nothing yet. */
	write_sint(receiver, sint, HV_SINT_MASKED, deadline_ns);
	inbox_free(receiving->inbox);
	receiving->inbox = NULL;
	pthread_mutex_unlock(&receiving->lock);
	receiver_run_interrupts(receiver);
}

uint16_t receiver_bound(struct receiver *receiver)
{
	uint16_t bound = 0;

	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++) {
		pthread_mutex_lock(&receiver->sint[sint].lock);
		if (receiver->sint[sint].inbox)
			bound |= (uint16_t)(1u << sint);
		pthread_mutex_unlock(&receiver->sint[sint].lock);
	}
	return bound;
}

int receiver_read(struct receiver *receiver, unsigned int sint,
		  struct hvpost_record *record)
{
	struct receiving_sint *receiving = &receiver->sint[sint];
	bool found;

	pthread_mutex_lock(&receiving->lock);
	found = inbox_read(receiving->inbox, record);
	pthread_mutex_unlock(&receiving->lock);
	receiver_run_interrupts(receiver);
	return found ? 0 : -EAGAIN;
}

bool receiver_has_record(struct receiver *receiver, unsigned int sint)
{
	struct receiving_sint *receiving = &receiver->sint[sint];
	bool has;

	pthread_mutex_lock(&receiving->lock);
	has = !inbox_is_empty(receiving->inbox);
	pthread_mutex_unlock(&receiving->lock);
	return has;
}

void receiver_add_counters(struct receiver *receiver, unsigned int sint,
			   struct hvpost_counters *counters)
{
	struct receiving_sint *receiving = &receiver->sint[sint];
	const struct hvpost_counters *of_inbox;

	pthread_mutex_lock(&receiving->lock);
	of_inbox = inbox_counters(receiving->inbox);
	counters->messages += of_inbox->messages;
	counters->interrupts += of_inbox->interrupts;
	counters->empty += of_inbox->empty;
	counters->eoms += of_inbox->eoms;
	counters->stalls += of_inbox->stalls;
	counters->oversize += of_inbox->oversize;
	counters->events += of_inbox->events;
	counters->filtered += of_inbox->filtered;
	pthread_mutex_unlock(&receiving->lock);
}
