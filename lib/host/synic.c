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
 *
 * Where a SINT has several slots, both sides use them in turn, each as if it were
 * the only one. We set MessagePending half way round, so that the EOM finds many
 * free: the guest comes to that slot as surely as to the next.
 */
#include "probes.h"

#include <string.h>

void synic_init(struct hvhost_vp *vp)
{
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++) {
		queue_init(&vp->queue[sint]);
		vp->queue[sint].sint = HV_SINT_RESET;
		vp->queue[sint].slot_count = 1;
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

/* The slot so many places after the one that is next. */
static struct hv_slot *slot_after(const struct hvhost_vp *vp,
				  const struct queue *queue, uint32_t places)
{
	uint32_t number = (atomic_load_explicit(&queue->next,
						memory_order_relaxed) +
			   places) % queue->slot_count;

	return number ? &queue->more_slots[number - 1] :
			&vp->sim->slot[queue - vp->queue];
}

static struct hv_slot *next_slot(const struct hvhost_vp *vp,
				 const struct queue *queue)
{
	return slot_after(vp, queue, 0);
}

/* The one that asks for an EOM while the next is occupied. */
static struct hv_slot *asking_slot(const struct hvhost_vp *vp,
				   const struct queue *queue)
{
	return slot_after(vp, queue, queue->slot_count / 2);
}

bool synic_slot_is_free(const struct hvhost_vp *vp, unsigned int sint)
{
	return !__atomic_load_n(&next_slot(vp, &vp->queue[sint])->message_type,
				__ATOMIC_ACQUIRE);
}

bool synic_slot_is_occupied(const struct hvhost_vp *vp, unsigned int sint)
{
	const struct queue *queue = &vp->queue[sint];

	for (uint32_t i = 0; i < queue->slot_count; i++)
		if (__atomic_load_n(&slot_after(vp, queue, i)->message_type,
				    __ATOMIC_ACQUIRE))
			return true;
	return false;
}

/*
 * Have the guest write EOM once it has emptied the slot. Return false: it has
 * already. Asked before: the first look at the type, which found it occupied, then
 * counts as the second.
 */
static bool ask_for_eom(struct hv_slot *slot)
{
	if (!__atomic_load_n(&slot->message_type, __ATOMIC_SEQ_CST))
		return false;
	if (__atomic_load_n(&slot->message_flags, __ATOMIC_SEQ_CST) &
	    HV_MESSAGE_PENDING)
		return true;
	__atomic_fetch_or(&slot->message_flags, HV_MESSAGE_PENDING,
			  __ATOMIC_SEQ_CST);
	return __atomic_load_n(&slot->message_type, __ATOMIC_SEQ_CST);
}

/*
 * Is the next slot free? If not, have the guest tell us when it is. One that does
 * not empty its slots in turn is asked where it matters.
 */
static bool slot_claim(const struct hvhost_vp *vp, const struct queue *queue)
{
	struct hv_slot *next = next_slot(vp, queue);

	if (!__atomic_load_n(&next->message_type, __ATOMIC_SEQ_CST))
		return true;
	return !ask_for_eom(asking_slot(vp, queue)) && !ask_for_eom(next);
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

/* With queue->lock held; the next slot is free. */
static void fill_next(struct hvhost_vp *vp, struct queue *queue,
		      const struct slot_content *content)
{
	uint32_t next = atomic_load_explicit(&queue->next,
					     memory_order_relaxed);

	slot_write(next_slot(vp, queue), content);
	atomic_store_explicit(&queue->next, (next + 1) % queue->slot_count,
			      memory_order_relaxed);
	queue->delivered++;
	probe_message(deliver, vp, queue, content);
}

/*
 * The same; @is_last: we look at no other message in this go, so that the guest
 * has to be told of those. Return whether a message went into a slot.
 */
static bool deliver_one(struct hvhost_vp *vp, struct queue *queue, bool is_last)
{
	struct message *message;
	bool more;

	if (!queue_first(vp, queue) || !slot_claim(vp, queue))
		return false;
	message = queue_take(vp, queue, &more);
	fill_next(vp, queue, &(struct slot_content){
			.type = message->type,
			.payload_size = message->payload_size,
			.port_id = message->port_id,
			.payload = message->payload,
			.more = more && is_last,
		});
	queue_free_message(queue, message);
	return true;
}

/*
 * The same for all, with an end even if the guest empties slots as fast as they
 * are filled.
 */
static bool queue_deliver(struct hvhost_vp *vp, struct queue *queue)
{
	uint32_t most = 2 * queue->slot_count - 1, count = 0;

	if (!vp_takes_messages(vp))
		return false;
	while (count < most && deliver_one(vp, queue, count + 1 == most))
		count++;
	return count;
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
	bool free;

	pthread_mutex_lock(&queue->lock);
	free = queue_is_empty(vp, queue) && synic_slot_is_free(vp, sint);
	if (free)
		fill_next(vp, queue, &(struct slot_content){
				.type = input->message_type,
				.payload_size = input->payload_size,
				.port_id = port->id,
				.payload = input->payload,
			});
	pthread_mutex_unlock(&queue->lock);
	if (free)
		raise_sint(vp, sint);
	return free;
}

static uint16_t refuse_full(const struct hvhost_vp *vp, const struct port *port)
{
	probe_queue_full(vp, port->info.u.message.target_sint, port);
	return HV_STATUS_INSUFFICIENT_BUFFERS;
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
	bool others_wait;

	/* A full port is refused without disturbing those who empty it. */
	if (!queue_buffer_is_free(port))
		return refuse_full(vp, port);
	others_wait = !queue_is_empty(vp, queue);
	if (!others_wait && post_at_once(vp, port, input))
		return HV_STATUS_SUCCESS;
	if (!queue_add(vp, port, input))
		return refuse_full(vp, port);
	/*
	 * Where it is, posters leave the EOMs alone. A claim that is older than
	 * an empty queue, as those it was for went with their port, brings an
	 * EOM, but nobody awaits its EOI any more.
	 */
	if (!others_wait || !slot_is_claimed(asking_slot(vp, queue)))
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

void synic_add_slots(struct hvhost_vp *vp, unsigned int sint,
		     struct hv_slot *slots, uint32_t count)
{
	struct queue *queue = &vp->queue[sint];

	queue->more_slots = slots;
	queue->slot_count = 1 + count;
	/* What lies in the first is older than all that is to come. */
	atomic_store_explicit(&queue->next, 0, memory_order_relaxed);
	if (!synic_slot_is_free(vp, sint))
		atomic_store_explicit(&queue->next, 1, memory_order_relaxed);
}

void synic_reset_slots(struct hvhost_vp *vp)
{
	memset(vp->sim, 0, sizeof(*vp->sim));
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++) {
		struct queue *queue = &vp->queue[sint];

		if (queue->slot_count > 1)
			memset(queue->more_slots, 0,
			       (queue->slot_count - 1) * sizeof(struct hv_slot));
		atomic_store_explicit(&queue->next, 0, memory_order_relaxed);
	}
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
