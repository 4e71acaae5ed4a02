// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* POLLRDHUP, syscall */
#include "call_ring.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "deadline.h"
#include "lib/common/spin.h"

/* Between two looks at whether hvhost is still there, while we wait for it. */
#define ALIVE_PERIOD_NS		100000000

void call_ring_init(struct call_ring *ring, struct call_host *host,
		    struct hvpost_attach_vp *shared)
{
	ring->host = host;
	ring->shared = shared;
	pthread_mutex_init(&ring->lock, NULL);
}

void call_ring_destroy(struct call_ring *ring)
{
	pthread_mutex_destroy(&ring->lock);
}

/* The host */

/* Return whether it is there, and let signals come. */
static bool is_there(const struct call_host *host, struct call_limits *limits)
{
	struct pollfd socket = { .fd = host->socket, .events = POLLRDHUP };
	const struct timespec now = { 0 };

	if (ppoll(&socket, 1, &now, limits->let_in) < 0) {
		limits->interrupted |= errno == EINTR;
		return true;
	}
	return !(socket.revents & (POLLRDHUP | POLLHUP | POLLERR));
}

bool call_host_is_gone(const struct call_host *host)
{
	struct call_limits limits = { .let_in = NULL };
	int saved_errno = errno;
	bool gone = !is_there(host, &limits);

	errno = saved_errno;
	return gone;
}

void call_host_wake(const struct call_host *host)
{
	int saved_errno = errno;

	/* One of those who find it asleep wakes it. */
	if (__atomic_load_n(host->sleeping, __ATOMIC_SEQ_CST) &&
	    __atomic_exchange_n(host->sleeping, 0, __ATOMIC_SEQ_CST))
		eventfd_write(host->doorbell, 1);
	errno = saved_errno;
}

/* Waiting */

/* What a thread waits for: @completed has gone past @number. */
struct completion {
	struct hvpost_attach_words *words;
	uint32_t number;
};

static bool is_completed(void *context)
{
	const struct completion *wanted = context;
	uint32_t completed = __atomic_load_n(&wanted->words->completed,
					     __ATOMIC_SEQ_CST);

	return (int32_t)(completed - wanted->number) > 0;
}

/* Return whether a signal ended it. */
static bool sleep_until_completed(struct completion *wanted)
{
	const struct timespec period = { .tv_nsec = ALIVE_PERIOD_NS };
	struct hvpost_attach_words *words = wanted->words;
	bool interrupted = false;
	uint32_t completed;

	__atomic_fetch_add(&words->waiters, 1, __ATOMIC_SEQ_CST);
	completed = __atomic_load_n(&words->completed, __ATOMIC_SEQ_CST);
	if ((int32_t)(completed - wanted->number) <= 0)
		interrupted = syscall(SYS_futex, &words->completed, FUTEX_WAIT,
				      completed, &period, NULL, 0) &&
			      errno == EINTR;
	__atomic_fetch_sub(&words->waiters, 1, __ATOMIC_SEQ_CST);
	return interrupted;
}

/* Return 0 or a negative errno value: the limits are reached. */
static int check_limits(const struct call_limits *limits, uint64_t start_ns)
{
	uint64_t now_ns = hvpost_deadline_clock();

	if (now_ns - start_ns < limits->patience_ns)
		return 0;
	if (limits->interrupted)
		return -EINTR;
	if (now_ns < limits->deadline_ns)
		return 0;
	return limits->deadline_ns == HVPOST_NOW ? -EAGAIN : -ETIMEDOUT;
}

/* It was not there at first sight. */
static int sleep_within_limits(struct call_ring *ring,
			       struct completion *wanted,
			       struct call_limits *limits)
{
	uint64_t start_ns = hvpost_deadline_clock();
	int err = check_limits(limits, start_ns);

	while (!err) {
		limits->interrupted |= sleep_until_completed(wanted);
		if (is_completed(wanted))
			return 0;
		err = is_there(ring->host, limits) ?
			      check_limits(limits, start_ns) : -ENODEV;
	}
	if (err == -ENODEV)
		__atomic_store_n(&ring->host->is_gone, true, __ATOMIC_RELAXED);
	return err;
}

static int wait_until_completed(struct call_ring *ring, uint32_t number,
				struct call_limits *limits)
{
	static _Thread_local struct spin spin;
	struct completion wanted = {
		.words = &ring->shared->words, .number = number,
	};

	if (is_completed(&wanted) || spin_until(&spin, is_completed, &wanted))
		return 0;
	return sleep_within_limits(ring, &wanted, limits);
}

/* Slots */

static void fill_slot(struct hvpost_attach_call *slot,
		      const struct call_request *request)
{
	memcpy(slot, &request->call, offsetof(struct hvpost_attach_call, memory));
	if (request->memory)
		memcpy(slot->memory, request->memory,
		       request->call.memory_size);
}

static struct hvpost_attach_call *slot_of(struct call_ring *ring,
					  uint32_t number)
{
	return &ring->shared->call[number % HVPOST_ATTACH_CALLS];
}

/*
 * With the ring locked: is the next slot free? It is not while its former call is
 * under way, or while the thread that made that one has not read the result.
 */
static bool is_next_slot_free(struct call_ring *ring)
{
	struct completion former = {
		.words = &ring->shared->words,
		.number = ring->submitted - HVPOST_ATTACH_CALLS,
	};

	switch (ring->slot[ring->submitted % HVPOST_ATTACH_CALLS]) {
	case SLOT_FREE:
		return true;
	case SLOT_GIVEN_UP:
		return is_completed(&former);
	case SLOT_IN_USE:
		break;
	}
	return false;
}

/* Wait until the next slot is free, with the ring locked in the end. */
static int lock_free_slot(struct call_ring *ring, struct call_limits *limits)
{
	int err = 0;

	/* It would take a tenth of a second to find out once more. */
	if (__atomic_load_n(&ring->host->is_gone, __ATOMIC_RELAXED))
		return -ENODEV;
	pthread_mutex_lock(&ring->lock);
	while (!err && !is_next_slot_free(ring)) {
		uint32_t oldest = ring->submitted - HVPOST_ATTACH_CALLS;

		pthread_mutex_unlock(&ring->lock);
		err = wait_until_completed(ring, oldest, limits);
		sched_yield(); /* to whoever has its result to read */
		pthread_mutex_lock(&ring->lock);
	}
	if (err)
		pthread_mutex_unlock(&ring->lock);
	return err;
}

/* With the ring locked: the next slot, which is free. */
static struct hvpost_attach_call *take_slot(struct call_ring *ring)
{
	uint32_t number = ring->submitted++;

	ring->slot[number % HVPOST_ATTACH_CALLS] = SLOT_IN_USE;
	return slot_of(ring, number);
}

static void publish_and_unlock(struct call_ring *ring)
{
	__atomic_store_n(&ring->shared->words.submitted, ring->submitted,
			 __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&ring->lock);
	call_host_wake(ring->host);
}

static int submit(struct call_ring *ring, struct call_request *request,
		  struct call_limits *limits)
{
	int err = lock_free_slot(ring, limits);

	if (err)
		return err;
	request->number = ring->submitted;
	fill_slot(take_slot(ring), request);
	publish_and_unlock(ring);
	return 0;
}

static void leave(struct call_ring *ring, uint32_t number, uint32_t count,
		  enum slot_state state)
{
	pthread_mutex_lock(&ring->lock);
	while (count--)
		ring->slot[number++ % HVPOST_ATTACH_CALLS] = state;
	pthread_mutex_unlock(&ring->lock);
}

/* Wait for calls that are submitted, up to the last of them. */
static int wait_for_calls(struct call_ring *ring, uint32_t number,
			  uint32_t count, struct call_limits *limits)
{
	int err = wait_until_completed(ring, number + count - 1, limits);

	if (!err)
		return 0;
	leave(ring, number, count, SLOT_GIVEN_UP);
	return err == -ENODEV ? err : -EINPROGRESS;
}

/* What hvhost said of a call; anything may stand there. */
static int error_of(const struct hvpost_attach_call *slot)
{
	int32_t error = __atomic_load_n(&slot->error, __ATOMIC_RELAXED);

	return error > 0 || error < -4095 ? -EPROTO : error;
}

static int run(struct call_ring *ring, struct call_request *request,
	       struct call_limits *limits)
{
	const struct hvpost_attach_call *slot;
	int err = submit(ring, request, limits);

	if (!err)
		err = wait_for_calls(ring, request->number, 1, limits);
	if (err)
		return err;
	slot = slot_of(ring, request->number);
	request->call.result = slot->result;
	err = error_of(slot);
	if (request->output)
		memcpy(request->output, slot->memory,
		       request->call.memory_size);
	leave(ring, request->number, 1, SLOT_FREE);
	return err;
}

int call_ring_run(struct call_ring *ring, struct call_request *request,
		  struct call_limits *limits)
{
	int saved_errno = errno;
	int err = run(ring, request, limits);

	errno = saved_errno;
	return err;
}

int call_ring_wait(struct call_ring *ring, uint32_t number,
		   struct call_limits *limits)
{
	int saved_errno = errno;
	int err = wait_until_completed(ring, number, limits);

	errno = saved_errno;
	return err;
}

/* Chains: calls that fit into their slots, none of them after one that failed */

struct chain {
	const struct hvpost_call *calls;
	unsigned int count;
};

static void fill_chained(struct hvpost_attach_call *slot,
			 const struct hvpost_call *call, uint32_t flags)
{
	slot->control = call->control;
	slot->input = call->input;
	slot->output = call->output;
	slot->kind = HVPOST_ATTACH_HYPERCALL;
	slot->flags = flags;
	slot->memory_size = (uint32_t)call->memory_size;
	memcpy(slot->memory, call->memory, call->memory_size);
}

/* As many as there are free slots, one at least. Return their number. */
static int submit_chain(struct call_ring *ring, const struct chain *chain,
			struct call_limits *limits, uint32_t *number)
{
	unsigned int count = 0;
	int err = lock_free_slot(ring, limits);

	if (err)
		return err;
	*number = ring->submitted;
	do {
		fill_chained(take_slot(ring), &chain->calls[count],
			     count ? HVPOST_ATTACH_CHAINED : 0);
	} while (++count < chain->count && is_next_slot_free(ring));
	publish_and_unlock(ring);
	return (int)count;
}

/* Return how many of @count calls from @number on were made, or the first's error. */
static int read_results(struct call_ring *ring, uint32_t number, int count,
			uint64_t *result)
{
	int made = 0;

	do {
		const struct hvpost_attach_call *slot =
			slot_of(ring, number + (uint32_t)made);
		int err = error_of(slot);

		if (err)
			return made ? made : err;
		*result = slot->result;
		made++;
	} while (made < count && !(*result & HV_RESULT_STATUS_MASK));
	return made;
}

/* Return how many were made. */
static int run_chain(struct call_ring *ring, const struct chain *chain,
		     struct call_limits *limits, uint64_t *result)
{
	uint32_t number = 0;
	int count = submit_chain(ring, chain, limits, &number), made, err;

	if (count < 0)
		return count;
	err = wait_for_calls(ring, number, (uint32_t)count, limits);
	if (err)
		return err;
	made = read_results(ring, number, count, result);
	leave(ring, number, (uint32_t)count, SLOT_FREE);
	return made;
}

int call_ring_run_chain(struct call_ring *ring, const struct hvpost_call *calls,
			unsigned int count, struct call_limits *limits,
			uint64_t *result)
{
	struct chain chain = { .calls = calls, .count = count };
	int saved_errno = errno, made = 0;

	*result = 0;
	while (chain.count && !(*result & HV_RESULT_STATUS_MASK)) {
		made = run_chain(ring, &chain, limits, result);
		if (made <= 0)
			break;
		chain.calls += made;
		chain.count -= (unsigned int)made;
	}
	errno = saved_errno;
	/* What was made before an error counts, unless nobody knows how much it was. */
	if (made == -EINPROGRESS || (made < 0 && chain.count == count))
		return made;
	return (int)(count - chain.count);
}
