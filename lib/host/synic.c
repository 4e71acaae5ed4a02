// SPDX-License-Identifier: MIT
/*
 * One (VP, SINT): its register, its slot, its event flags. Its queue: queue.c.
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

#include <string.h>

void synic_init(struct hvhost_vp *vp)
{
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++) {
		queue_init(&vp->queue[sint]);
		vp->queue[sint].sint = HV_SINT_RESET;
	}
}

void synic_destroy(struct hvhost_vp *vp)
{
	synic_drop(vp);
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++)
		queue_destroy(&vp->queue[sint]);
}

static bool sint_interrupts(uint64_t sint)
{
	return !(sint & (HV_SINT_MASKED | HV_SINT_POLLING));
}

static void raise_sint(struct hvhost_vp *vp, unsigned int sint)
{
	const struct hvhost_partition_config *config = &vp->partition->config;
	uint64_t value = synic_read_sint(vp, sint);

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

/*
 * Will an EOM come, later than now? The slot is occupied and says MessagePending;
 * whatever message of its that was, the guest has yet to clear the type, or to
 * look at the flags after that, and then finds vp->pending as we left it.
 */
static bool slot_is_claimed(const struct hv_slot *slot)
{
	return __atomic_load_n(&slot->message_type, __ATOMIC_SEQ_CST) &&
	       __atomic_load_n(&slot->message_flags, __ATOMIC_SEQ_CST) &
	       HV_MESSAGE_PENDING;
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

/* With queue->lock held. Return whether a message went into the slot. */
static bool queue_deliver(struct hvhost_vp *vp, struct queue *queue)
{
	struct hv_slot *slot = &vp->sim->slot[queue - vp->queue];
	struct message *message;
	bool more;

	if (!queue_first(vp, queue) || !vp_takes_messages(vp) ||
	    !slot_claim(slot))
		return false;

	message = queue_take(vp, queue, &more);
	slot_write(slot, &(struct slot_content){
			.type = message->type,
			.payload_size = message->payload_size,
			.port_id = message->port_id,
			.payload = message->payload,
			.more = more,
		});
	queue->delivered++;
	queue_free_message(queue, message);
	return true;
}

bool synic_fill_slot(struct hvhost_vp *vp, unsigned int sint)
{
	struct queue *queue = &vp->queue[sint];
	bool delivered;

	pthread_mutex_lock(&queue->lock);
	delivered = queue_deliver(vp, queue);
	pthread_mutex_unlock(&queue->lock);
	return delivered;
}

/*
 * Last, so that who added a message before this look needs none of its own: a
 * poster who finds the slot claimed came before its claimant gets here, or after
 * an empty queue, whose last message went into the slot without a claim.
 */
static void await_eoi(struct hvhost_vp *vp, unsigned int sint)
{
	const struct hvhost_partition_config *config = &vp->partition->config;

	if (config->ops->await_eoi && !queue_is_empty(vp, &vp->queue[sint]))
		config->ops->await_eoi(config->context, vp->index, sint);
}

static void deliver(struct hvhost_vp *vp, unsigned int sint)
{
	if (synic_fill_slot(vp, sint))
		raise_sint(vp, sint);
	await_eoi(vp, sint);
}

void synic_deliver(struct hvhost_vp *vp, uint16_t sints)
{
	sints &= atomic_load(&vp->pending);
	while (sints) {
		deliver(vp, (unsigned int)__builtin_ctz(sints));
		sints &= (uint16_t)(sints - 1);
	}
}

/*
 * The common case: nothing waits and the slot is free, so no copy is kept. What
 * is added to the queue while we look has come later than this.
 */
static bool post_at_once(struct hvhost_vp *vp, const struct port *port,
			 const struct hv_post_message_input *input)
{
	unsigned int sint = port->info.u.message.target_sint;
	struct queue *queue = &vp->queue[sint];
	struct hv_slot *slot = &vp->sim->slot[sint];
	bool free;

	pthread_mutex_lock(&queue->lock);
	free = queue_is_empty(vp, queue) && synic_slot_is_free(vp, sint);
	if (free) {
		slot_write(slot, &(struct slot_content){
				.type = input->message_type,
				.payload_size = input->payload_size,
				.port_id = port->id,
				.payload = input->payload,
			});
		queue->delivered++;
	}
	pthread_mutex_unlock(&queue->lock);
	if (free)
		raise_sint(vp, sint);
	return free;
}

/*
 * The buffer comes last, so that a refusal has no effect; a lasting fault also
 * outranks a passing one, which callers would retry.
 */
uint16_t synic_post(struct hvhost_vp *vp, struct port *port,
		    const struct hv_post_message_input *input)
{
	unsigned int sint = port->info.u.message.target_sint;

	/* A full port is refused without disturbing those who empty it. */
	if (!queue_buffer_is_free(port))
		return HV_STATUS_INSUFFICIENT_BUFFERS;
	if (queue_is_empty(vp, &vp->queue[sint]) &&
	    post_at_once(vp, port, input))
		return HV_STATUS_SUCCESS;
	if (!queue_add(vp, port, input))
		return HV_STATUS_INSUFFICIENT_BUFFERS;
	/* Where it is, posters leave the EOMs alone. */
	if (!slot_is_claimed(&vp->sim->slot[sint]))
		deliver(vp, sint);
	return HV_STATUS_SUCCESS;
}

uint16_t synic_signal(struct hvhost_vp *vp, unsigned int sint, unsigned int flag)
{
	uint8_t bit = (uint8_t)(1u << (flag % 8));
	uint8_t before;

	if (synic_sint_is_masked(vp, sint))
		return HV_STATUS_INVALID_SYNIC_STATE;
	before = __atomic_fetch_or(&vp->sief->sint[sint].flags[flag / 8], bit,
				   __ATOMIC_SEQ_CST);
	if (!(before & bit))
		raise_sint(vp, sint);
	return HV_STATUS_SUCCESS;
}

void synic_drop(struct hvhost_vp *vp)
{
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++)
		queue_drop(vp, &vp->queue[sint], NULL);
}

uint64_t synic_delivered(struct hvhost_vp *vp, unsigned int sint)
{
	uint64_t delivered;

	pthread_mutex_lock(&vp->queue[sint].lock);
	delivered = vp->queue[sint].delivered;
	pthread_mutex_unlock(&vp->queue[sint].lock);
	return delivered;
}

uint64_t synic_read_sint(const struct hvhost_vp *vp, unsigned int sint)
{
	return vp->queue[sint].sint;
}

void synic_write_sint(struct hvhost_vp *vp, unsigned int sint, uint64_t value)
{
	vp->queue[sint].sint = value;
	synic_deliver(vp, (uint16_t)(1u << sint));
}

bool synic_sint_is_masked(const struct hvhost_vp *vp, unsigned int sint)
{
	return synic_read_sint(vp, sint) & HV_SINT_MASKED;
}
