// SPDX-License-Identifier: MIT
/* An hvhost that stands still for a while: what the library promises meanwhile. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hvpost/hyperv.h>

#include "daemon.h"
#include "lib/guest/attachment_registry.h"
#include "suites.h"

#define LINK "--link a:0x10=b:4"

static void stop_host(void)
{
	int status;

	ck_assert_int_eq(kill(host_daemon.pid, SIGSTOP), 0);
	ck_assert_int_eq(waitpid(host_daemon.pid, &status, WUNTRACED),
			 host_daemon.pid);
	ck_assert(WIFSTOPPED(status));
}

static void let_host_go_on(void)
{
	ck_assert_int_eq(kill(host_daemon.pid, SIGCONT), 0);
}

START_TEST(an_answer_that_came_too_late_is_that_to_no_other_request)
{
	struct pollfd readable = { .events = POLLIN };
	struct hvpost *sender, *receiver;
	struct attachment *same;

	daemon_start(LINK);
	sender = open_as("a");
	receiver = open_as("b");
	same = attachment_of("b");
	stop_host();
	ck_assert_int_eq(attachment_listen(same, 3,
					   hvpost_deadline_in_ms(1)), -ETIMEDOUT);
	let_host_go_on();
	ck_assert_int_eq(hvpost_bind(receiver, 4, 0), 0);
	ck_assert_int_eq(post_number(sender, 0x10, 1, HVPOST_NEVER), 0);
	readable.fd = hvpost_get_fd(receiver);
	ck_assert_int_eq(poll(&readable, 1, PATIENCE_MS), 1);
	ck_assert_uint_eq(receive_number(receiver), 1);
	attachment_put(same);
	hvpost_close(sender);
	hvpost_close(receiver);
}
END_TEST

/* Each a call that waits for hvhost, in a thread of its own */

static struct hvpost *poster, *chain_poster, *signaller, *caller, *waiter;
static struct hvpost *binder, *closer;

static int post_until(struct hvpost *handle, int64_t duration_ms)
{
	return post_number(handle, 0x10, 1, hvpost_deadline_in_ms(duration_ms));
}

static int post_soon(void)
{
	return post_until(poster, 1);
}

static int post_three_now(void)
{
	const struct hvpost_post post = {
		.connection_id = 0x10, .message_type = 1,
	};

	return hvpost_post_many(chain_poster, (struct hvpost_post[]){
			post, post, post,
		}, 3, HVPOST_NOW);
}

static int send_signal(void)
{
	return hvpost_signal(signaller, 0x11, 1);
}

static int call_with_pages(void)
{
	char memory[HVPOST_HYPERCALL_MEMORY_MAX] = { 0 };
	const struct hvpost_call call = {
		.control = HV_CALL_POST_MESSAGE,
		.memory = memory,
		.memory_size = sizeof(memory),
	};
	uint64_t result;

	return hvpost_hypercall(caller, &call, &result);
}

static int post_for_ever(void)
{
	return post_until(waiter, -1);
}

static int open_another(void)
{
	struct hvpost *handle;

	return hvpost_open(target_of("another"), &handle);
}

static int bind_late(void)
{
	return hvpost_bind(binder, 4, 0);
}

static int close_all_vps(void)
{
	hvpost_close(closer);
	return 0;
}

struct wait {
	int (*call)(void);
	int expected, result;
	pthread_t thread;
};

static struct wait waits[] = {
	{ .call = post_soon, .expected = -EINPROGRESS },
	{ .call = post_three_now, .expected = -EINPROGRESS },
	{ .call = send_signal, .expected = -EINPROGRESS },
	{ .call = call_with_pages, .expected = -EINPROGRESS },
	{ .call = open_another, .expected = -ETIMEDOUT },
	{ .call = bind_late, .expected = -ETIMEDOUT },
	{ .call = close_all_vps, .expected = 0 },
	/* Without a deadline, so a signal has to end it. */
	{ .call = post_for_ever, .expected = -EINPROGRESS },
};

#define NEEDS_A_SIGNAL (ROWS(waits) - 1)

static void *run_wait(void *argument)
{
	struct wait *wait = argument;

	wait->result = wait->call();
	return NULL;
}

static void note_signal(int signal)
{
	(void)signal;
}

static void ck_all_end(void)
{
	struct sigaction action = { .sa_handler = note_signal };

	sigaction(SIGUSR1, &action, NULL);
	for (int i = 0; i < ROWS(waits); i++)
		ck_assert_int_eq(pthread_create(&waits[i].thread, NULL, run_wait,
						&waits[i]), 0);
	for (int i = 0; i < NEEDS_A_SIGNAL; i++)
		pthread_join(waits[i].thread, NULL);
	/* It waits since then: one signal is enough. */
	pthread_kill(waits[NEEDS_A_SIGNAL].thread, SIGUSR1);
	pthread_join(waits[NEEDS_A_SIGNAL].thread, NULL);
	for (int i = 0; i < ROWS(waits); i++)
		ck_assert_msg(waits[i].result == waits[i].expected,
			      "wait %d: %d", i, waits[i].result);
}

/* All that was on its way: a call that was given up has its slot back then. */
static void ck_served_again(struct hvpost *receiver)
{
	struct hvpost_message message;
	int err;

	do
		err = hvpost_receive(receiver, &message, hvpost_deadline_in_ms(1));
	while (!err || post_number(poster, 0x10, 2, HVPOST_NOW));
	for (unsigned int i = 0; i < 2 * HVPOST_ATTACH_CALLS; i++) {
		ck_assert_int_eq(hvpost_receive(receiver, &message,
						HVPOST_NEVER), 0);
		ck_assert_int_eq(post_number(poster, 0x10, 2, HVPOST_NEVER), 0);
	}
}

START_TEST(whatever_waits_for_a_host_that_stands_still_ends)
{
	struct hvpost *receiver;

	daemon_start("--link a:0x10=b:4 --link 'a:0x11=b:5,event' "
		     "--link c:0x10=b:4 --link d:0x10=b:4 --partition e,vps=64");
	receiver = bind_as("b", 4);
	poster = open_as("a");
	signaller = open_as("a");
	caller = open_as("a");
	chain_poster = open_as("c");
	waiter = open_as("d");
	binder = open_as("f");
	closer = bind_as("e", 4);
	stop_host();
	ck_all_end();
	let_host_go_on();
	ck_served_again(receiver);
	ck_assert_int_eq(hvpost_bind(binder, 4, 0), 0);
	hvpost_close(receiver);
	hvpost_close(poster);
	hvpost_close(signaller);
	hvpost_close(caller);
	hvpost_close(chain_poster);
	hvpost_close(waiter);
	hvpost_close(binder);
}
END_TEST

static _Noreturn void post_to_a_full_port(void)
{
	struct hvpost *handle = open_as("a");

	signal(SIGTERM, SIG_DFL); /* Check has something else in mind with it */
	for (;;)
		post_number(handle, 0x10, 1, HVPOST_NEVER);
}

START_TEST(a_post_to_a_host_that_stands_still_can_be_killed)
{
	struct hvpost *receiver;
	pid_t child;
	int status;

	daemon_start(LINK);
	receiver = open_as("b");
	child = fork();
	if (!child)
		post_to_a_full_port();
	wait_until_it_polls(child);
	stop_host();
	wait_until_it_is_in(child, SYS_futex);
	kill(child, SIGTERM);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	let_host_go_on();
	hvpost_close(receiver);
}
END_TEST

/* A socket that listens, but whose queue is full: who connects waits in there. */

struct full_socket {
	int listener, queued;
};

static int connect_to(const struct sockaddr_un *address, int flags)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | flags, 0);

	ck_assert_int_ge(fd, 0);
	if (!connect(fd, (const struct sockaddr *)address, sizeof(*address)))
		return fd;
	ck_assert_int_eq(errno, EAGAIN);
	close(fd);
	return -1;
}

static struct full_socket make_full_socket(void)
{
	struct full_socket full = {
		.listener = socket(AF_UNIX, SOCK_SEQPACKET, 0),
	};
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(address.sun_path, host_daemon.socket);
	ck_assert_int_eq(bind(full.listener, (struct sockaddr *)&address,
			      sizeof(address)), 0);
	ck_assert_int_eq(listen(full.listener, 0), 0);
	full.queued = connect_to(&address, SOCK_NONBLOCK);
	ck_assert_int_ge(full.queued, 0);
	ck_assert_int_eq(connect_to(&address, SOCK_NONBLOCK), -1);
	return full;
}

static void note_signals_again_and_again(void)
{
	struct sigaction action = { .sa_handler = note_signal };
	struct itimerval timer = { .it_value.tv_usec = 100000,
				   .it_interval.tv_usec = 100000 };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* A signal makes the kernel wait anew. */
START_TEST(an_open_ends_where_nobody_accepts_whatever_signals_come)
{
	const struct itimerval none = { .it_value.tv_usec = 0 };
	struct full_socket full = make_full_socket();
	struct hvpost *handle;

	note_signals_again_and_again();
	ck_assert_int_eq(hvpost_open(target_of("a"), &handle), -ETIMEDOUT);
	setitimer(ITIMER_REAL, &none, NULL);
	close(full.queued);
	close(full.listener);
}
END_TEST

static pid_t attaching_thread;

static void *attach_for_ever(void *argument)
{
	struct attachment *attachment;
	int *err = argument;

	__atomic_store_n(&attaching_thread, (pid_t)syscall(SYS_gettid),
			 __ATOMIC_SEQ_CST);
	*err = attachment_get(&(struct attachment_name){
			.socket = host_daemon.socket, .partition = "a",
		}, HVPOST_NEVER, &attachment);
	return NULL;
}

static int open_elsewhere(void)
{
	char target[192];
	struct hvpost *handle;

	snprintf(target, sizeof(target), "host:%s/elsewhere",
		 host_daemon.folder);
	return hvpost_open(target, &handle);
}

START_TEST(an_open_that_waits_holds_up_no_other_socket)
{
	struct full_socket full = make_full_socket();
	struct hvpost *handle;
	pthread_t thread;
	pid_t waiting;
	int err = 0;

	ck_assert_int_eq(pthread_create(&thread, NULL, attach_for_ever, &err),
			 0);
	while (!(waiting = __atomic_load_n(&attaching_thread, __ATOMIC_SEQ_CST)))
		look_again();
	wait_until_it_is_in(waiting, SYS_connect);
	ck_assert_int_eq(open_elsewhere(), -ENOENT);
	/* Who wants the same waits for it, but for so long only. */
	ck_assert_int_eq(hvpost_open(target_of("a"), &handle), -ETIMEDOUT);
	close(full.listener);
	pthread_join(thread, NULL);
	ck_assert_int_eq(err, -ECONNREFUSED);
	close(full.queued);
}
END_TEST

Suite *stall_suite(void)
{
	Suite *suite = suite_create("stall");
	TCase *listening = add_tcase(suite, "listening");
	TCase *opening = add_tcase(suite, "opening");
	TCase *ends = add_tcase(suite, "ends");

	tcase_add_test(listening,
		       an_answer_that_came_too_late_is_that_to_no_other_request);
	tcase_add_test(opening,
		       an_open_ends_where_nobody_accepts_whatever_signals_come);
	tcase_add_test(opening, an_open_that_waits_holds_up_no_other_socket);
	tcase_add_test(ends, whatever_waits_for_a_host_that_stands_still_ends);
	tcase_add_test(ends, a_post_to_a_host_that_stands_still_can_be_killed);
	return suite;
}
