// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* ppoll */
#include "stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

/* How long one call of the driver may wait; see stop_or_post(). */
#define POST_SLICE_MS 100

/* How long messages that wait at a stop are handed out, should they not end. */
#define DRAIN_MS 250

static volatile sig_atomic_t stopped;
static uint64_t drain_end_ns; /* 0: no stop has been noticed */

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

uint64_t now_ns(void)
{
	return hvpost_deadline_in_ms(0);
}

static sigset_t stop_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	return set;
}

void stop_on_signals(void)
{
	/* No SA_RESTART: what blocks, be it a write, is to end. */
	struct sigaction action = { .sa_handler = stop };
	sigset_t set = stop_signals();

	stopped = 0;
	drain_end_ns = 0;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	/* Whoever started us may have had them blocked. */
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* Has a pipe behind standard output lost its reader? Then poll() tells. */
static int output_to_watch(void)
{
	struct stat status;

	if (fstat(STDOUT_FILENO, &status) || !S_ISFIFO(status.st_mode))
		return -1;
	return STDOUT_FILENO;
}

static struct timespec left_until(uint64_t deadline_ns)
{
	uint64_t now = now_ns();
	uint64_t left_ns = deadline_ns > now ? deadline_ns - now : 0;

	return (struct timespec){
		.tv_sec = (time_t)(left_ns / NS_PER_S),
		.tv_nsec = (long)(left_ns % NS_PER_S),
	};
}

/*
 * Wait for one of @fds to become readable, or, of none, for the time alone. The
 * signals are held between the look at the flag and the wait, which lets them
 * in: so none is lost between the two.
 *
 * Return 1: readable, 0: the deadline has come, -EINTR: time to stop, or
 * -EPIPE: nobody reads standard output.
 */
static int wait_until(const int *fds, size_t count, uint64_t deadline_ns)
{
	struct pollfd watched[STOP_HANDLES_MAX + 1];
	sigset_t set = stop_signals(), let_in;
	struct timespec left;
	int n = 0, err = 0;

	for (size_t i = 0; i < count; i++)
		watched[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	watched[count] = (struct pollfd){ .fd = output_to_watch() };
	sigprocmask(SIG_BLOCK, &set, &let_in);
	do {
		if (stopped)
			break;
		left = left_until(deadline_ns);
		n = ppoll(watched, count + 1,
			  deadline_ns == HVPOST_NEVER ? NULL : &left, &let_in);
		err = n < 0 ? -errno : 0;
	} while (err == -EINTR);
	sigprocmask(SIG_SETMASK, &let_in, NULL);

	if (stopped)
		return -EINTR;
	if (n == 1 && watched[count].revents)
		return -EPIPE;
	return err ? err : n > 0;
}

/*
 * The driver's wait ends when a signal comes. One that comes just before the
 * call sets the flag and no more: so no call may wait for long, and between two
 * of them there is a look at the flag.
 */
int stop_or_post(struct hvpost *handle, const struct hvpost_post *post,
		 uint64_t deadline_ns, uint64_t *attempts)
{
	uint64_t slice_ns;
	int err;

	*attempts = 0;
	while (!stopped) {
		slice_ns = hvpost_deadline_in_ms(POST_SLICE_MS);
		if (slice_ns > deadline_ns)
			slice_ns = deadline_ns;
		err = hvpost_post(handle, post, slice_ns);
		*attempts += hvpost_last_attempts(handle);
		if (err == -EINTR)
			continue;
		if (err != -ETIMEDOUT || slice_ns == deadline_ns)
			return err;
		/* In a time namespace the driver may think it is later. */
		stop_or_sleep_until(slice_ns);
	}
	return -EINTR;
}

/*
 * Messages that have come by the time of the stop are still handed out, since
 * they would be lost with the handle. Where they keep coming, that ends too.
 */
static bool is_drained(void)
{
	if (!stopped)
		return false;
	if (!drain_end_ns)
		drain_end_ns = hvpost_deadline_in_ms(DRAIN_MS);
	return now_ns() >= drain_end_ns;
}

int stop_or_receive(struct hvpost *handle, struct hvpost_message *message,
		    uint64_t deadline_ns)
{
	size_t which = 0;

	return stop_or_receive_any(&handle, 1, &which, message, deadline_ns);
}

/* Return -EAGAIN: none of them has a message. */
static int receive_any(struct hvpost *const *handles, size_t count,
		       size_t *which, struct hvpost_message *message)
{
	size_t first = *which + 1;
	int err = -EAGAIN;

	for (size_t i = 0; i < count && err == -EAGAIN; i++) {
		*which = (first + i) % count;
		err = hvpost_receive(handles[*which], message, HVPOST_NOW);
	}
	return err;
}

int stop_or_receive_any(struct hvpost *const *handles, size_t count,
			size_t *which, struct hvpost_message *message,
			uint64_t deadline_ns)
{
	int fds[STOP_HANDLES_MAX], err;

	for (size_t i = 0; i < count; i++)
		fds[i] = hvpost_get_fd(handles[i]);
	/* Messages that the library read ahead do not wake the descriptor. */
	while (!is_drained()) {
		err = receive_any(handles, count, which, message);
		if (err == -EINTR)
			continue;
		if (err != -EAGAIN)
			return err;
		err = wait_until(fds, count, deadline_ns);
		if (err < 0)
			return err;
		if (err == 0)
			return -ETIMEDOUT;
	}
	return -EINTR;
}

int stop_or_sleep_until(uint64_t deadline_ns)
{
	return wait_until(NULL, 0, deadline_ns);
}

int stop_or_wait(int fd, uint64_t deadline_ns)
{
	return wait_until(&fd, 1, deadline_ns);
}
