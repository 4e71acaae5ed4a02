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

#include "lib/common/spin.h"

/* Between two looks at whether hvhost is still there, while we wait for it. */
#define ALIVE_PERIOD_NS		100000000

void call_ring_init(struct call_ring *ring, const struct call_host *host,
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

static bool is_gone(const struct call_host *host)
{
	struct pollfd socket = { .fd = host->socket, .events = POLLRDHUP };

	return poll(&socket, 1, 0) > 0 &&
	       socket.revents & (POLLRDHUP | POLLHUP | POLLERR);
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

static void sleep_until_completed(struct completion *wanted)
{
	const struct timespec period = { .tv_nsec = ALIVE_PERIOD_NS };
	struct hvpost_attach_words *words = wanted->words;
	uint32_t completed;

	__atomic_fetch_add(&words->waiters, 1, __ATOMIC_SEQ_CST);
	completed = __atomic_load_n(&words->completed, __ATOMIC_SEQ_CST);
	if ((int32_t)(completed - wanted->number) <= 0)
		syscall(SYS_futex, &words->completed, FUTEX_WAIT, completed,
			&period, NULL, 0);
	__atomic_fetch_sub(&words->waiters, 1, __ATOMIC_SEQ_CST);
}

static int wait_until_completed(struct call_ring *ring, uint32_t number)
{
	static _Thread_local struct spin spin;
	struct completion wanted = {
		.words = &ring->shared->words, .number = number,
	};

	while (!is_completed(&wanted) &&
	       !spin_until(&spin, is_completed, &wanted)) {
		sleep_until_completed(&wanted);
		if (!is_completed(&wanted) && is_gone(ring->host))
			return -ENODEV;
	}
	return 0;
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
 * Wait until the next slot is free, with the ring locked in the end. It is not
 * while its former call is under way, or while the thread that made that one has
 * not read the result.
 */
static int lock_free_slot(struct call_ring *ring)
{
	int err = 0;

	pthread_mutex_lock(&ring->lock);
	while (!err && ring->in_use[ring->submitted % HVPOST_ATTACH_CALLS]) {
		uint32_t oldest = ring->submitted - HVPOST_ATTACH_CALLS;

		pthread_mutex_unlock(&ring->lock);
		err = wait_until_completed(ring, oldest);
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

	ring->in_use[number % HVPOST_ATTACH_CALLS] = true;
	return slot_of(ring, number);
}

static void publish_and_unlock(struct call_ring *ring)
{
	__atomic_store_n(&ring->shared->words.submitted, ring->submitted,
			 __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&ring->lock);
	call_host_wake(ring->host);
}

static int submit(struct call_ring *ring, const struct call_request *request,
		  uint32_t *number)
{
	int err = lock_free_slot(ring);

	if (err)
		return err;
	*number = ring->submitted;
	fill_slot(take_slot(ring), request);
	publish_and_unlock(ring);
	return 0;
}

static void release(struct call_ring *ring, uint32_t number, uint32_t count)
{
	pthread_mutex_lock(&ring->lock);
	while (count--)
		ring->in_use[number++ % HVPOST_ATTACH_CALLS] = false;
	pthread_mutex_unlock(&ring->lock);
}

int call_ring_run(struct call_ring *ring, struct call_request *request,
		  void *output)
{
	const struct hvpost_attach_call *slot;
	int saved_errno = errno;
	uint32_t number;
	int err = submit(ring, request, &number);

	if (err)
		goto out;
	err = wait_until_completed(ring, number);
	if (err)
		goto out; /* for good: the slot is nobody's any more */
	slot = slot_of(ring, number);
	request->call.result = slot->result;
	request->call.error = slot->error;
	if (output)
		memcpy(output, slot->memory, request->call.memory_size);
	release(ring, number, 1);
out:
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
			uint32_t *number)
{
	unsigned int count = 0;
	int err = lock_free_slot(ring);

	if (err)
		return err;
	*number = ring->submitted;
	do {
		fill_chained(take_slot(ring), &chain->calls[count],
			     count ? HVPOST_ATTACH_CHAINED : 0);
	} while (++count < chain->count &&
		 !ring->in_use[ring->submitted % HVPOST_ATTACH_CALLS]);
	publish_and_unlock(ring);
	return (int)count;
}

/* Return how many of @count calls from @number on were made. */
static int read_results(struct call_ring *ring, uint32_t number, int count,
			uint64_t *result)
{
	int made = 0;

	do {
		const struct hvpost_attach_call *slot =
			slot_of(ring, number + (uint32_t)made);

		if (made && slot->error == -ECANCELED)
			break;
		*result = slot->result;
		made++;
	} while (made < count && !(*result & HV_RESULT_STATUS_MASK));
	return made;
}

/* Return how many were made. */
static int run_chain(struct call_ring *ring, const struct chain *chain,
		     uint64_t *result)
{
	uint32_t number = 0;
	int count = submit_chain(ring, chain, &number), made, err;

	if (count < 0)
		return count;
	err = wait_until_completed(ring, number + (uint32_t)count - 1);
	if (err)
		return err; /* for good: the slots are nobody's any more */
	made = read_results(ring, number, count, result);
	release(ring, number, (uint32_t)count);
	return made;
}

int call_ring_run_chain(struct call_ring *ring, const struct hvpost_call *calls,
			unsigned int count, uint64_t *result)
{
	struct chain chain = { .calls = calls, .count = count };
	int saved_errno = errno, made = 0;

	*result = 0;
	while (chain.count && !(*result & HV_RESULT_STATUS_MASK)) {
		made = run_chain(ring, &chain, result);
		if (made <= 0)
			break;
		chain.calls += made;
		chain.count -= (unsigned int)made;
	}
	errno = saved_errno;
	return made < 0 ? made : (int)(count - chain.count);
}
