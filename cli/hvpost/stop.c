// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* ppoll */
#include "stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#define NS_PER_S UINT64_C(1000000000)

static volatile sig_atomic_t stopped;
static sigset_t mask_while_waiting;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

uint64_t now_ns(void)
{
	return hvpost_deadline_in_ms(0);
}

void stop_on_signals(void)
{
	struct sigaction action = { .sa_handler = stop };
	sigset_t blocked;

	stopped = 0;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_BLOCK, &blocked, &mask_while_waiting);
	sigdelset(&mask_while_waiting, SIGINT);
	sigdelset(&mask_while_waiting, SIGTERM);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

/* Return 1: readable, 0: the deadline has come, or -EINTR: time to stop. */
static int wait_until(struct pollfd *readable, uint64_t deadline_ns)
{
	uint64_t now, left_ns;
	struct timespec left;
	int n;

	do {
		now = now_ns();
		left_ns = deadline_ns > now ? deadline_ns - now : 0;
		left.tv_sec = (time_t)(left_ns / NS_PER_S);
		left.tv_nsec = (long)(left_ns % NS_PER_S);
		n = ppoll(readable, readable ? 1 : 0,
			  deadline_ns == HVPOST_NEVER ? NULL : &left,
			  &mask_while_waiting);
		if (stopped)
			return -EINTR;
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int stop_or_receive(struct hvpost *handle, struct hvpost_message *message,
		    uint64_t deadline_ns)
{
	struct pollfd readable = {
		.fd = hvpost_get_fd(handle),
		.events = POLLIN,
	};
	int err;

	/* Messages that the library read ahead do not wake the descriptor. */
	while ((err = hvpost_receive(handle, message, HVPOST_NOW)) == -EAGAIN) {
		err = wait_until(&readable, deadline_ns);
		if (err < 0)
			return err;
		if (err == 0)
			return -ETIMEDOUT;
	}
	return err;
}

int stop_or_sleep_until(uint64_t deadline_ns)
{
	int err = wait_until(NULL, deadline_ns);

	return err < 0 ? err : 0;
}
