// SPDX-License-Identifier: MIT
/* Messages between processes. */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hvpost/hyperv.h>

#include "daemon.h"
#include "peer.h"
#include "suites.h"

#define MESSAGES 100000u

static void join(pid_t child)
{
	int status;

	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status) && !WEXITSTATUS(status),
		      "the other process failed");
}

/* In a process of its own; an assertion that fails ends it. */
#define IN_A_CHILD(work)			\
	({					\
		pid_t child = fork();		\
						\
		if (!child) {			\
			work;			\
			_exit(0);		\
		}				\
		child;				\
	})

static void send_numbers(const char *name, uint32_t connection, uint64_t count)
{
	struct hvpost *handle = open_as(name);

	for (uint64_t number = 1; number <= count; number++) {
		/* Until the receiver has come, there is no link. */
		while (post_number(handle, connection, number, HVPOST_NEVER))
			look_again();
	}
	hvpost_close(handle);
}

START_TEST(a_slow_reader_gets_all_messages_in_order)
{
	struct hvpost *receiver;
	pid_t sender;

	daemon_start("--link a:0x10=b:5");
	receiver = open_as("b");
	ck_assert_int_eq(hvpost_bind(receiver, 5, 4), 0);
	sender = IN_A_CHILD(send_numbers("a", 0x10, MESSAGES));
	for (uint64_t number = 1; number <= MESSAGES; number++) {
		ck_assert_uint_eq(receive_number(receiver), number);
		if (number % 1000 == 0)
			look_again();
	}
	join(sender);
	hvpost_close(receiver);
}
END_TEST

#define ROUNDS 5000u

static void answer_all(void)
{
	struct hvpost *handle = bind_as("b", 5);

	for (uint64_t number = 1; number <= ROUNDS; number++) {
		ck_assert_uint_eq(receive_number(handle), number);
		ck_assert_int_eq(post_number(handle, 0x20, number,
					     HVPOST_NEVER), 0);
	}
	hvpost_close(handle);
}

START_TEST(two_processes_talk_both_ways)
{
	struct hvpost *handle;
	pid_t other;

	daemon_start("--link a:0x10=b:5 --link b:0x20=a:6");
	other = IN_A_CHILD(answer_all());
	handle = bind_as("a", 6);
	for (uint64_t number = 1; number <= ROUNDS; number++) {
		while (post_number(handle, 0x10, number, HVPOST_NEVER))
			look_again();
		ck_assert_uint_eq(receive_number(handle), number);
	}
	join(other);
	hvpost_close(handle);
}
END_TEST

/* Nobody waits for the other: both send all, and receive meanwhile. */
static void flood_and_drain(const char *name, uint32_t connection,
			    unsigned int sint)
{
	struct hvpost *handle = bind_as(name, sint);
	uint64_t sent = 0, received = 0;

	while (sent < ROUNDS || received < ROUNDS) {
		struct hvpost_message message;

		if (sent < ROUNDS && !post_number(handle, connection, sent,
						  HVPOST_NOW))
			sent++;
		while (!hvpost_receive(handle, &message, HVPOST_NOW))
			received++;
	}
	hvpost_close(handle);
}

START_TEST(two_processes_send_at_once)
{
	pid_t other;

	daemon_start("--link a:0x10=b:5 --link b:0x20=a:6");
	other = IN_A_CHILD(flood_and_drain("b", 0x20, 6 - 1));
	flood_and_drain("a", 0x10, 6);
	join(other);
}
END_TEST

START_TEST(a_full_port_refuses_and_goes_on_once_it_is_read)
{
	struct hvpost *sender, *receiver;

	daemon_start("--link a:0x10=b:5");
	receiver = open_as("b");
	sender = open_as("a");
	for (uint64_t number = 1; number <= 17; number++)
		ck_assert_int_eq(post_number(sender, 0x10, number, HVPOST_NOW),
				 0);
	for (unsigned int times = 0; times < 3; times++) {
		ck_assert_int_eq(post_number(sender, 0x10, 0, HVPOST_NOW),
				 -EAGAIN);
		ck_assert_uint_eq(hvpost_last_status(sender),
				  HV_STATUS_INSUFFICIENT_BUFFERS);
	}
	ck_assert_int_eq(hvpost_bind(receiver, 5, 0), 0);
	for (uint64_t number = 1; number <= 17; number++)
		ck_assert_uint_eq(receive_number(receiver), number);
	ck_assert_int_eq(post_number(sender, 0x10, 18, HVPOST_NOW), 0);
	ck_assert_uint_eq(receive_number(receiver), 18);
	hvpost_close(sender);
	hvpost_close(receiver);
}
END_TEST

START_TEST(messages_for_any_vp_reach_all_of_them)
{
	uint32_t seen = 0;
	struct hvpost *sender, *receiver;

	daemon_start("--partition b,vps=4 --link a:0x10=b:5 "
		     "--link a:0x11=b:6,vp=2");
	receiver = bind_as("b", 5);
	sender = open_as("a");
	for (uint64_t number = 1; number <= 100; number++) {
		struct hvpost_message message;

		ck_assert_int_eq(post_number(sender, 0x10, number, HVPOST_NOW),
				 0);
		ck_assert_int_eq(hvpost_receive(receiver, &message,
						HVPOST_NEVER), 0);
		seen |= 1u << message.vp_index;
	}
	ck_assert_uint_eq(seen, 0xf);
	hvpost_close(receiver);
	receiver = bind_as("b", 6);
	ck_assert_int_eq(post_number(sender, 0x11, 1, HVPOST_NOW), 0);
	ck_assert_uint_eq(receive_number(receiver), 1);
	hvpost_close(receiver);
	hvpost_close(sender);
}
END_TEST

Suite *traffic_suite(void)
{
	Suite *suite = suite_create("traffic");
	TCase *tcase = add_tcase(suite, "traffic");

	tcase_add_test(tcase, a_slow_reader_gets_all_messages_in_order);
	tcase_add_test(tcase, two_processes_talk_both_ways);
	tcase_add_test(tcase, two_processes_send_at_once);
	tcase_add_test(tcase, a_full_port_refuses_and_goes_on_once_it_is_read);
	tcase_add_test(tcase, messages_for_any_vp_reach_all_of_them);
	return suite;
}
