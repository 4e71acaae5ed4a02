/* SPDX-License-Identifier: MIT */
/*
 * libhvhost from the inside.
 *
 * Three kinds of lock:
 *
 *   machine->lock	(lock.h) shared by everything that guests do often: posts,
 *			signals, EOM, EOI. Exclusive for what changes the shape
 *			of things: partitions and their states, VPs, ports,
 *			connections, SCONTROL, SIMP, SIEFP, SINTs, reset. So a
 *			post or a signal sees one state of all tables and
 *			registers from its first look to its last.
 *   queue->lock	(mutex) one (VP, SINT): the front of its queue, and the
 *			writing of its slot. Taken with machine->lock held, one
 *			at a time.
 *   queue->back_lock	(mutex) the back of its queue, where posters add. Innermost.
 *
 * Counters are relaxed atomics: they order nothing. What many posters write is
 * kept in cache lines apart from what they only read, and from each other's.
 */
#ifndef HVHOST_INTERNAL_H
#define HVHOST_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/queue.h>

#include <hvpost/hvhost.h>

#include "idtable.h"
#include "lock.h"

#define CACHE_LINE 64

struct port;

/* A message that waits for its slot: one of its port's buffers. */
struct message {
	STAILQ_ENTRY(message) next;
	struct port *port;
	uint32_t port_id;
	uint32_t type;
	uint32_t payload_size;
	uint8_t payload[HV_MESSAGE_PAYLOAD_SIZE_MAX];
};

STAILQ_HEAD(messages, message);

struct queue {
	_Alignas(CACHE_LINE) pthread_mutex_t lock;
	uint64_t sint;			/* the register; machine->lock */
	uint64_t delivered;		/* messages written into slots */
	/*
	 * Slots are written in turn; the first is the SIM page's. Posters look at
	 * @next without the lock, and may find it a little late.
	 */
	uint32_t slot_count;		/* machine->lock, as is the next */
	struct hv_slot *more_slots;	/* all but the first */
	_Atomic uint32_t next;
	struct messages front;		/* leave from here */
	struct messages done;		/* memory of those that left */
	uint64_t removed;
	_Alignas(CACHE_LINE) pthread_mutex_t back_lock;
	struct messages back;		/* come in here */
	struct messages spare;		/* memory of those to come, a little */
	uint32_t spare_count;
	uint64_t added;
};

/* Those that the engine answers with are below. */
#define STATUSES 0x20

struct hvhost_vp {
	struct hvhost_partition *partition;
	uint32_t index;
	uint64_t scontrol;		/* these three: machine->lock */
	uint64_t simp;
	uint64_t siefp;
	struct hv_sim_page *sim;	/* contents, wherever the guest sees them */
	struct hv_sief_page *sief;
	void *own_pages;		/* freed with the VP */
	/*
	 * Bit n: queue n is not empty; changed under its back_lock. Set before
	 * MessagePending can be seen in the slot, so that the EOM which that
	 * brings about finds it.
	 */
	_Alignas(CACHE_LINE) _Atomic uint16_t pending;
	_Atomic uint64_t lost;
	_Atomic uint64_t eoms;
	/* Its own posts, by status; written by who makes its calls. */
	_Alignas(CACHE_LINE) _Atomic uint64_t refused[STATUSES];
	struct queue queue[HV_SINT_COUNT];
};

/* Posters write here, those who empty a port's queues write there. */
struct connection {
	_Alignas(CACHE_LINE) uint32_t id;
	struct hvhost_partition *owner;
	struct port *port;		/* NULL: the port was deleted */
	_Atomic uint64_t posted;
	_Atomic uint64_t refused;
};

struct port {
	_Alignas(CACHE_LINE) uint32_t id;
	uint32_t preferred_vp;
	struct hvhost_partition *owner;
	uint64_t connection_partition;	/* who may connect */
	struct connection *connection;	/* NULL: nobody is connected */
	struct hv_port_info info;
	/*
	 * Buffers in use are those taken less those given back, at most the
	 * owner's limit. Posters look at the other line only when what they have
	 * seen of it is not enough. All three wrap.
	 */
	_Atomic uint32_t taken;
	_Atomic uint32_t given_back_seen;
	_Alignas(CACHE_LINE) _Atomic uint32_t given_back;
	/*
	 * Whoever refuses a post sets this and then looks at @given_back once
	 * more; whoever adds to that then looks at this. All four are seq_cst,
	 * so that one of the two sees the other.
	 */
	_Atomic bool room_is_awaited;
	_Atomic uint32_t next_vp;	/* where the search for any VP begins */
	_Atomic uint64_t lost;
	uint64_t posted_before;		/* through connections that are gone */
	uint64_t refused_before;
};

struct hvhost_partition {
	LIST_ENTRY(hvhost_partition) next;
	struct hvhost_machine *machine;
	uint64_t id;
	enum hvhost_partition_state state;	/* machine->lock */
	struct hvhost_partition_config config;
	_Atomic uint64_t guest_os_id;
	_Atomic uint64_t hypercall_msr;
	struct hvhost_vp **vps;			/* by index; machine->lock */
	uint32_t vp_limit;			/* 1 + highest index in use */
	struct idtable ports;
	struct idtable connections;
};

struct hvhost_machine {
	struct lock lock;
	uint32_t flags;
	uint64_t last_partition_id;
	uint32_t partition_count;
	LIST_HEAD(, hvhost_partition) partitions;
};

static inline void count(_Atomic uint64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* A post or signal through @connection, NULL if there is none, got @status. */
static inline void connection_count(struct connection *connection,
				    uint16_t status)
{
	if (connection)
		count(status ? &connection->refused : &connection->posted);
}

/* partition.c: all with machine->lock held */

struct hvhost_partition *partition_find(struct hvhost_machine *machine,
					uint64_t id);
bool partition_has_page(const struct hvhost_partition *partition,
			uint64_t page_msr);
/* Are they all in range, and none left at 0 for its default? */
bool partition_numbers_are_valid(const struct hvhost_partition_config *config);

/* vp.c */

static inline bool vp_synic_is_on(const struct hvhost_vp *vp)
{
	return vp->scontrol & HV_SCONTROL_ENABLE;
}

static inline bool vp_takes_messages(const struct hvhost_vp *vp)
{
	return vp_synic_is_on(vp) && (vp->simp & HV_PAGE_ENABLE);
}

static inline bool vp_takes_events(const struct hvhost_vp *vp)
{
	return vp_synic_is_on(vp) && (vp->siefp & HV_PAGE_ENABLE);
}

/* With machine->lock held exclusively. */
void vp_free_locked(struct hvhost_vp *vp);
void vp_reset_locked(struct hvhost_vp *vp);
/* The guest has, or would have, written @value to SIMP or SIEFP. Exclusive. */
void vp_tell_overlay(struct hvhost_vp *vp, uint32_t msr, uint64_t value,
		     void *contents);

/* queue.c: the messages that wait for one (VP, SINT) */

void queue_init(struct queue *queue);
void queue_destroy(struct queue *queue);
/*
 * Put a message at the back of its queue, into one of the port's buffers. False:
 * the port has none left, or the machine no memory.
 */
bool queue_add(struct hvhost_vp *vp, struct port *port,
	       const struct hv_post_message_input *input);
/* Has @port a free one now? */
bool queue_buffer_is_free(struct port *port);
uint32_t queue_buffers_used(const struct port *port);
bool queue_is_empty(const struct hvhost_vp *vp, const struct queue *queue);
/* With no lock of the queue held. */
uint32_t queue_depth(struct queue *queue);
/* With queue->lock held: the message that is next; NULL: none waits. */
struct message *queue_first(struct hvhost_vp *vp, struct queue *queue);
/* The same, taken out; @more: others wait behind it. There must be one. */
struct message *queue_take(struct hvhost_vp *vp, struct queue *queue,
			   bool *more);
/* Its buffer and its memory are free again; with queue->lock held. */
void queue_free_message(struct queue *queue, struct message *message);
/* Lose messages: those of @port, or all if it is NULL. Exclusive. */
void queue_drop(struct hvhost_vp *vp, struct queue *queue,
		const struct port *port);
/* All that wait, in order; with machine->lock held exclusively. */
typedef void queue_visit(void *context, const struct message *message);
void queue_walk(const struct queue *queue, queue_visit *visit, void *context);

/* synic.c: slots and interrupts of one (VP, SINT) */

void synic_init(struct hvhost_vp *vp);
void synic_destroy(struct hvhost_vp *vp);
/* Further slots for a SINT, all free; exclusive. */
void synic_add_slots(struct hvhost_vp *vp, unsigned int sint,
		     struct hv_slot *slots, uint32_t count);
/* All slots are free now, and the first is the next; exclusive. */
void synic_reset_slots(struct hvhost_vp *vp);
/* Write what is queued into free slots; with machine->lock held. */
void synic_deliver(struct hvhost_vp *vp, uint16_t sints);
/* The same for one, without its interrupt. Return whether a message went in. */
bool synic_fill_slot(struct hvhost_vp *vp, unsigned int sint);
/*
 * Queue a message and deliver it if its slot is free; with machine->lock held.
 * Return HV_STATUS: INSUFFICIENT_BUFFERS if the port has no buffer left, or the
 * machine no memory to keep the message in.
 */
uint16_t synic_post(struct hvhost_vp *vp, struct port *port,
		    const struct hv_post_message_input *input);
/* Set a flag. Return HV_STATUS. With machine->lock held. */
uint16_t synic_signal(struct hvhost_vp *vp, unsigned int sint,
		      unsigned int flag);
bool synic_sint_is_masked(const struct hvhost_vp *vp, unsigned int sint);
/* Would a message go into a slot at once, if none waited? */
bool synic_slot_is_free(const struct hvhost_vp *vp, unsigned int sint);
/* Does a message lie in a slot? */
bool synic_slot_is_occupied(const struct hvhost_vp *vp, unsigned int sint);
/* Lose all queued messages. Exclusive. */
void synic_drop(struct hvhost_vp *vp);
/* Messages written into the slot so far. */
uint64_t synic_delivered(struct hvhost_vp *vp, unsigned int sint);
uint64_t synic_read_sint(const struct hvhost_vp *vp, unsigned int sint);
/* With machine->lock held exclusively. */
void synic_write_sint(struct hvhost_vp *vp, unsigned int sint, uint64_t value);

/* port.c, connection.c: what a hypercall and the host's own call share. The
 * caller is NULL for the host itself. Return HV_STATUS.
 */

uint16_t port_create(struct hvhost_machine *machine,
		     const struct hvhost_partition *caller,
		     const struct hv_create_port_input *input);
uint16_t port_delete(struct hvhost_machine *machine,
		     const struct hvhost_partition *caller,
		     const struct hv_delete_port_input *input);
uint16_t port_get_property(struct hvhost_machine *machine,
			   const struct hvhost_partition *caller,
			   const struct hv_get_port_property_input *input,
			   uint64_t *value);
uint16_t connection_connect(struct hvhost_machine *machine,
			    const struct hvhost_partition *caller,
			    const struct hv_connect_port_input *input);
uint16_t connection_disconnect(struct hvhost_machine *machine,
			       const struct hvhost_partition *caller,
			       const struct hv_disconnect_port_input *input);

bool port_info_is_valid(const struct hv_port_info *info);

/*
 * Make what the checks of the calls have let pass; @port may be NULL: it was
 * deleted. Return HV_STATUS. With machine->lock held exclusively.
 */
uint16_t port_add(struct hvhost_partition *owner,
		  const struct hv_create_port_input *input);
uint16_t connection_add(struct hvhost_partition *owner, struct port *port,
			uint32_t id);

/* Tell the sender that it may try again, if it waits. With machine->lock held. */
void port_tell_room(struct port *port);

/* With machine->lock held exclusively. */
void port_free(struct port *port);
void connection_free(struct connection *connection);

/* Of all its connections; with machine->lock held. */
uint64_t port_posted(const struct port *port);
uint64_t port_refused(const struct port *port);

/* The partition that a caller names by @id; 0 or the HV_STATUS of a refusal. */
uint16_t partition_for_caller(struct hvhost_machine *machine,
			      const struct hvhost_partition *caller,
			      uint64_t id, struct hvhost_partition **found);

/* message.c, event.c: from a guest */

uint16_t message_post(struct hvhost_vp *caller,
		      const struct hv_post_message_input *input);
uint16_t event_signal(struct hvhost_vp *caller,
		      const struct hv_signal_event_input *input);

/* target.c: from a connection id to the VP; with machine->lock held */

struct target {
	struct connection *connection;	/* NULL: there is no such one */
	struct port *port;
	struct hvhost_vp *vp;
};

/* Resolve connection, port and VP for @port_type. Return HV_STATUS. */
uint16_t target_find(const struct hvhost_partition *caller,
		     uint32_t connection_id, uint32_t port_type,
		     struct target *target);

#endif /* HVHOST_INTERNAL_H */
