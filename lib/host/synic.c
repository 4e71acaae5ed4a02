// SPDX-License-Identifier: MIT
/*
 * One (VP, SINT): its register, its queue, its slot, its event flags.
 *
 * A slot is shared with a guest that runs meanwhile. We publish a message by
 * writing its type last, with release; slots are written under queue->lock, so
 * each of these words has one writer on our side at a time. Where the slot is
 * busy we set MessagePending by an atomic OR and then read the type again; the
 * guest clears the type and then reads MessagePending. These four are
 * sequentially consistent, so in their one order either our second look comes
 * after the guest's clearing, and we deliver, or our OR comes before the guest's
 * look, and it writes EOM. No message stays behind without one of the two.
 */
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A queue keeps the memory of so many messages, a port's usual buffers. */
#define SPARE_MAX HV_PORT_MESSAGE_BUFFERS

void synic_init(struct hvhost_vp *vp)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++) {
		struct queue *queue = &vp->queue[sint];

		pthread_mutex_init(&queue->lock, &attributes);
		STAILQ_INIT(&queue->messages);
		STAILQ_INIT(&queue->spare);
		queue->sint = HV_SINT_RESET;
	}
	pthread_mutexattr_destroy(&attributes);
}

static void free_spare(struct queue *queue)
{
	struct message *message;

	while ((message = STAILQ_FIRST(&queue->spare))) {
		STAILQ_REMOVE_HEAD(&queue->spare, next);
		free(message);
	}
}

void synic_destroy(struct hvhost_vp *vp)
{
	synic_drop(vp, NULL);
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++) {
		free_spare(&vp->queue[sint]);
		pthread_mutex_destroy(&vp->queue[sint].lock);
	}
}

static bool sint_interrupts(uint64_t sint)
{
	return !(sint & (HV_SINT_MASKED | HV_SINT_POLLING));
}

static void raise_sint(struct hvhost_vp *vp, unsigned int sint, uint64_t value)
{
	const struct hvhost_partition_config *config = &vp->partition->config;

	if (sint_interrupts(value))
		config->ops->assert_sint(config->context, vp->index, sint,
					 (uint8_t)(value & HV_SINT_VECTOR_MASK));
}

bool synic_slot_is_free(const struct hvhost_vp *vp, unsigned int sint)
{
	return !__atomic_load_n(&vp->sim->slot[sint].message_type,
				__ATOMIC_ACQUIRE);
}

/*
 * Is the slot free? If not, have the guest tell us when it is. Asked already: the
 * first look at the type, which found it occupied, then counts as the second.
 */
static bool slot_claim(struct hv_slot *slot)
{
	if (!__atomic_load_n(&slot->message_type, __ATOMIC_SEQ_CST))
		return true;
	if (__atomic_load_n(&slot->message_flags, __ATOMIC_SEQ_CST) &
	    HV_MESSAGE_PENDING)
		return false;
	__atomic_fetch_or(&slot->message_flags, HV_MESSAGE_PENDING,
			  __ATOMIC_SEQ_CST);
	return !__atomic_load_n(&slot->message_type, __ATOMIC_SEQ_CST);
}

struct slot_content {
	uint32_t type;
	uint32_t payload_size;
	uint32_t port_id;
	const uint8_t *payload;
	bool more;
};

static void slot_write(struct hv_slot *slot, const struct slot_content *content)
{
	uint8_t flags = content->more ? HV_MESSAGE_PENDING : 0;

	slot->payload_size = (uint8_t)content->payload_size;
	memset(slot->reserved, 0, sizeof(slot->reserved));
	slot->origin = content->port_id;
	memcpy(slot->payload, content->payload, content->payload_size);
	/*
	 * A guest that cleared the type before may still look at the flags: it
	 * sees the old ones and writes an EOM that we do not need, or the new
	 * ones, which tell it the truth.
	 */
	__atomic_store_n(&slot->message_flags, flags, __ATOMIC_RELAXED);
	__atomic_store_n(&slot->message_type, content->type, __ATOMIC_RELEASE);
}

/*
 * A port's buffers are a number. For a port that names its VP it changes under
 * that queue's lock only; for any VP, posters to several queues share it.
 */
static bool buffer_is_free(const struct port *port)
{
	return atomic_load_explicit(&port->queued, memory_order_relaxed) <
	       port->owner->config.message_buffers;
}

static bool buffer_take(struct port *port)
{
	uint32_t used = atomic_load_explicit(&port->queued,
					     memory_order_relaxed);

	while (used < port->owner->config.message_buffers)
		if (atomic_compare_exchange_weak_explicit(&port->queued, &used,
							  used + 1,
							  memory_order_relaxed,
							  memory_order_relaxed))
			return true;
	return false;
}

static void buffer_give_back(struct port *port)
{
	atomic_fetch_sub_explicit(&port->queued, 1, memory_order_relaxed);
}

/* Where a message's memory comes from and goes to. */

static struct message *message_alloc(struct queue *queue)
{
	struct message *message = STAILQ_FIRST(&queue->spare);

	if (!message)
		return malloc(sizeof(*message));
	STAILQ_REMOVE_HEAD(&queue->spare, next);
	queue->spare_count--;
	return message;
}

static void message_free(struct queue *queue, struct message *message)
{
	if (queue->spare_count == SPARE_MAX) {
		free(message);
		return;
	}
	STAILQ_INSERT_HEAD(&queue->spare, message, next);
	queue->spare_count++;
}

static void queue_remove_first(struct hvhost_vp *vp, struct queue *queue)
{
	struct message *message = STAILQ_FIRST(&queue->messages);

	STAILQ_REMOVE_HEAD(&queue->messages, next);
	if (STAILQ_EMPTY(&queue->messages))
		atomic_fetch_and(&vp->pending,
				 (uint16_t)~(1u << (queue - vp->queue)));
	atomic_fetch_sub_explicit(&queue->count, 1, memory_order_relaxed);
	buffer_give_back(message->port);
	message_free(queue, message);
}

static void queue_append(struct hvhost_vp *vp, struct queue *queue,
			 struct message *message)
{
	STAILQ_INSERT_TAIL(&queue->messages, message, next);
	atomic_fetch_add_explicit(&queue->count, 1, memory_order_relaxed);
	atomic_fetch_or(&vp->pending, (uint16_t)(1u << (queue - vp->queue)));
}

/* With queue->lock held. Return whether a message went into the slot. */
static bool queue_deliver(struct hvhost_vp *vp, struct queue *queue)
{
	struct hv_slot *slot = &vp->sim->slot[queue - vp->queue];
	struct message *message = STAILQ_FIRST(&queue->messages);

	if (!message || !vp_takes_messages(vp) || !slot_claim(slot))
		return false;

	slot_write(slot, &(struct slot_content){
			.type = message->type,
			.payload_size = message->payload_size,
			.port_id = message->port->id,
			.payload = message->payload,
			.more = STAILQ_NEXT(message, next),
		});
	queue->delivered++;
	queue_remove_first(vp, queue);
	return true;
}

void synic_deliver(struct hvhost_vp *vp, uint16_t sints)
{
	sints &= atomic_load(&vp->pending);
	while (sints) {
		unsigned int sint = (unsigned int)__builtin_ctz(sints);
		struct queue *queue = &vp->queue[sint];
		uint64_t value;
		bool delivered;

		sints &= (uint16_t)(sints - 1);
		pthread_mutex_lock(&queue->lock);
		delivered = queue_deliver(vp, queue);
		value = queue->sint;
		pthread_mutex_unlock(&queue->lock);
		if (delivered)
			raise_sint(vp, sint, value);
	}
}

/* The common case: nothing waits and the slot is free, so no copy is kept. */
static bool post_at_once(struct hvhost_vp *vp, struct queue *queue,
			 const struct port *port,
			 const struct hv_post_message_input *input)
{
	struct hv_slot *slot = &vp->sim->slot[queue - vp->queue];

	if (!STAILQ_EMPTY(&queue->messages) ||
	    __atomic_load_n(&slot->message_type, __ATOMIC_SEQ_CST))
		return false;

	slot_write(slot, &(struct slot_content){
			.type = input->message_type,
			.payload_size = input->payload_size,
			.port_id = port->id,
			.payload = input->payload,
		});
	queue->delivered++;
	return true;
}

bool synic_queue(struct hvhost_vp *vp, struct queue *queue, struct port *port,
		 const struct hv_post_message_input *input)
{
	struct message *message;

	if (!buffer_take(port))
		return false;
	message = message_alloc(queue);
	if (!message) {
		buffer_give_back(port);
		return false;
	}
	message->port = port;
	message->type = input->message_type;
	message->payload_size = input->payload_size;
	memcpy(message->payload, input->payload, input->payload_size);
	queue_append(vp, queue, message);
	return true;
}

/*
 * The buffer comes last, so that a refusal has no effect; a lasting fault also
 * outranks a passing one, which callers would retry.
 */
uint16_t synic_post(struct hvhost_vp *vp, struct port *port,
		    const struct hv_post_message_input *input)
{
	unsigned int sint = port->info.u.message.target_sint;
	struct queue *queue = &vp->queue[sint];
	bool taken, delivered;
	uint64_t value;

	/* A full port is refused without disturbing those who empty it. */
	if (!buffer_is_free(port))
		return HV_STATUS_INSUFFICIENT_BUFFERS;

	pthread_mutex_lock(&queue->lock);
	delivered = post_at_once(vp, queue, port, input);
	taken = delivered || synic_queue(vp, queue, port, input);
	if (taken && !delivered)
		delivered = queue_deliver(vp, queue);
	value = queue->sint;
	pthread_mutex_unlock(&queue->lock);

	if (delivered)
		raise_sint(vp, sint, value);
	return taken ? HV_STATUS_SUCCESS : HV_STATUS_INSUFFICIENT_BUFFERS;
}

uint16_t synic_signal(struct hvhost_vp *vp, unsigned int sint, unsigned int flag)
{
	struct queue *queue = &vp->queue[sint];
	uint8_t bit = (uint8_t)(1u << (flag % 8));
	uint8_t before = bit;
	uint64_t value;

	pthread_mutex_lock(&queue->lock);
	value = queue->sint;
	if (!(value & HV_SINT_MASKED))
		before = __atomic_fetch_or(&vp->sief->sint[sint].flags[flag / 8],
					   bit, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&queue->lock);

	if (value & HV_SINT_MASKED)
		return HV_STATUS_INVALID_SYNIC_STATE;
	if (!(before & bit))
		raise_sint(vp, sint, value);
	return HV_STATUS_SUCCESS;
}

void synic_drop(struct hvhost_vp *vp, const struct port *port)
{
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++) {
		struct queue *queue = &vp->queue[sint];
		STAILQ_HEAD(, message) kept = STAILQ_HEAD_INITIALIZER(kept);
		struct message *message;

		while ((message = STAILQ_FIRST(&queue->messages))) {
			if (!port || message->port == port) {
				count(&message->port->lost);
				count(&vp->lost);
				queue_remove_first(vp, queue);
				continue;
			}
			STAILQ_REMOVE_HEAD(&queue->messages, next);
			STAILQ_INSERT_TAIL(&kept, message, next);
		}
		if (STAILQ_EMPTY(&kept))
			continue;
		STAILQ_CONCAT(&queue->messages, &kept);
		atomic_fetch_or(&vp->pending, (uint16_t)(1u << sint));
	}
}

uint64_t synic_delivered(struct hvhost_vp *vp, unsigned int sint)
{
	uint64_t delivered;

	pthread_mutex_lock(&vp->queue[sint].lock);
	delivered = vp->queue[sint].delivered;
	pthread_mutex_unlock(&vp->queue[sint].lock);
	return delivered;
}

uint64_t synic_read_sint(struct hvhost_vp *vp, unsigned int sint)
{
	uint64_t value;

	pthread_mutex_lock(&vp->queue[sint].lock);
	value = vp->queue[sint].sint;
	pthread_mutex_unlock(&vp->queue[sint].lock);
	return value;
}

void synic_write_sint(struct hvhost_vp *vp, unsigned int sint, uint64_t value)
{
	pthread_mutex_lock(&vp->queue[sint].lock);
	vp->queue[sint].sint = value;
	pthread_mutex_unlock(&vp->queue[sint].lock);
	synic_deliver(vp, (uint16_t)(1u << sint));
}

bool synic_sint_is_masked(struct hvhost_vp *vp, unsigned int sint)
{
	return synic_read_sint(vp, sint) & HV_SINT_MASKED;
}
