// SPDX-License-Identifier: MIT
/*
 * The messages of one (VP, SINT), first come, first served.
 *
 * They enter at the back and leave at the front, and each end has its own lock,
 * so that posters and EOMs, which run on different processors, seldom wait for
 * each other: when the front is empty, all of the back becomes the front.
 */
#include "probes.h"

#include <stdlib.h>
#include <string.h>

/* A queue keeps the memory of so many messages, a port's usual buffers. */
#define SPARE_MAX HV_PORT_MESSAGE_BUFFERS

void queue_init(struct queue *queue)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
	pthread_mutex_init(&queue->lock, &attributes);
	pthread_mutex_init(&queue->back_lock, &attributes);
	pthread_mutexattr_destroy(&attributes);
	STAILQ_INIT(&queue->front);
	STAILQ_INIT(&queue->done);
	STAILQ_INIT(&queue->back);
	STAILQ_INIT(&queue->spare);
}

static void free_all(struct messages *messages)
{
	struct message *message;

	while ((message = STAILQ_FIRST(messages))) {
		STAILQ_REMOVE_HEAD(messages, next);
		free(message);
	}
}

/* It is empty: what is left is memory. */
void queue_destroy(struct queue *queue)
{
	free_all(&queue->done);
	free_all(&queue->spare);
	pthread_mutex_destroy(&queue->back_lock);
	pthread_mutex_destroy(&queue->lock);
}

static uint16_t bit_of(const struct hvhost_vp *vp, const struct queue *queue)
{
	return (uint16_t)(1u << (queue - vp->queue));
}

bool queue_is_empty(const struct hvhost_vp *vp, const struct queue *queue)
{
	return !(atomic_load(&vp->pending) & bit_of(vp, queue));
}

uint32_t queue_depth(struct queue *queue)
{
	uint32_t depth;

	pthread_mutex_lock(&queue->lock);
	pthread_mutex_lock(&queue->back_lock);
	depth = (uint32_t)(queue->added - queue->removed);
	pthread_mutex_unlock(&queue->back_lock);
	pthread_mutex_unlock(&queue->lock);
	return depth;
}

/* A port's buffers are a number; posters to several queues may share it. */

uint32_t queue_buffers_used(const struct port *port)
{
	return atomic_load(&port->taken) - atomic_load(&port->given_back);
}

/*
 * @taken may be too old, and then less than what was given back since: the
 * difference is below zero, and it is for the exchange in buffer_take() to notice.
 */
static bool is_below(uint32_t taken, uint32_t given_back, uint32_t limit)
{
	return (int32_t)(taken - given_back) < (int32_t)limit;
}

/* See @room_is_awaited. Return whether there is a buffer after all. */
static bool await_room(struct port *port, uint32_t taken, uint32_t limit)
{
	if (!atomic_load(&port->room_is_awaited))
		atomic_store(&port->room_is_awaited, true);
	return is_below(taken, atomic_load(&port->given_back), limit);
}

static bool buffer_is_left(struct port *port, uint32_t taken)
{
	uint32_t limit = port->owner->config.message_buffers;
	uint32_t seen = atomic_load_explicit(&port->given_back_seen,
					     memory_order_relaxed);

	if (is_below(taken, seen, limit))
		return true;
	seen = atomic_load_explicit(&port->given_back, memory_order_relaxed);
	atomic_store_explicit(&port->given_back_seen, seen,
			      memory_order_relaxed);
	return is_below(taken, seen, limit) || await_room(port, taken, limit);
}

bool queue_buffer_is_free(struct port *port)
{
	return buffer_is_left(port, atomic_load_explicit(&port->taken,
							 memory_order_relaxed));
}

static bool buffer_take(struct port *port)
{
	uint32_t taken = atomic_load_explicit(&port->taken,
					      memory_order_relaxed);

	while (buffer_is_left(port, taken))
		if (atomic_compare_exchange_weak_explicit(&port->taken, &taken,
							  taken + 1,
							  memory_order_relaxed,
							  memory_order_relaxed))
			return true;
	return false;
}

static bool is_half_free(const struct port *port)
{
	return is_below(atomic_load(&port->taken),
			atomic_load(&port->given_back),
			port->owner->config.message_buffers / 2 + 1);
}

/* Senders are told of many at a time, as each telling is a change of processes. */
static void buffer_give_back(struct port *port)
{
	atomic_fetch_add(&port->given_back, 1);
	if (atomic_load(&port->room_is_awaited) && is_half_free(port))
		port_tell_room(port);
}

static struct message *message_alloc(struct queue *queue)
{
	struct message *message = STAILQ_FIRST(&queue->spare);

	if (!message)
		return malloc(sizeof(*message));
	STAILQ_REMOVE_HEAD(&queue->spare, next);
	queue->spare_count--;
	return message;
}

static void message_fill(struct message *message, struct port *port,
			 const struct hv_post_message_input *input)
{
	message->port = port;
	message->port_id = port->id;
	message->type = input->message_type;
	message->payload_size = input->payload_size;
	memcpy(message->payload, input->payload, input->payload_size);
}

/* With back_lock held. */
static bool add(struct hvhost_vp *vp, struct queue *queue, struct port *port,
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
	message_fill(message, port, input);
	if (STAILQ_EMPTY(&queue->back))
		atomic_fetch_or(&vp->pending, bit_of(vp, queue));
	STAILQ_INSERT_TAIL(&queue->back, message, next);
	queue->added++;
	return true;
}

bool queue_add(struct hvhost_vp *vp, struct port *port,
	       const struct hv_post_message_input *input)
{
	struct queue *queue = &vp->queue[port->info.u.message.target_sint];
	bool added;

	pthread_mutex_lock(&queue->back_lock);
	added = add(vp, queue, port, input);
	pthread_mutex_unlock(&queue->back_lock);
	return added;
}

/* Posters take their memory from where EOMs leave it, many at a time. */
static void give_spare(struct queue *queue)
{
	struct message *message;

	while (queue->spare_count < SPARE_MAX &&
	       (message = STAILQ_FIRST(&queue->done))) {
		STAILQ_REMOVE_HEAD(&queue->done, next);
		STAILQ_INSERT_HEAD(&queue->spare, message, next);
		queue->spare_count++;
	}
}

static void refill_front(struct hvhost_vp *vp, struct queue *queue)
{
	pthread_mutex_lock(&queue->back_lock);
	STAILQ_CONCAT(&queue->front, &queue->back);
	if (STAILQ_EMPTY(&queue->front))
		atomic_fetch_and(&vp->pending, (uint16_t)~bit_of(vp, queue));
	give_spare(queue);
	pthread_mutex_unlock(&queue->back_lock);
	free_all(&queue->done);
}

struct message *queue_first(struct hvhost_vp *vp, struct queue *queue)
{
	if (STAILQ_EMPTY(&queue->front))
		refill_front(vp, queue);
	return STAILQ_FIRST(&queue->front);
}

struct message *queue_take(struct hvhost_vp *vp, struct queue *queue,
			   bool *more)
{
	struct message *message = queue_first(vp, queue);

	STAILQ_REMOVE_HEAD(&queue->front, next);
	queue->removed++;
	*more = queue_first(vp, queue);
	return message;
}

void queue_free_message(struct queue *queue, struct message *message)
{
	buffer_give_back(message->port);
	STAILQ_INSERT_HEAD(&queue->done, message, next);
}

void queue_drop(struct hvhost_vp *vp, struct queue *queue,
		const struct port *port)
{
	struct messages kept = STAILQ_HEAD_INITIALIZER(kept);
	struct message *message;

	refill_front(vp, queue);
	while ((message = STAILQ_FIRST(&queue->front))) {
		STAILQ_REMOVE_HEAD(&queue->front, next);
		if (port && message->port != port) {
			STAILQ_INSERT_TAIL(&kept, message, next);
			continue;
		}
		probe_message(drop, vp, queue, message);
		count(&message->port->lost);
		count(&vp->lost);
		queue->removed++;
		queue_free_message(queue, message);
	}
	STAILQ_CONCAT(&queue->front, &kept);
	refill_front(vp, queue);
}

void queue_walk(const struct queue *queue, queue_visit *visit, void *context)
{
	const struct message *message;

	STAILQ_FOREACH(message, &queue->front, next)
		visit(context, message);
	STAILQ_FOREACH(message, &queue->back, next)
		visit(context, message);
}
