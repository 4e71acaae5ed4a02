// SPDX-License-Identifier: MIT
/* Senders that wait for room at a full port: who ends the wait, and what it costs. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <hvpost/hyperv.h>

#include "daemon.h"
#include "lib/guest/attachment_registry.h"
#include "peer.h"
#include "suites.h"

#define LINK		"--link a:0x10=b:5"
#define ROOM		(1 + HV_PORT_MESSAGE_BUFFERS)	/* the slot, too */
#define MESSAGES	2000u
/* Who waits looks that often by itself. */
#define LOOK_MS		100

/* What came of it in the other process. */
struct outcome {
	int err;
	uint32_t status;
	uint64_t attempts;
	uint64_t duration_ms;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void post_numbers(struct hvpost *handle, uint64_t first, uint64_t last,
			 struct outcome *outcome)
{
	uint64_t start_ms = now_ms();

	for (uint64_t number = first; number <= last && !outcome->err; number++) {
		outcome->err = post_number(handle, 0x10, number, HVPOST_NEVER);
		outcome->attempts += hvpost_last_attempts(handle);
	}
	outcome->status = hvpost_last_status(handle);
	outcome->duration_ms = now_ms() - start_ms;
}

static void let_calls_be_interrupted(int signal)
{
	(void)signal;
}

/* A process that posts @first to @last, and then tells what came of it. */
struct sender {
	pid_t pid;
	int told;
};

static struct sender start_sender(uint64_t first, uint64_t last)
{
	struct outcome outcome = { 0 };
	struct sender sender;
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	sender.pid = fork();
	sender.told = ends[0];
	if (!sender.pid) {
		struct hvpost *handle = open_as("a");

		signal(SIGUSR1, let_calls_be_interrupted);
		post_numbers(handle, first, last, &outcome);
		_exit(write(ends[1], &outcome, sizeof(outcome)) < 0);
	}
	close(ends[1]);
	return sender;
}

static struct outcome outcome_of(struct sender *sender)
{
	struct outcome outcome;
	int status;

	ck_assert_int_eq(read(sender->told, &outcome, sizeof(outcome)),
			 sizeof(outcome));
	ck_assert_int_eq(waitpid(sender->pid, &status, 0), sender->pid);
	ck_assert_int_eq(status, 0);
	close(sender->told);
	return outcome;
}

static struct hvpost *receiver;

static void receive_numbers(uint64_t first, uint64_t last)
{
	for (uint64_t number = first; number <= last; number++)
		ck_assert_uint_eq(receive_number(receiver), number);
}

/* Fill the port. */
static void post_until_refused(struct hvpost *sender)
{
	for (uint64_t number = 1; number <= ROOM; number++)
		ck_assert_int_eq(post_number(sender, 0x10, number, HVPOST_NOW),
				 0);
	ck_assert_int_eq(post_number(sender, 0x10, 0, HVPOST_NOW), -EAGAIN);
}

/* How it is told; nothing but that ends these waits. */

static void wait_for_room(struct attachment *attachment, uint32_t seen)
{
	sigset_t none;

	sigemptyset(&none);
	ck_assert_int_eq(attachment_wait_for_room(attachment, seen,
						  HVPOST_NEVER, &none), 0);
}

/* In a thread, once the first one waits */

static void *receive_all(void *argument)
{
	wait_until_it_polls(getpid());
	receive_numbers(1, ROOM);
	return argument;
}

static void *post_to_who_waits(void *argument)
{
	struct hvpost *other = open_as("c");

	wait_until_it_polls(getpid());
	ck_assert_int_eq(post_number(other, 0x20, 1, HVPOST_NOW), 0);
	hvpost_close(other);
	return argument;
}

static const struct {
	void *(*deed)(void *argument);
	bool makes_room;
} tellings[] = { { receive_all, true }, { post_to_who_waits, false } };

START_TEST(who_waits_for_room_is_told_of_it_and_of_messages)
{
	struct attachment *attachment;
	struct hvpost *sender;
	pthread_t other;

	daemon_start(LINK " --link c:0x20=a:6");
	receiver = bind_as("b", 5);
	sender = bind_as("a", 6);
	attachment = attachment_of("a");
	for (unsigned int times = 0; times < 3; times++) {
		uint32_t seen = attachment_look_at_room(attachment);

		if (!times || tellings[_i].makes_room)
			post_until_refused(sender);
		ck_assert_uint_eq(attachment_look_at_room(attachment), seen);
		pthread_create(&other, NULL, tellings[_i].deed, NULL);
		wait_for_room(attachment, seen);
		pthread_join(other, NULL);
		ck_assert_uint_eq(attachment_look_at_room(attachment),
				  seen + tellings[_i].makes_room);
		if (!tellings[_i].makes_room)
			ck_assert_uint_eq(receive_number(sender), 1);
	}
	attachment_put(attachment);
	hvpost_close(sender);
	hvpost_close(receiver);
}
END_TEST

/* One for each refusal, and half the buffers are free then, at least. */
START_TEST(to_wait_for_a_slow_reader_takes_few_attempts)
{
	struct sender sender;
	struct outcome outcome;

	daemon_start(LINK);
	receiver = open_as("b");
	ck_assert_int_eq(hvpost_bind(receiver, 5, 1), 0);
	sender = start_sender(1, MESSAGES);
	for (uint64_t number = 1; number <= MESSAGES; number++) {
		ck_assert_uint_eq(receive_number(receiver), number);
		look_again();
	}
	outcome = outcome_of(&sender);
	ck_assert_int_eq(outcome.err, 0);
	ck_assert_uint_le(outcome.attempts,
			  MESSAGES + 2 * MESSAGES / HV_PORT_MESSAGE_BUFFERS +
			  outcome.duration_ms / LOOK_MS + 2);
	hvpost_close(receiver);
}
END_TEST

/* What ends the wait */

static void read_all(struct sender *sender)
{
	(void)sender;
	ck_assert_int_eq(hvpost_bind(receiver, 5, 0), 0);
	receive_numbers(1, ROOM + 1);
}

static void close_receiver(struct sender *sender)
{
	(void)sender;
	hvpost_close(receiver);
	receiver = NULL;
}

static void ask(const char *request)
{
	char answer[4096];
	int socket = peer_connect();
	ssize_t size;

	peer_send(socket, request, strlen(request));
	size = recv(socket, answer, sizeof(answer) - 1, 0);
	ck_assert_int_gt(size, 0);
	answer[size] = '\0';
	ck_assert_ptr_nonnull(strstr(answer, "\"ok\":true"));
	close(socket);
}

static void unlink_both(struct sender *sender)
{
	(void)sender;
	ask("{\"version\":1,\"command\":\"unlink\",\"from\":\"a\","
	    "\"connection\":16}");
}

static void delete_connection(struct sender *sender)
{
	(void)sender;
	ask("{\"version\":1,\"command\":\"connection-delete\","
	    "\"partition\":\"a\",\"connection\":16}");
}

static void end_host(struct sender *sender)
{
	(void)sender;
	kill(host_daemon.pid, SIGKILL);
	ck_assert_int_eq(daemon_stop(), -1);
}

static void interrupt(struct sender *sender)
{
	ck_assert_int_eq(kill(sender->pid, SIGUSR1), 0);
}

static const struct {
	void (*deed)(struct sender *sender);
	int err;
	uint32_t status;
} ends[] = {
	{ read_all, 0, HV_STATUS_SUCCESS },
	{ close_receiver, -ECONNRESET, HV_STATUS_INVALID_PORT_ID },
	{ unlink_both, -ENOTCONN, HV_STATUS_INVALID_CONNECTION_ID },
	{ delete_connection, -ENOTCONN, HV_STATUS_INVALID_CONNECTION_ID },
	{ end_host, -ENODEV, HV_STATUS_INSUFFICIENT_BUFFERS },
	{ interrupt, -EINTR, HV_STATUS_INSUFFICIENT_BUFFERS },
};

START_TEST(a_wait_for_room_ends_when)
{
	struct sender sender;
	struct outcome outcome;

	daemon_start(LINK);
	receiver = open_as("b");
	sender = start_sender(1, ROOM + 1);
	wait_until_it_polls(sender.pid);
	ends[_i].deed(&sender);
	outcome = outcome_of(&sender);
	ck_assert_int_eq(outcome.err, ends[_i].err);
	ck_assert_uint_eq(outcome.status, ends[_i].status);
	hvpost_close(receiver);
}
END_TEST

START_TEST(a_wait_for_room_ends_at_its_deadline)
{
	struct hvpost *sender;
	uint64_t deadline_ns;

	daemon_start(LINK);
	receiver = open_as("b");
	sender = open_as("a");
	for (uint64_t number = 1; number <= ROOM; number++)
		ck_assert_int_eq(post_number(sender, 0x10, number, HVPOST_NOW),
				 0);
	deadline_ns = hvpost_deadline_in_ms(LOOK_MS / 4);
	ck_assert_int_eq(post_number(sender, 0x10, 0, deadline_ns), -ETIMEDOUT);
	ck_assert_uint_ge(hvpost_deadline_in_ms(0), deadline_ns);
	ck_assert_uint_eq(hvpost_last_status(sender),
			  HV_STATUS_INSUFFICIENT_BUFFERS);
	/* One more than the first, at the deadline. */
	ck_assert_uint_eq(hvpost_last_attempts(sender), 2);
	hvpost_close(sender);
	hvpost_close(receiver);
}
END_TEST

/*
 * Neither reads before it has posted all, so that each has to take the other's
 * messages out of its slot while it waits. They may receive as another partition.
 */
#define FLOOD 500u

static const struct {
	const char *links;
	const char *name[2];
} floods[] = {
	{ "--link a:0x10=b:5 --link b:0x10=a:5", { "a", "b" } },
	{ "--link a:0x10=d:5 --link b:0x10=c:5",
	  { "a,receiver=c", "b,receiver=d" } },
};

static void flood(const char *name)
{
	struct hvpost *handle = open_as(name);

	ck_assert_int_eq(hvpost_bind(handle, 5, FLOOD), 0);
	for (uint64_t number = 1; number <= FLOOD;)
		if (post_number(handle, 0x10, number, HVPOST_NEVER))
			look_again(); /* until the other one is there */
		else
			number++;
	for (uint64_t number = 1; number <= FLOOD; number++)
		ck_assert_uint_eq(receive_number(handle), number);
	/* Until the other one has what it was sent. */
	ck_assert_int_eq(post_number(handle, 0x10, 0, HVPOST_NEVER), 0);
	receive_number(handle);
	hvpost_close(handle);
}

START_TEST(two_that_wait_for_each_other_get_on)
{
	int status;
	pid_t other;

	daemon_start(floods[_i].links);
	other = fork();
	if (!other) {
		flood(floods[_i].name[1]);
		_exit(0);
	}
	flood(floods[_i].name[0]);
	ck_assert_int_eq(waitpid(other, &status, 0), other);
	ck_assert_int_eq(status, 0);
}
END_TEST

#define THREADS 4u

static void *post_from_a_thread(void *argument)
{
	struct outcome outcome = { 0 };

	post_numbers(argument, 1, FLOOD, &outcome);
	ck_assert_int_eq(outcome.err, 0);
	hvpost_close(argument);
	return NULL;
}

START_TEST(threads_of_one_process_wait_for_the_same_room)
{
	pthread_t threads[THREADS];
	uint64_t sum = 0;

	daemon_start(LINK);
	receiver = bind_as("b", 5);
	for (unsigned int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
						post_from_a_thread,
						open_as("a")), 0);
	for (unsigned int i = 0; i < THREADS * FLOOD; i++)
		sum += receive_number(receiver);
	ck_assert_uint_eq(sum, THREADS * FLOOD * (FLOOD + 1) / 2);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	hvpost_close(receiver);
}
END_TEST

Suite *room_suite(void)
{
	Suite *suite = suite_create("room");
	TCase *tcase = add_tcase(suite, "room");

	tcase_add_loop_test(tcase,
			    who_waits_for_room_is_told_of_it_and_of_messages, 0,
			    ROWS(tellings));
	tcase_add_test(tcase, to_wait_for_a_slow_reader_takes_few_attempts);
	tcase_add_loop_test(tcase, a_wait_for_room_ends_when, 0, ROWS(ends));
	tcase_add_test(tcase, a_wait_for_room_ends_at_its_deadline);
	tcase_add_loop_test(tcase, two_that_wait_for_each_other_get_on, 0,
			    ROWS(floods));
	tcase_add_test(tcase, threads_of_one_process_wait_for_the_same_room);
	return suite;
}
