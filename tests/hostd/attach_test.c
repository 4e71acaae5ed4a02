// SPDX-License-Identifier: MIT
/* Coming, going and coming again. */
#define _GNU_SOURCE /* F_GET_SEALS, RUSAGE_THREAD */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hvpost/hyperv.h>

#include "daemon.h"
#include "peer.h"
#include "suites.h"

#define LINK "--link a:0x10=b:5"

START_TEST(a_process_gets_sealed_memory_of_the_size_that_it_is_told)
{
	struct stat status;
	struct peer peer;

	daemon_start("--partition a,vps=3");
	peer = peer_attach("a");
	ck_assert_uint_eq(peer.answer.vp_count, 3);
	ck_assert_int_eq(fstat(peer.memory_fd, &status), 0);
	ck_assert_uint_eq((uint64_t)status.st_size, peer.answer.memory_size);
	ck_assert_int_eq(fcntl(peer.memory_fd, F_GET_SEALS),
			 F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	ck_assert_uint_eq(peer.memory->magic, HVPOST_ATTACH_MAGIC);
	ck_assert_uint_eq(peer.memory->vp_count, 3);
	peer_close(&peer);
}
END_TEST

START_TEST(a_name_has_one_process_at_a_time)
{
	struct hvpost_attach_request request =
		request_of(HVPOST_ATTACH_OPEN, "a");
	struct peer peer, other;

	daemon_start("");
	peer = peer_attach("a");
	other.socket = peer_connect();
	peer_send(other.socket, &request, sizeof(request));
	ck_assert(peer_take_answer(&other));
	ck_assert_int_eq(other.answer.error, -EBUSY);
	ck_assert_str_eq(other.answer.reason,
			 "there is a partition of this name already");
	ck_assert(peer_is_dropped(other.socket));
	close(other.socket);
	peer_close(&peer);
}
END_TEST

START_TEST(who_cannot_have_what_it_is_to_have_is_told_so)
{
	struct hvpost_attach_request request =
		request_of(HVPOST_ATTACH_OPEN, "a");
	struct peer peer;

	daemon_start("--conformance a --max-connections 1");
	peer.socket = peer_connect();
	peer_send(peer.socket, &request, sizeof(request));
	ck_assert(peer_take_answer(&peer));
	ck_assert_int_eq(peer.answer.error, -ENOSPC);
	ck_assert_ptr_nonnull(strstr(peer.answer.reason, "room"));
	ck_assert(peer_is_dropped(peer.socket));
	close(peer.socket);
}
END_TEST

START_TEST(who_closes_its_socket_leaves_its_name_at_once)
{
	daemon_start("");
	for (unsigned int times = 0; times < 200; times++) {
		struct peer peer = peer_attach("a");

		peer_close(&peer);
	}
}
END_TEST

static const char *const bad_names[] = {
	"", "a b", "a,b", "a/b", "a:b", "\xc3\xa4",
};

START_TEST(a_bad_name_is_refused)
{
	struct hvpost_attach_request request =
		request_of(HVPOST_ATTACH_OPEN, bad_names[_i]);
	struct peer peer;

	daemon_start("");
	peer.socket = peer_connect();
	peer_send(peer.socket, &request, sizeof(request));
	ck_assert(peer_take_answer(&peer));
	ck_assert_int_eq(peer.answer.error, -EINVAL);
	close(peer.socket);
}
END_TEST

START_TEST(the_longest_name_is_taken)
{
	static const char name[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.";
	struct peer peer;

	ck_assert_uint_eq(sizeof(name), HVPOST_ATTACH_NAME_SIZE);
	daemon_start("");
	peer = peer_attach(name);
	peer_close(&peer);
}
END_TEST

START_TEST(beyond_the_quota_of_clients_is_enospc)
{
	struct hvpost *first, *second, *third;

	daemon_start("--max-clients 2");
	first = open_as("a");
	second = open_as("b");
	ck_assert_int_eq(hvpost_open(target_of("c"), &third), -ENOSPC);
	hvpost_close(first);
	ck_assert_int_eq(hvpost_open(target_of("c"), &third), 0);
	hvpost_close(second);
	hvpost_close(third);
}
END_TEST

START_TEST(ports_and_connections_of_a_client_have_their_quota)
{
	struct hv_create_port_input port = {
		.port_partition = HV_PARTITION_ID_SELF,
		.connection_partition = 2,
		.port_info.port_type = HV_PORT_TYPE_MESSAGE,
		.port_info.u.message.target_sint = 3,
	};
	struct hvpost_call call = {
		.control = HV_CALL_CREATE_PORT,
		.memory = &port,
		.memory_size = sizeof(port),
	};
	struct hvpost *first, *second;
	uint64_t result;

	daemon_start("--max-ports 3");
	first = open_as("a");
	second = open_as("b");
	for (port.port_id = 1; port.port_id <= 4; port.port_id++) {
		ck_assert_int_eq(hvpost_hypercall(first, &call, &result), 0);
		ck_assert_uint_eq(result, port.port_id <= 3 ?
					  HV_STATUS_SUCCESS :
					  HV_STATUS_NO_RESOURCES);
	}
	hvpost_close(first);
	hvpost_close(second);
}
END_TEST

/* Links */

/*
 * Until hvhost has seen that the receiver is gone. Before that its port may fill
 * up, and one that was just coming may have no connection or SynIC yet.
 */
static void post_until_refused(struct hvpost *sender)
{
	do {
		post_number(sender, 0x10, 0, HVPOST_NOW);
		look_again();
	} while (hvpost_last_status(sender) != HV_STATUS_INVALID_PORT_ID);
}

START_TEST(a_link_is_there_once_both_sides_are)
{
	struct hvpost *sender, *receiver;

	daemon_start(LINK);
	sender = open_as("a");
	ck_assert_int_eq(post_number(sender, 0x10, 1, HVPOST_NOW), -ENOTCONN);
	receiver = bind_as("b", 5);
	ck_assert_int_eq(post_number(sender, 0x10, 1, HVPOST_NOW), 0);
	ck_assert_uint_eq(receive_number(receiver), 1);
	hvpost_close(sender);
	hvpost_close(receiver);
}
END_TEST

START_TEST(posts_to_one_that_is_gone_are_refused_until_it_comes_again)
{
	struct hvpost *sender, *receiver;

	daemon_start(LINK);
	sender = open_as("a");
	for (uint64_t times = 1; times <= 50; times++) {
		receiver = bind_as("b", 5);
		ck_assert_int_eq(post_number(sender, 0x10, times, HVPOST_NOW),
				 0);
		ck_assert_uint_eq(receive_number(receiver), times);
		hvpost_close(receiver);
		post_until_refused(sender);
	}
	hvpost_close(sender);
}
END_TEST

/* One each from so many processes: the slot's and the port's buffers. */
START_TEST(what_senders_leave_behind_stays_and_in_order)
{
	const uint64_t count = 1 + HV_PORT_MESSAGE_BUFFERS;
	struct hvpost *receiver, *sender;

	daemon_start(LINK);
	receiver = open_as("b");
	for (uint64_t number = 1; number <= count; number++) {
		sender = open_as("a");
		ck_assert_int_eq(post_number(sender, 0x10, number, HVPOST_NOW),
				 0);
		hvpost_close(sender);
	}
	sender = open_as("a");
	ck_assert_int_eq(post_number(sender, 0x10, 0, HVPOST_NOW), -EAGAIN);
	ck_assert_int_eq(hvpost_bind(receiver, 5, 0), 0);
	for (uint64_t number = 1; number <= count; number++)
		ck_assert_uint_eq(receive_number(receiver), number);
	hvpost_close(sender);
	hvpost_close(receiver);
}
END_TEST

/* Posts and receives as fast as it can, until it is killed. */
static _Noreturn void be_busy(void)
{
	struct hvpost *handle = bind_as("b", 5);
	struct hvpost_message message;

	for (uint64_t number = 1;; number++) {
		post_number(handle, 0x20, number, HVPOST_NOW);
		hvpost_receive(handle, &message, HVPOST_NOW);
	}
}

START_TEST(who_is_killed_in_mid_call_takes_nothing_along)
{
	struct hvpost *sender;
	pid_t victim;

	daemon_start(LINK " --link b:0x20=a:6 --link c:1=d:1");
	sender = bind_as("a", 6);
	for (unsigned int times = 0; times < 20; times++) {
		victim = fork();
		if (!victim)
			be_busy();
		/* It is there once a message of it is. */
		receive_number(sender);
		post_number(sender, 0x10, times, HVPOST_NOW);
		kill(victim, SIGKILL);
		ck_assert_int_eq(waitpid(victim, NULL, 0), victim);
		ck_service("c", 1, "d", 1);
		post_until_refused(sender);
	}
	hvpost_close(sender);
	ck_service("a", 0x10, "b", 5);
}
END_TEST

START_TEST(when_the_host_ends_calls_and_receives_say_so)
{
	struct hvpost *sender, *receiver;
	struct hvpost_message message;

	daemon_start(LINK);
	sender = open_as("a");
	receiver = bind_as("b", 5);
	ck_assert_int_eq(post_number(sender, 0x10, 1, HVPOST_NOW), 0);
	ck_assert_int_eq(daemon_stop(), 0);
	ck_assert_int_eq(post_number(sender, 0x10, 1, HVPOST_NOW), -ENODEV);
	ck_assert_uint_eq(receive_number(receiver), 1);
	ck_assert_int_eq(hvpost_receive(receiver, &message, HVPOST_NEVER),
			 -ENODEV);
	hvpost_close(sender);
	hvpost_close(receiver);
}
END_TEST

static long count_sleeps(void)
{
	struct rusage usage;

	ck_assert_int_eq(getrusage(RUSAGE_THREAD, &usage), 0);
	return usage.ru_nvcsw;
}

START_TEST(who_knows_that_the_host_has_ended_does_not_wait_for_it)
{
	const unsigned int times = 20;
	struct hvpost *handle;
	long sleeps;

	daemon_start("--partition a,vps=64");
	handle = bind_as("a", 5);
	ck_assert_int_eq(daemon_stop(), 0);
	ck_assert_int_eq(post_number(handle, 0x10, 1, HVPOST_NOW), -ENODEV);
	sleeps = count_sleeps();
	for (unsigned int i = 0; i < times; i++)
		ck_assert_int_eq(post_number(handle, 0x10, 1, HVPOST_NOW),
				 -ENODEV);
	hvpost_close(handle);
	ck_assert_int_lt(count_sleeps() - sleeps, times);
}
END_TEST

static int receive_for_ever(void)
{
	struct hvpost *handle = bind_as("b", 5);
	struct hvpost_message message;

	return -hvpost_receive(handle, &message, HVPOST_NEVER);
}

START_TEST(a_receiver_that_sleeps_wakes_up_when_the_host_ends)
{
	pid_t child;
	int status;

	daemon_start(LINK);
	child = fork();
	if (!child)
		_exit(receive_for_ever());
	wait_until_it_polls(child);
	ck_assert_int_eq(daemon_stop(), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), ENODEV);
}
END_TEST

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

/*
 * The sanitizers' own locks do not live through the fork() of threads. Nor does
 * that of ck_assert(): the child asserts nothing.
 */
#define FORKS 30

static atomic_bool is_over;

static void *come_and_go(void *argument)
{
	while (!atomic_load(&is_over))
		hvpost_close(open_as("a"));
	return argument;
}

static int attach_and_leave(const char *name)
{
	struct hvpost *handle;
	int err = hvpost_open(target_of(name), &handle);

	if (!err)
		hvpost_close(handle);
	return err;
}

START_TEST(a_child_attaches_while_threads_of_its_parent_do)
{
	pthread_t thread;
	int status;

	daemon_start("");
	ck_assert_int_eq(pthread_create(&thread, NULL, come_and_go, NULL), 0);
	for (unsigned int i = 0; i < FORKS; i++) {
		pid_t child = fork();

		if (!child)
			_exit(-attach_and_leave("b"));
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_int_eq(status, 0);
	}
	atomic_store(&is_over, true);
	pthread_join(thread, NULL);
}
END_TEST

#define FORK_TEST a_child_attaches_while_threads_of_its_parent_do
#endif

START_TEST(who_opens_again_is_there_once_a_host_is_though_others_hold_on)
{
	struct hvpost *sender, *other, *receiver;

	daemon_start(LINK);
	sender = open_as("a");
	other = open_as("a");
	ck_assert_int_eq(daemon_stop(), 0);
	hvpost_close(sender);
	ck_assert_int_eq(hvpost_open(target_of("a"), &sender), -ENOENT);
	daemon_start(LINK);
	sender = open_as("a");
	receiver = bind_as("b", 5);
	ck_assert_int_eq(post_number(sender, 0x10, 1, HVPOST_NOW), 0);
	ck_assert_uint_eq(receive_number(receiver), 1);
	ck_assert_int_eq(post_number(other, 0x10, 1, HVPOST_NOW), -ENODEV);
	hvpost_close(other);
	ck_assert_int_eq(post_number(sender, 0x10, 2, HVPOST_NOW), 0);
	hvpost_close(sender);
	hvpost_close(receiver);
}
END_TEST

START_TEST(where_nobody_listens_an_open_says_so)
{
	struct hvpost *handle;

	ck_assert_int_eq(hvpost_open(target_of("a"), &handle), -ENOENT);
	daemon_start("");
	kill(host_daemon.pid, SIGKILL);
	ck_assert_int_eq(daemon_stop(), -1);
	ck_assert_int_eq(hvpost_open(target_of("a"), &handle), -ECONNREFUSED);
}
END_TEST

#define NAME_OF_64 \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"

static const char *const no_targets[] = {
	"host", "host:", "host:,partition=a", "host:/s,", "host:/s,partition=",
	"host:/s,x=y", "host:/s,partition=a,partition=b", "host:/s,receiver=",
	/* A byte too long: cut off, it would be another partition's name. */
	"host:/s,partition=" NAME_OF_64, "host:/s,receiver=" NAME_OF_64,
};

START_TEST(a_string_that_names_no_partition_is_einval)
{
	struct hvpost *handle;

	ck_assert_int_eq(hvpost_open(no_targets[_i], &handle), -EINVAL);
}
END_TEST

Suite *attach_suite(void)
{
	Suite *suite = suite_create("attach");
	TCase *names = add_tcase(suite, "names");
	TCase *links = add_tcase(suite, "links");
	TCase *ends = add_tcase(suite, "ends");

	tcase_add_test(names,
		       a_process_gets_sealed_memory_of_the_size_that_it_is_told);
	tcase_add_test(names, a_name_has_one_process_at_a_time);
	tcase_add_test(names, who_closes_its_socket_leaves_its_name_at_once);
	tcase_add_test(names, who_cannot_have_what_it_is_to_have_is_told_so);
	tcase_add_loop_test(names, a_bad_name_is_refused, 0, ROWS(bad_names));
	tcase_add_test(names, the_longest_name_is_taken);
	tcase_add_test(names, beyond_the_quota_of_clients_is_enospc);
	tcase_add_test(names,
		       ports_and_connections_of_a_client_have_their_quota);
	tcase_add_loop_test(names, a_string_that_names_no_partition_is_einval,
			    0, ROWS(no_targets));

	tcase_add_test(links, a_link_is_there_once_both_sides_are);
	tcase_add_test(links,
		       posts_to_one_that_is_gone_are_refused_until_it_comes_again);
	tcase_add_test(links, what_senders_leave_behind_stays_and_in_order);

	tcase_add_test(ends, who_is_killed_in_mid_call_takes_nothing_along);
	tcase_add_test(ends, when_the_host_ends_calls_and_receives_say_so);
	tcase_add_test(ends,
		       who_knows_that_the_host_has_ended_does_not_wait_for_it);
	tcase_add_test(ends,
		       a_receiver_that_sleeps_wakes_up_when_the_host_ends);
	tcase_add_test(ends,
		       who_opens_again_is_there_once_a_host_is_though_others_hold_on);
	tcase_add_test(ends, where_nobody_listens_an_open_says_so);
#ifdef FORK_TEST
	tcase_add_test(ends, FORK_TEST);
#endif
	return suite;
}
