// SPDX-License-Identifier: MIT
/*
 * A process may write anything to the memory at any time, before, in and after
 * its calls. So of what is in there we read each word once, into private memory,
 * and keep no state of ours in it: what we publish there we never read back.
 *
 * Nor may it make us wait. Its descriptors are written without waiting
 * (MSG_DONTWAIT counts for the one call, which O_NONBLOCK, shared with the
 * process, would not), and the doorbell is only ever polled.
 */
#define _GNU_SOURCE /* accept4, struct ucred */
#include "client.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/common/call_memory.h"
#include "closer.h"
#include "log.h"
#include "memory.h"
#include "names.h"
#include "packet.h"
#include "worker.h"

/*
 * While a ring never gets empty, who waits for a call of it is woken after so many.
 * Most wait for the last one: to be woken before that is a change of processes for
 * nothing.
 */
#define CALLS_PER_WAKE (HVPOST_ATTACH_CALLS / 2)

/* Calls of one process in one round, after which it is the others' turn. */
#define CALLS_PER_ROUND 16u

/* Of each SINT, and of room. */
#define LISTENERS (HVPOST_ATTACH_ROOM + 1)

/* What we know of the ring of a VP; the memory has copies. */
struct ring {
	uint32_t completed;
	uint32_t told;		/* as @completed was when we woke who waits */
	uint32_t eoms;
	bool has_failed;	/* its last call, so that those chained to it do */
};

/* All of this but the listeners is the worker's from when it has the job. */
struct client_state {
	struct job job;			/* comes first */
	bool has_ended;			/* it is dropped, or gone */
	const char *name;
	uid_t user;
	uint32_t vp_count;
	uint32_t first_vp;		/* of the next round */
	int ended_fd;
	struct memory memory;
	struct hvhost_vp *vp[HVPOST_ATTACH_VPS_MAX];
	struct ring ring[HVPOST_ATTACH_VPS_MAX];
	/*
	 * Guards the listeners: whoever posts to us sends packets to them, and
	 * whoever makes room for us, with locks of the engine held. Innermost.
	 */
	pthread_mutex_t listener_lock;
	int listener[LISTENERS];	/* -1: none */
};

/* Interrupts and room: in the threads of those who post to this client, or receive */

/* @sint: or HVPOST_ATTACH_ROOM */
static void tell_listener(struct client_state *state, unsigned int sint)
{
	static const char interrupt = 1;

	pthread_mutex_lock(&state->listener_lock);
	/* A full socket is readable already; a closed one is nobody's. */
	if (state->listener[sint] >= 0)
		send(state->listener[sint], &interrupt, sizeof(interrupt),
		     MSG_DONTWAIT | MSG_NOSIGNAL);
	pthread_mutex_unlock(&state->listener_lock);
}

static void tell_who_waits_for_room(struct client_state *state)
{
	uint32_t *armed = &state->memory.header->room_armed;

	if (__atomic_load_n(armed, __ATOMIC_SEQ_CST) &&
	    __atomic_exchange_n(armed, 0, __ATOMIC_SEQ_CST))
		tell_listener(state, HVPOST_ATTACH_ROOM);
}

static void tell_room(void *context)
{
	struct client_state *state = context;

	__atomic_fetch_add(&state->memory.header->room, 1, __ATOMIC_SEQ_CST);
	tell_who_waits_for_room(state);
}

/*
 * One thread is all that the ABI knows of. A hostile process may have thousands
 * there, and we hold locks of the engine.
 */
static void wake_sleeper(struct hvpost_attach_memory *memory, uint32_t bit)
{
	if (!(__atomic_load_n(&memory->sleepers, __ATOMIC_SEQ_CST) & bit) ||
	    !(__atomic_fetch_and(&memory->sleepers, ~bit, __ATOMIC_SEQ_CST) &
	      bit))
		return;
	__atomic_fetch_add(&memory->wakes, 1, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &memory->wakes, FUTEX_WAKE_BITSET, 1, NULL, NULL,
		bit);
}

static void assert_sint(void *context, uint32_t vp_index, unsigned int sint,
			uint8_t vector)
{
	struct client_state *state = context;
	struct hvpost_attach_words *words =
		&state->memory.vp[vp_index].words;
	uint32_t bit = 1u << sint;

	(void)vector;
	__atomic_fetch_or(&words->asserted, bit, __ATOMIC_SEQ_CST);
	wake_sleeper(state->memory.header, bit);
	if (__atomic_load_n(&words->armed, __ATOMIC_SEQ_CST) & bit &&
	    __atomic_fetch_and(&words->armed, ~bit, __ATOMIC_SEQ_CST) & bit)
		tell_listener(state, sint);
	tell_who_waits_for_room(state);
}

static const struct hvhost_partition_ops partition_ops = {
	.read_memory = call_memory_read,
	.write_memory = call_memory_write,
	.assert_sint = assert_sint,
	.tell_room = tell_room,
};

/* Calls */

/* Our copy of a slot but for its guest memory, which the engine copies itself. */
struct call {
	uint64_t control, input, output;
	uint32_t kind, flags, memory_size;
};

static struct call copy_call(const struct hvpost_attach_call *slot)
{
	struct call call = {
		.control = slot->control,
		.input = slot->input,
		.output = slot->output,
		.kind = slot->kind,
		.flags = slot->flags,
		.memory_size = slot->memory_size,
	};

	/* No later use of the copy may turn into another look at the slot. */
	__asm__ volatile("" : : "r"(&call) : "memory");
	return call;
}

/* Return NULL, or what is wrong with the call. */
static const char *check_call(const struct call *call)
{
	uint32_t limit = call->flags & HVPOST_ATTACH_IN_PAGES ?
				 HVPOST_ATTACH_PAGES_SIZE :
				 HVPOST_ATTACH_SLOT_SIZE;

	if (call->flags & ~(HVPOST_ATTACH_IN_PAGES | HVPOST_ATTACH_CHAINED))
		return "a call with unknown flags";
	if (call->memory_size > limit)
		return "a call with more memory than it has";
	return NULL;
}

static int run_hypercall(struct hvhost_vp *vp, const struct call *call,
			 const struct call_memory *memory, uint64_t *result)
{
	const struct hvhost_hypercall registers = {
		.control = call->control,
		.input = call->input,
		.output = call->output,
		.protected_mode = 1,
	};

	return call_memory_hypercall(vp, &registers, memory, result);
}

/* Return what is wrong with the call, or NULL. */
static const char *run_call(struct client_state *state, uint32_t vp_index,
			    struct hvpost_attach_call *slot)
{
	struct hvpost_attach_vp *shared = &state->memory.vp[vp_index];
	struct hvhost_vp *vp = state->vp[vp_index];
	struct ring *ring = &state->ring[vp_index];
	struct call call = copy_call(slot);
	const char *wrong = check_call(&call);
	uint64_t result = 0;
	int err = 0;

	if (wrong)
		return wrong;
	if (call.flags & HVPOST_ATTACH_CHAINED && ring->has_failed) {
		slot->result = 0;
		slot->error = -ECANCELED;
		return NULL;
	}
	switch (call.kind) {
	case HVPOST_ATTACH_HYPERCALL:
		err = run_hypercall(vp, &call, &(struct call_memory){
				.bytes = call.flags & HVPOST_ATTACH_IN_PAGES ?
					 shared->pages : slot->memory,
				.size = call.memory_size,
			}, &result);
		ring->has_failed = err || result & HV_RESULT_STATUS_MASK;
		break;
	case HVPOST_ATTACH_READ_MSR:
		err = hvhost_vp_read_msr(vp, (uint32_t)call.control, &result);
		ring->has_failed = err;
		break;
	case HVPOST_ATTACH_WRITE_MSR:
		err = hvhost_vp_write_msr(vp, (uint32_t)call.control,
					  call.input);
		ring->has_failed = err;
		break;
	case HVPOST_ATTACH_ADD_SLOTS:
		err = call.control < HV_SINT_COUNT ?
		      hvhost_vp_add_slots(vp, (unsigned int)call.control,
					  shared->slot[call.control],
					  HVPOST_ATTACH_MORE_SLOTS) : -EINVAL;
		ring->has_failed = err;
		break;
	default:
		return "a call of an unknown kind";
	}
	slot->result = result;
	slot->error = err;
	return NULL;
}

static void wake_waiters(struct hvpost_attach_words *words, struct ring *ring)
{
	ring->told = ring->completed;
	/* One for each call there can be: to wake thousands would cost others time. */
	if (__atomic_load_n(&words->waiters, __ATOMIC_SEQ_CST))
		syscall(SYS_futex, &words->completed, FUTEX_WAKE,
			HVPOST_ATTACH_CALLS, NULL, NULL, 0);
}

/*
 * Carry out what there is on a VP, and no more calls than *left, which counts them
 * down. Return NULL, or what is wrong with it.
 */
static const char *run_vp(struct client_state *state, uint32_t vp_index,
			  uint32_t *left, bool *found)
{
	struct hvpost_attach_vp *shared = &state->memory.vp[vp_index];
	struct ring *ring = &state->ring[vp_index];
	uint32_t submitted = __atomic_load_n(&shared->words.submitted,
					     __ATOMIC_SEQ_CST);
	uint32_t eoms = __atomic_load_n(&shared->words.eoms, __ATOMIC_SEQ_CST);

	if (eoms != ring->eoms) {
		ring->eoms = eoms;
		*found = true;
		hvhost_vp_eom(state->vp[vp_index]);
	}
	if (submitted == ring->completed)
		return NULL;
	if (submitted - ring->completed > HVPOST_ATTACH_CALLS)
		return "more calls than its ring has slots";

	*found = true;
	for (; ring->completed != submitted && *left; --*left) {
		const char *wrong;

		wrong = run_call(state, vp_index,
				 &shared->call[ring->completed %
					       HVPOST_ATTACH_CALLS]);
		if (wrong)
			return wrong;
		__atomic_store_n(&shared->words.completed, ++ring->completed,
				 __ATOMIC_SEQ_CST);
	}
	if (ring->completed == submitted ||
	    ring->completed - ring->told >= CALLS_PER_WAKE)
		wake_waiters(&shared->words, ring);
	return NULL;
}

static const char *run_vps(struct client_state *state, bool *found)
{
	uint32_t left = CALLS_PER_ROUND;
	const char *wrong = NULL;

	for (uint32_t i = 0; i < state->vp_count && !wrong; i++)
		wrong = run_vp(state, (state->first_vp + i) % state->vp_count,
			       &left, found);
	if (!left)
		state->first_vp++;
	return wrong;
}

/* Packets */

static void answer(int socket, const struct hvpost_attach_answer *text,
		   const int *descriptors, size_t count)
{
	/* Whoever does not take its answers has a full socket, and no answer. */
	packet_send(socket, text, sizeof(*text), descriptors, count);
}

static void set_listener(struct client_state *state, unsigned int sint,
			 int listener)
{
	int before;

	pthread_mutex_lock(&state->listener_lock);
	before = state->listener[sint];
	state->listener[sint] = listener;
	pthread_mutex_unlock(&state->listener_lock);
	if (before >= 0)
		close(before);
}

/*
 * Ours is the first, which takes nothing: neither packets nor descriptors, which
 * would be ours to close. In the second there is one packet.
 */
static int make_listener(int ends[2])
{
	static const char first = 1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
		       0, ends))
		return -errno;
	shutdown(ends[0], SHUT_RD);
	send(ends[0], &first, sizeof(first), MSG_DONTWAIT | MSG_NOSIGNAL);
	return 0;
}

/* Return NULL, or what is wrong. */
static const char *listen_at(struct client_state *state, uint32_t sint)
{
	struct hvpost_attach_answer text = {
		.magic = HVPOST_ATTACH_MAGIC,
		.version = HVPOST_ATTACH_VERSION,
		.kind = HVPOST_ATTACH_LISTEN,
	};
	int ends[2];

	if (sint >= LISTENERS)
		return "a listener for a SINT that there is not";
	text.error = make_listener(ends);
	if (text.error) {
		answer(state->job.socket, &text, NULL, 0);
		return NULL;
	}
	set_listener(state, sint, ends[0]);
	answer(state->job.socket, &text, &ends[1], 1);
	close(ends[1]);
	return NULL;
}

static const char *take_packet(struct client_state *state, bool *gone)
{
	struct hvpost_attach_request request;
	ssize_t size = packet_receive(state->job.socket, &request,
				      sizeof(request));
	const char *wrong = NULL;

	if (size == -EAGAIN)
		return NULL;
	if (size == -EPERM)
		return "a request with descriptors";
	if (size <= 0) {
		*gone = true;
		return NULL;
	}
	wrong = packet_check_request(&request, (size_t)size);
	if (!wrong && request.kind == HVPOST_ATTACH_LISTEN)
		return listen_at(state, request.sint);
	return wrong ? wrong : "a request to attach once more";
}

/* The job */

static struct client_state *state_of(struct job *job)
{
	return (struct client_state *)job;
}

/* The process learns of it here, and client_is_gone() too. */
static void end(struct client_state *state, const char *wrong)
{
	if (wrong)
		log_about(state->user,
			  "partition %s: %s; its process is dropped",
			  state->name, wrong);
	state->has_ended = true;
	shutdown(state->job.socket, SHUT_RDWR);
	eventfd_write(state->ended_fd, 1);
}

static bool run(struct job *job)
{
	struct client_state *state = state_of(job);
	const char *wrong = NULL;
	bool found = false;

	if (!state->has_ended)
		wrong = run_vps(state, &found);
	if (wrong)
		end(state, wrong);
	return found;
}

static bool has_work(struct job *job)
{
	struct client_state *state = state_of(job);

	for (uint32_t i = 0; i < state->vp_count && !state->has_ended; i++) {
		struct hvpost_attach_words *words = &state->memory.vp[i].words;

		if (__atomic_load_n(&words->submitted, __ATOMIC_SEQ_CST) !=
			    state->ring[i].completed ||
		    __atomic_load_n(&words->eoms, __ATOMIC_SEQ_CST) !=
			    state->ring[i].eoms)
			return true;
	}
	return false;
}

static void set_sleeping(struct job *job, bool sleeping)
{
	struct client_state *state = state_of(job);

	__atomic_store_n(&state->memory.header->sleeping, sleeping,
			 __ATOMIC_SEQ_CST);
}

static bool ready(struct job *job)
{
	struct client_state *state = state_of(job);
	const char *wrong = NULL;
	bool gone = false;

	if (state->has_ended)
		return false;
	wrong = take_packet(state, &gone);
	if (wrong || gone)
		end(state, wrong);
	return !state->has_ended;
}

static const struct job_ops job_ops = {
	.run = run,
	.has_work = has_work,
	.set_sleeping = set_sleeping,
	.ready = ready,
};

/* Making and freeing; all of it in the main thread. */

static void state_free(struct client_state *state)
{
	for (unsigned int sint = 0; sint < LISTENERS; sint++)
		packet_close(state->listener[sint]);
	pthread_mutex_destroy(&state->listener_lock);
	packet_close(state->job.doorbell);
	memory_free(&state->memory);
	free(state);
}

static int state_new(const struct client_config *config, int socket,
		      struct client_state **state)
{
	struct client_state *new = calloc(1, sizeof(*new));
	int err;

	if (!new)
		return -ENOMEM;
	new->name = config->named->name;
	new->user = config->user;
	new->vp_count = config->named->vp_count;
	new->job.ops = &job_ops;
	new->job.socket = socket;
	new->ended_fd = config->ended_fd;
	for (unsigned int sint = 0; sint < LISTENERS; sint++)
		new->listener[sint] = -1;
	err = memory_new(&new->memory, new->vp_count);
	if (err) {
		free(new);
		return err;
	}
	pthread_mutex_init(&new->listener_lock, NULL);
	new->job.doorbell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (new->job.doorbell < 0) {
		err = -errno;
		state_free(new);
		return err;
	}
	*state = new;
	return 0;
}

static int add_vps(struct client *client)
{
	struct client_state *state = client->state;
	int err = 0;

	for (uint32_t i = 0; i < state->vp_count && !err; i++) {
		struct hvpost_attach_vp *vp = &state->memory.vp[i];

		err = hvhost_vp_new(client->partition, i, &vp->sim, &vp->sief,
				    &state->vp[i]);
	}
	return err;
}

static int add_partition(struct client *client)
{
	const struct client_config *config = &client->config;
	const struct hvhost_partition_config partition = {
		.privileges = config->named->privileges,
		.gpa_size = HVPOST_ATTACH_PAGES_SIZE,
		.vp_count_max = config->named->vp_count,
		.ports_max = config->ports_max,
		.connections_max = config->connections_max,
		.message_buffers = config->buffers,
		.ops = &partition_ops,
		.context = client->state,
	};
	int err = hvhost_partition_new(config->machine, &partition,
				       &client->partition);

	if (!err)
		err = hvhost_partition_activate(client->partition);
	return err ? err : add_vps(client);
}

int client_new(const struct client_config *config, int socket,
	       struct client **client)
{
	struct client *new = calloc(1, sizeof(*new));
	int err;

	if (!new)
		return -ENOMEM;
	new->config = *config;
	err = state_new(config, socket, &new->state);
	if (err) {
		free(new);
		return err;
	}
	err = add_partition(new);
	if (err) {
		hvhost_partition_free(new->partition);
		state_free(new->state);
		free(new);
		return err;
	}
	*client = new;
	return 0;
}

int client_start(struct client *client)
{
	struct client_state *state = client->state;
	const int descriptors[] = { state->memory.fd, state->job.doorbell };
	int err = worker_add(client->config.worker, &state->job);

	if (err)
		return err;
	client->is_running = true;
	answer(state->job.socket, &(struct hvpost_attach_answer){
			.magic = HVPOST_ATTACH_MAGIC,
			.version = HVPOST_ATTACH_VERSION,
			.kind = HVPOST_ATTACH_OPEN,
			.vp_count = state->vp_count,
			.memory_size = state->memory.size,
			.partition_id = hvhost_partition_id(client->partition),
			.privileges = client->config.named->privileges,
		}, descriptors, 2);
	return 0;
}

bool client_is_gone(const struct client *client)
{
	struct pollfd socket = {
		.fd = client->state->job.socket, .events = POLLRDHUP,
	};

	return poll(&socket, 1, 0) > 0 &&
	       socket.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

void client_free(struct client *client)
{
	struct client_state *state = client->state;

	if (client->is_running)
		worker_remove(client->config.worker, &state->job);
	shutdown(state->job.socket, SHUT_RDWR);
	/* From here on nobody calls assert_sint() any more. */
	hvhost_partition_free(client->partition);
	closer_close(client->config.closer, state->job.socket);
	state_free(state);
	free(client);
}

void client_refuse(int socket, int error, const char *reason)
{
	struct hvpost_attach_answer text = {
		.magic = HVPOST_ATTACH_MAGIC,
		.version = HVPOST_ATTACH_VERSION,
		.kind = HVPOST_ATTACH_OPEN,
		.error = error,
	};

	snprintf(text.reason, sizeof(text.reason), "%s", reason);
	answer(socket, &text, NULL, 0);
}
