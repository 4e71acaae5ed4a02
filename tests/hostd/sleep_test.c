// SPDX-License-Identifier: MIT
/*
 * Threads that sleep until a SINT interrupts, by hand and in the library, and until a
 * call is done.
 */
#define _GNU_SOURCE /* syscall */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hvpost/hyperv.h>

#include "daemon.h"
#include "peer.h"
#include "suites.h"

#define LINKS "--link a:0x10=b:5 --link a:0x11=b:6"

static void write_msr(struct peer *peer, uint32_t msr, uint64_t value)
{
	const struct hvpost_attach_call call = {
		.kind = HVPOST_ATTACH_WRITE_MSR, .control = msr, .input = value,
	};

	ck_assert_int_eq(peer_wait(peer, peer_submit(peer, &call))->error, 0);
}

static struct peer attach_receiver(void)
{
	struct peer peer = peer_attach("b");

	write_msr(&peer, HV_MSR_SIMP, HVPOST_ATTACH_SIM_GPA | HV_PAGE_ENABLE);
	write_msr(&peer, HV_MSR_SCONTROL, HV_SCONTROL_ENABLE);
	write_msr(&peer, HV_MSR_SINT0 + 5, 0x40);
	write_msr(&peer, HV_MSR_SINT0 + 6, 0x41);
	return peer;
}

/* Into a slot that is free, so that it interrupts. */
static void interrupt(struct peer *peer, struct hvpost *sender,
		      unsigned int sint)
{
	__atomic_store_n(&peer->vp[0].sim.slot[sint].message_type, 0,
			 __ATOMIC_SEQ_CST);
	ck_assert_int_eq(post_number(sender, 0x10 + sint - 5, 1, HVPOST_NOW), 0);
}

static void announce(struct peer *peer, uint32_t sleepers)
{
	__atomic_fetch_or(&peer->memory->sleepers, sleepers, __ATOMIC_SEQ_CST);
}

static void ck_words(struct peer *peer, uint32_t sleepers, uint32_t wakes)
{
	ck_assert_uint_eq(__atomic_load_n(&peer->memory->sleepers,
					  __ATOMIC_SEQ_CST), sleepers);
	ck_assert_uint_eq(__atomic_load_n(&peer->memory->wakes,
					  __ATOMIC_SEQ_CST), wakes);
}

START_TEST(who_says_that_it_sleeps_is_called_once_and_nobody_else)
{
	struct hvpost *sender;
	struct peer peer;

	daemon_start(LINKS);
	peer = attach_receiver();
	sender = open_as("a");
	interrupt(&peer, sender, 5);
	ck_words(&peer, 0, 0);
	announce(&peer, 1u << 5 | 1u << 6);
	interrupt(&peer, sender, 5);
	ck_words(&peer, 1u << 6, 1);
	interrupt(&peer, sender, 5);
	ck_words(&peer, 1u << 6, 1);
	interrupt(&peer, sender, 6);
	ck_words(&peer, 0, 2);
	hvpost_close(sender);
	peer_close(&peer);
}
END_TEST

/* Without a limit: it goes on only when it is woken. */
static _Noreturn void sleep_for(struct peer *peer, unsigned int sint)
{
	uint32_t wakes = __atomic_load_n(&peer->memory->wakes, __ATOMIC_SEQ_CST);

	_exit(syscall(SYS_futex, &peer->memory->wakes, FUTEX_WAIT_BITSET, wakes,
		      NULL, NULL, 1u << sint) != 0);
}

static pid_t start_sleeper(struct peer *peer, unsigned int sint)
{
	pid_t child = fork();

	if (!child)
		sleep_for(peer, sint);
	wait_until_it_is_in(child, SYS_futex);
	announce(peer, 1u << sint);
	return child;
}

static void join(pid_t child)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && !WEXITSTATUS(status));
}

START_TEST(who_sleeps_until_its_sint_interrupts_is_woken)
{
	struct hvpost *sender;
	pid_t fifth, sixth;
	struct peer peer;

	daemon_start(LINKS);
	peer = attach_receiver();
	sender = open_as("a");
	fifth = start_sleeper(&peer, 5);
	sixth = start_sleeper(&peer, 6);
	/* The one that came later, and that one alone */
	interrupt(&peer, sender, 6);
	join(sixth);
	ck_assert_int_eq(waitpid(fifth, NULL, WNOHANG), 0);
	interrupt(&peer, sender, 5);
	join(fifth);
	hvpost_close(sender);
	peer_close(&peer);
}
END_TEST

#define NUMBERS 2000u

/* Each number comes back, so that both sides wait for each of them. */
static void bounce(void)
{
	struct hvpost *handle = bind_as("b", 5);

	for (unsigned int i = 0; i < NUMBERS; i++) {
		uint64_t number = receive_number(handle);

		while (post_number(handle, 0x20, number, HVPOST_NEVER))
			look_again();
	}
	hvpost_close(handle);
}

/* A receive that slept leaves the descriptor as an event loop has to find it. */
START_TEST(receives_that_sleep_and_an_event_loop_take_turns)
{
	struct pollfd readable = { .events = POLLIN };
	struct hvpost_message message;
	struct hvpost *handle;
	pid_t child;

	daemon_start("--link a:0x10=b:5 --link b:0x20=a:6");
	handle = bind_as("a", 6);
	readable.fd = hvpost_get_fd(handle);
	child = fork();
	if (!child) {
		bounce();
		_exit(0);
	}
	for (uint64_t number = 0; number < NUMBERS; number++) {
		while (post_number(handle, 0x10, number, HVPOST_NEVER))
			look_again();
		if (number % 2) {
			ck_assert_uint_eq(receive_number(handle), number);
			continue;
		}
		/* As an event loop does it */
		while (hvpost_receive(handle, &message, HVPOST_NOW))
			ck_assert_int_eq(poll(&readable, 1, PATIENCE_MS), 1);
		ck_assert_mem_eq(message.payload, &number, sizeof(number));
	}
	join(child);
	hvpost_close(handle);
}
END_TEST

/* Calls */

#define WAITERS	(HVPOST_ATTACH_CALLS + 6)

static pid_t start_waiter(struct peer *peer)
{
	uint32_t *completed = &peer->vp[0].words.completed;
	pid_t child = fork();

	if (!child)
		_exit(syscall(SYS_futex, completed, FUTEX_WAIT, 0, NULL, NULL,
			      0) != 0);
	wait_until_it_is_in(child, SYS_futex);
	return child;
}

static void make_call(struct peer *peer)
{
	const struct hvpost_attach_call call = {
		.kind = HVPOST_ATTACH_READ_MSR, .control = HV_MSR_VP_INDEX,
	};

	peer_wait(peer, peer_submit(peer, &call));
}

START_TEST(no_more_are_woken_for_a_call_than_there_can_be_calls)
{
	pid_t child[WAITERS];
	struct peer peer;

	daemon_start("");
	peer = peer_attach("a");
	for (unsigned int i = 0; i < WAITERS; i++)
		child[i] = start_waiter(&peer);
	__atomic_store_n(&peer.vp[0].words.waiters, WAITERS, __ATOMIC_SEQ_CST);
	make_call(&peer);
	/* They are all taken off the futex before the first of them is woken. */
	join(child[0]);
	ck_assert_int_eq(syscall(SYS_futex, &peer.vp[0].words.completed,
				 FUTEX_WAKE, INT_MAX, NULL, NULL, 0),
			 WAITERS - HVPOST_ATTACH_CALLS);
	for (unsigned int i = 1; i < WAITERS; i++)
		join(child[i]);
	peer_close(&peer);
}
END_TEST

Suite *sleep_suite(void)
{
	Suite *suite = suite_create("sleep");
	TCase *tcase = add_tcase(suite, "sleep");

	tcase_add_test(tcase,
		       who_says_that_it_sleeps_is_called_once_and_nobody_else);
	tcase_add_test(tcase, who_sleeps_until_its_sint_interrupts_is_woken);
	tcase_add_test(tcase,
		       receives_that_sleep_and_an_event_loop_take_turns);
	tcase_add_test(tcase,
		       no_more_are_woken_for_a_call_than_there_can_be_calls);
	return suite;
}
