// SPDX-License-Identifier: MIT
/* Messages between processes. */
#define _GNU_SOURCE /* syscall */
#include <errno.h>
#include <linux/futex.h>
#include <stdio.h>
#include <sys/syscall.h>
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

#define AT_ONCE 100u

static void send_many(const char *name, uint32_t connection, uint64_t count)
{
	struct hvpost *handle = open_as(name);
	struct hvpost_post posts[AT_ONCE];
	uint64_t numbers[AT_ONCE], next = 1;

	while (next <= count) {
		int posted;

		for (unsigned int i = 0; i < AT_ONCE; i++) {
			numbers[i] = next + i;
			posts[i] = (struct hvpost_post){
				.connection_id = connection,
				.message_type = 1,
				.payload = &numbers[i],
				.payload_size = sizeof(numbers[i]),
			};
		}
		posted = hvpost_post_many(handle, posts, AT_ONCE, HVPOST_NEVER);
		if (posted > 0)
			next += (uint64_t)posted;
		else
			look_again();
	}
	hvpost_close(handle);
}

static const char *const buffers[] = { "", "--buffers 1", "--buffers 1000" };

START_TEST(many_at_once_arrive_in_order_however_few_buffers_there_are)
{
	char options[64];
	struct hvpost *receiver;
	pid_t sender;

	snprintf(options, sizeof(options), "--link a:0x10=b:5 %s", buffers[_i]);
	daemon_start(options);
	receiver = bind_as("b", 5);
	sender = IN_A_CHILD(send_many("a", 0x10, 10 * AT_ONCE));
	for (uint64_t number = 1; number <= 10 * AT_ONCE; number++)
		ck_assert_uint_eq(receive_number(receiver), number);
	join(sender);
	hvpost_close(receiver);
}
END_TEST

START_TEST(a_port_has_as_many_buffers_as_hvhost_was_told)
{
	struct hvpost *receiver, *sender;

	daemon_start("--buffers 100 --link a:0x10=b:5");
	receiver = open_as("b");
	sender = open_as("a");
	for (uint64_t number = 0; number <= 100; number++)
		ck_assert_int_eq(post_number(sender, 0x10, number, HVPOST_NOW),
				 0);
	ck_assert_int_eq(post_number(sender, 0x10, 0, HVPOST_NOW), -EAGAIN);
	hvpost_close(sender);
	hvpost_close(receiver);
}
END_TEST

/* Calls chained to one another, by hand */

static struct hvpost_attach_call chained(uint32_t kind, uint32_t msr,
					 uint64_t value)
{
	return (struct hvpost_attach_call){
		.kind = kind, .control = msr, .input = value,
		.flags = HVPOST_ATTACH_CHAINED,
	};
}

START_TEST(calls_chained_to_one_that_failed_are_not_carried_out)
{
	const struct hvpost_attach_call good = chained(HVPOST_ATTACH_WRITE_MSR,
						       HV_MSR_GUEST_OS_ID, 7);
	const struct hvpost_attach_call failing[] = {
		chained(HVPOST_ATTACH_READ_MSR, 0x1b, 0),
		chained(HVPOST_ATTACH_WRITE_MSR, 0x1b, 0),
		chained(HVPOST_ATTACH_HYPERCALL, HV_CALL_POST_MESSAGE, 0),
		chained(HVPOST_ATTACH_HYPERCALL, 0x7777, 0),
	};
	struct hvpost_attach_call read = { .kind = HVPOST_ATTACH_READ_MSR,
					   .control = HV_MSR_GUEST_OS_ID };
	struct hvpost_attach_call bad = chained(HVPOST_ATTACH_WRITE_MSR,
						HV_MSR_GUEST_OS_ID, 8);
	struct peer peer;

	daemon_start("");
	peer = peer_attach("a");
	/* Nothing is in front of the first. */
	ck_assert_int_eq(peer_wait(&peer, peer_submit(&peer, &good))->error, 0);
	peer_submit(&peer, &failing[_i]);
	peer_submit(&peer, &bad);
	ck_assert_int_eq(peer_wait(&peer, peer_submit(&peer, &bad))->error,
			 -ECANCELED);
	/* Not chained: it is, and so are those behind it. */
	ck_assert_uint_eq(peer_wait(&peer, peer_submit(&peer, &read))->result,
			  7);
	ck_assert_int_eq(peer_wait(&peer, peer_submit(&peer, &bad))->error, 0);
	ck_assert_uint_eq(peer_wait(&peer, peer_submit(&peer, &read))->result,
			  8);
	peer_close(&peer);
}
END_TEST

static void sleep_until_completed(struct peer *peer, uint32_t count)
{
	struct hvpost_attach_words *words = &peer->vp[0].words;
	uint32_t completed;

	while ((completed = __atomic_load_n(&words->completed,
					    __ATOMIC_SEQ_CST)) != count)
		syscall(SYS_futex, &words->completed, FUTEX_WAIT, completed,
			NULL, NULL, 0);
}

/* As many in one go as there are slots, and numbers that are no round ones. */
START_TEST(who_sleeps_until_its_last_call_is_done_is_woken)
{
	const struct hvpost_attach_call read = {
		.kind = HVPOST_ATTACH_READ_MSR, .control = HV_MSR_VP_INDEX,
	};
	uint32_t submitted = 0;
	struct peer peer;

	daemon_start("");
	peer = peer_attach("a");
	for (unsigned int i = 0; i < HVPOST_ATTACH_CALLS; i++)
		peer.vp[0].call[i] = read;
	__atomic_store_n(&peer.vp[0].words.waiters, 1, __ATOMIC_SEQ_CST);
	for (uint32_t i = 0; i < 20 * HVPOST_ATTACH_CALLS; i++) {
		submitted += 1 + i % HVPOST_ATTACH_CALLS;
		__atomic_store_n(&peer.vp[0].words.submitted, submitted,
				 __ATOMIC_SEQ_CST);
		peer_ring(&peer);
		sleep_until_completed(&peer, submitted);
	}
	peer_close(&peer);
}
END_TEST

static int add_slots(struct peer *peer, uint64_t sint)
{
	const struct hvpost_attach_call call = {
		.kind = HVPOST_ATTACH_ADD_SLOTS, .control = sint,
	};

	return peer_wait(peer, peer_submit(peer, &call))->error;
}

static void start_messages(struct peer *peer)
{
	const struct hvpost_attach_call calls[] = {
		{ .kind = HVPOST_ATTACH_WRITE_MSR, .control = HV_MSR_SIMP,
		  .input = HVPOST_ATTACH_SIM_GPA | HV_PAGE_ENABLE },
		{ .kind = HVPOST_ATTACH_WRITE_MSR, .control = HV_MSR_SCONTROL,
		  .input = HV_SCONTROL_ENABLE },
	};

	for (unsigned int i = 0; i < 2; i++)
		ck_assert_int_eq(peer_wait(peer, peer_submit(peer, &calls[i]))
					 ->error, 0);
}

START_TEST(a_sint_has_more_slots_if_its_process_wants_them)
{
	const uint64_t count = 1 + HVPOST_ATTACH_MORE_SLOTS;
	struct hvpost *sender;
	struct peer peer;

	daemon_start("--link a:0x10=b:5");
	peer = peer_attach("b");
	start_messages(&peer);
	ck_assert_int_eq(add_slots(&peer, 5), 0);
	ck_assert_int_eq(add_slots(&peer, 5), -EEXIST);
	ck_assert_int_eq(add_slots(&peer, HV_SINT_COUNT), -EINVAL);
	ck_assert_int_eq(add_slots(&peer, UINT64_MAX), -EINVAL);
	sender = open_as("a");
	for (uint64_t number = 1; number <= count; number++)
		ck_assert_int_eq(post_number(sender, 0x10, number, HVPOST_NOW),
				 0);
	for (uint64_t number = 1; number <= count; number++) {
		const struct hv_slot *slot = number == 1 ?
				&peer.vp[0].sim.slot[5] :
				&peer.vp[0].slot[5][number - 2];

		ck_assert_uint_ne(slot->message_type, 0);
		ck_assert_mem_eq(slot->payload, &number, sizeof(number));
	}
	hvpost_close(sender);
	peer_close(&peer);
}
END_TEST

static struct hvpost *bind_with(const char *name, uint32_t flags)
{
	const struct hvpost_bind wish = { .sint = 5, .flags = flags };
	struct hvpost *handle = open_as(name);

	ck_assert_int_eq(hvpost_bind_with(handle, &wish), 0);
	return handle;
}

static const struct {
	uint32_t flags;
	uint64_t taken;		/* by slots and buffers, where nobody receives */
} slot_rows[] = {
	{ 0, 1 + HV_PORT_MESSAGE_BUFFERS },
	{ HVPOST_BULK, 1 + HVPOST_ATTACH_MORE_SLOTS + HV_PORT_MESSAGE_BUFFERS },
};

START_TEST(a_sint_has_one_slot_as_a_guest_has_unless_bulk_is_asked_for)
{
	struct hvpost *sender, *other;

	daemon_start("--link a:0x10=b:5");
	other = open_as("b"); /* so that the partition stays */
	hvpost_close(bind_with("b", slot_rows[_i].flags));
	sender = open_as("a");
	for (uint64_t number = 1; number <= slot_rows[_i].taken; number++)
		ck_assert_int_eq(post_number(sender, 0x10, number, HVPOST_NOW),
				 0);
	ck_assert_int_eq(post_number(sender, 0x10, 0, HVPOST_NOW), -EAGAIN);
	hvpost_close(sender);
	hvpost_close(other);
}
END_TEST

/* From one handle to the next the slots go on where they were. */
START_TEST(what_a_handle_leaves_in_its_slots_the_next_one_finds)
{
	struct hvpost *sender, *other, *receiver;
	uint64_t sent = 0, received = 0;

	daemon_start("--link a:0x10=b:5");
	other = open_as("b"); /* so that the partition stays */
	sender = open_as("a");
	for (unsigned int times = 1; times < 20; times++) {
		receiver = bind_with("b", HVPOST_BULK);
		while (received < sent)
			ck_assert_uint_eq(receive_number(receiver), ++received);
		hvpost_close(receiver);
		for (unsigned int i = 0; i < 5 * times % 64; i++)
			ck_assert_int_eq(post_number(sender, 0x10, ++sent,
						     HVPOST_NOW), 0);
	}
	hvpost_close(sender);
	hvpost_close(other);
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
	tcase_add_loop_test(tcase,
			    many_at_once_arrive_in_order_however_few_buffers_there_are,
			    0, ROWS(buffers));
	tcase_add_test(tcase, a_port_has_as_many_buffers_as_hvhost_was_told);
	tcase_add_loop_test(tcase,
			    calls_chained_to_one_that_failed_are_not_carried_out,
			    0, 4);
	tcase_add_test(tcase, who_sleeps_until_its_last_call_is_done_is_woken);
	tcase_add_test(tcase, a_sint_has_more_slots_if_its_process_wants_them);
	tcase_add_loop_test(tcase,
		a_sint_has_one_slot_as_a_guest_has_unless_bulk_is_asked_for, 0,
		sizeof(slot_rows) / sizeof(slot_rows[0]));
	tcase_add_test(tcase,
		       what_a_handle_leaves_in_its_slots_the_next_one_finds);
	return suite;
}
