/* SPDX-License-Identifier: MIT */
/*
 * attachment.h - this process as a partition of hvhost: the socket, the memory
 * that it shares with hvhost, its calls and its receivers. See attach.h for what
 * passes between the two.
 *
 * Who makes and frees it: attachment_registry.h. Every other function may be called
 * from any thread.
 */
#ifndef HVPOST_ATTACHMENT_H
#define HVPOST_ATTACHMENT_H

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include <hvpost/attach.h>
#include <hvpost/hvpost.h>

#include "attachment_socket.h"
#include "attachment_vp.h"
#include "call_ring.h"
#include "receiver.h"
#include "room.h"

/* Which partition. */
struct attachment_name {
	const char *socket;	/* path */
	const char *partition;
};

struct attachment {
	LIST_ENTRY(attachment) next;	/* these four: the registry's */
	bool is_listed;
	bool is_coming;			/* somebody attaches it */
	size_t users;
	struct {
		char *socket, *partition;
	} name;
	pid_t owner;
	pthread_mutex_t packet_lock;	/* guards the socket with its answers */
	struct attachment_socket socket;
	struct call_host host;
	struct room room;
	uint64_t privileges;
	size_t memory_size;
	struct hvpost_attach_memory *memory;
	uint32_t vp_count;
	struct attachment_vp vp[HVPOST_ATTACH_VPS_MAX];
};

/* Return one that is not attached, or NULL: no memory. */
struct attachment *attachment_new(const struct attachment_name *name);
/* Free one that is not attached. */
void attachment_free(struct attachment *attachment);

/*
 * Attach this process. Waits for hvhost to answer. Return 0 or a negative errno
 * value, among them hvhost's own: -EINVAL, -EBUSY, -ENOSPC, -EACCES; -EPROTO: who
 * answers is no hvhost, or not of this version; -ETIMEDOUT.
 */
int attachment_attach(struct attachment *attachment, uint64_t deadline_ns);
/* End and free it. */
void attachment_end(struct attachment *attachment);
/* Free an inherited one: close what this process has a copy of, and no more. */
void attachment_abandon(struct attachment *attachment);

/*
 * Was it made before a fork(), by the parent? Then it is the parent's, and its
 * locks are as they happened to be; attachment_abandon() is all that may be done.
 */
bool attachment_is_inherited(const struct attachment *attachment);

/* Has hvhost ended, or dropped this process? */
bool attachment_is_gone(const struct attachment *attachment);

uint64_t attachment_privileges(const struct attachment *attachment);
uint32_t attachment_vp_count(const struct attachment *attachment);
/* GUEST_OS_ID, as this library writes it. */
uint64_t attachment_guest_os_id(void);

/*
 * Issue a hypercall as hvpost_hypercall() says, without any interrupt handler.
 * Return 0, or as call_ring_run() does.
 */
int attachment_call(struct attachment *attachment,
		    const struct hvpost_call *call,
		    struct call_limits *limits, uint64_t *result);

/*
 * Issue calls in order until one gets a status that is not HV_STATUS_SUCCESS. The
 * memory of each is HVPOST_ATTACH_SLOT_SIZE at most, and only read. Return how many
 * were made, and in *result that of the last of them; or -ENODEV.
 */
int attachment_call_chain(struct attachment *attachment,
			  const struct hvpost_call *calls, unsigned int count,
			  struct call_limits *limits, uint64_t *result);

/* Posts that were refused for want of a buffer */

/* Whom nobody tells looks by itself, that often. */
#define ATTACHMENT_LOOK_NS UINT64_C(4000000)

/* How often there was room; see attach.h. */
uint32_t attachment_look_at_room(struct attachment *attachment);
/*
 * Wait until that may not be @seen any more, or there is a note of any SINT, or so
 * long, with @let_in as the mask of signals. Return 0 or -EINTR.
 */
int attachment_wait_for_room(struct attachment *attachment, uint32_t seen,
			     uint64_t duration_ns, const sigset_t *let_in);

/* Receiving */

/* Of a VP below attachment_vp_count(). */
struct receiver *attachment_receiver(struct attachment *attachment,
				     uint32_t vp_index);
void attachment_run_interrupts(struct attachment *attachment);

/*
 * Return a socket, to which hvhost sends a packet whenever the SINT interrupts a VP
 * that has it armed, and has sent one already; or a negative errno value, -ETIMEDOUT
 * if hvhost has not answered at the deadline. It is the caller's, who closes it to hear
 * no more.
 */
int attachment_listen(struct attachment *attachment, unsigned int sint,
		      uint64_t deadline_ns);
/* Is the SINT armed on all VPs? Where not, a packet has been sent, or is being. */
bool attachment_is_armed(struct attachment *attachment, unsigned int sint);
/* Arm it on all VPs; see attach.h for what to look at next. */
void attachment_arm(struct attachment *attachment, unsigned int sint);
/* Is there a note of the SINT on any VP? */
bool attachment_is_noted(struct attachment *attachment, unsigned int sint);

/*
 * Have hvhost wake a thread that sleeps for the SINT, and return what
 * attachment_sleep() has to know. Whoever finds nothing after this may sleep.
 */
uint32_t attachment_announce_sleep(struct attachment *attachment,
				   unsigned int sint);
/*
 * Sleep until there is a note of the SINT, for one thread at a time. It does not end
 * when hvhost does. Return 0: it may be there, -ETIMEDOUT, or -EINTR.
 */
int attachment_sleep(struct attachment *attachment, unsigned int sint,
		     uint32_t announced, uint64_t deadline_ns);

#endif /* HVPOST_ATTACHMENT_H */
