// SPDX-License-Identifier: MIT
/* Processes that break the protocol: they are dropped, and nobody else suffers. */
#define _GNU_SOURCE /* fallocate */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hvpost/hyperv.h>

#include "daemon.h"
#include "peer.h"
#include "suites.h"

#define SERVICE "--link c:1=d:1"

static void ck_others_are_well(void)
{
	ck_assert(daemon_is_alive());
	ck_service("c", 1, "d", 1);
}

/* First packets */

static const struct {
	size_t size;		/* of the request; 0: all of it */
	uint32_t magic;		/* these are added to what is right */
	uint16_t version, kind;
	uint32_t reserved;
	const char *says;
} bad_requests[] = {
	{ 1, 0, 0, 0, 0, "a request that is too short" },
	{ 79, 0, 0, 0, 0, "a request that is too short" },
	{ 81, 0, 0, 0, 0, "a request that is too long" },
	{ 4000, 0, 0, 0, 0, "a request that is too long" },
	{ 4097, 0, 0, 0, 0, "a request that is too long" },
	{ 60000, 0, 0, 0, 0, "a request that is too long" },
	{ 0, 1, 0, 0, 0, "a request that is none" },
	{ 0, 0, 1, 0, 0, "a request of another version" },
	{ 0, 0, 0, 7, 0, "a request of an unknown kind" },
	{ 0, 0, 0, 0xffff, 0, "a request of an unknown kind" },
	{ 0, 0, 0, 1, 0, "a request of a process that is not attached" },
	{ 0, 0, 0, 0, 1, "a request whose reserved word is not zero" },
};

START_TEST(a_malformed_request_is_answered_and_ends_there)
{
	static char packet[60000];
	struct hvpost_attach_request request =
		request_of(HVPOST_ATTACH_OPEN, "a");
	size_t size = bad_requests[_i].size;
	struct peer peer;

	daemon_start(SERVICE);
	request.magic += bad_requests[_i].magic;
	request.version = (uint16_t)(request.version + bad_requests[_i].version);
	request.kind = (uint16_t)(request.kind + bad_requests[_i].kind);
	request.reserved += bad_requests[_i].reserved;
	memcpy(packet, &request, sizeof(request));
	peer.socket = peer_connect();
	peer_send(peer.socket, packet, size ? size : sizeof(request));
	ck_assert(peer_take_answer(&peer));
	ck_assert_int_eq(peer.answer.error, -EPROTO);
	ck_assert_str_eq(peer.answer.reason, bad_requests[_i].says);
	ck_assert(peer_is_dropped(peer.socket));
	close(peer.socket);
	ck_assert_uint_eq(daemon_has_said(bad_requests[_i].says), 1);
	ck_others_are_well();
}
END_TEST

START_TEST(a_name_without_an_end_is_refused)
{
	struct hvpost_attach_request request =
		request_of(HVPOST_ATTACH_OPEN, "");
	struct peer peer;

	daemon_start(SERVICE);
	memset(request.name, 'a', sizeof(request.name));
	peer.socket = peer_connect();
	peer_send(peer.socket, &request, sizeof(request));
	ck_assert(peer_take_answer(&peer));
	ck_assert_int_eq(peer.answer.error, -EPROTO);
	close(peer.socket);
	ck_others_are_well();
}
END_TEST

START_TEST(visitors_that_say_nothing_keep_nobody_out)
{
	int sockets[300];

	daemon_start(SERVICE);
	for (int i = 0; i < ROWS(sockets); i++)
		sockets[i] = peer_connect();
	ck_others_are_well();
	for (int i = 0; i < ROWS(sockets); i++)
		close(sockets[i]);
}
END_TEST

/* Attached ones */

static void ck_dropped_for(struct peer *peer, const char *reason)
{
	ck_assert(peer_is_dropped(peer->socket));
	ck_assert_uint_eq(daemon_has_said(reason), 1);
	ck_others_are_well();
	peer_close(peer);
	/* Its name is free again. */
	*peer = peer_attach("a");
	peer_close(peer);
}

START_TEST(who_attaches_once_more_is_dropped)
{
	struct hvpost_attach_request request =
		request_of(HVPOST_ATTACH_OPEN, "b");
	struct peer peer;

	daemon_start(SERVICE);
	peer = peer_attach("a");
	peer_send(peer.socket, &request, sizeof(request));
	ck_dropped_for(&peer, "partition a: a request to attach once more");
}
END_TEST

START_TEST(a_listener_for_no_sint_is_refused)
{
	struct hvpost_attach_request request =
		request_of(HVPOST_ATTACH_LISTEN, "");
	struct peer peer;

	daemon_start(SERVICE);
	peer = peer_attach("a");
	request.sint = HVPOST_ATTACH_ROOM + 1;
	peer_send(peer.socket, &request, sizeof(request));
	ck_dropped_for(&peer, "a listener for a SINT that there is not");
}
END_TEST

static const uint32_t listeners[] = { 5, HVPOST_ATTACH_ROOM };

static const struct {
	struct hvpost_attach_call call;
	const char *says;
} bad_calls[] = {
	{ { .kind = 0 }, "a call of an unknown kind" },
	{ { .kind = 5 }, "a call of an unknown kind" },
	{ { .kind = UINT32_MAX }, "a call of an unknown kind" },
	{ { .kind = HVPOST_ATTACH_HYPERCALL, .flags = 4 },
	  "a call with unknown flags" },
	{ { .kind = HVPOST_ATTACH_HYPERCALL, .memory_size = 257 },
	  "a call with more memory than it has" },
	{ { .kind = HVPOST_ATTACH_HYPERCALL, .memory_size = UINT32_MAX },
	  "a call with more memory than it has" },
	{ { .kind = HVPOST_ATTACH_HYPERCALL, .memory_size = 8193,
	    .flags = HVPOST_ATTACH_IN_PAGES },
	  "a call with more memory than it has" },
};

START_TEST(who_makes_a_bad_call_is_dropped)
{
	struct peer peer;

	daemon_start(SERVICE);
	peer = peer_attach("a");
	peer_submit(&peer, &bad_calls[_i].call);
	ck_dropped_for(&peer, bad_calls[_i].says);
}
END_TEST

static const uint32_t bad_counts[] = { 65, 1000, 0x80000000, UINT32_MAX };

START_TEST(who_claims_more_calls_than_fit_is_dropped)
{
	struct peer peer;

	daemon_start(SERVICE);
	peer = peer_attach("a");
	__atomic_store_n(&peer.vp[0].words.submitted, bad_counts[_i],
			 __ATOMIC_SEQ_CST);
	peer_ring(&peer);
	ck_dropped_for(&peer, "more calls than its ring has slots");
}
END_TEST

START_TEST(a_call_that_a_guest_would_fault_on_says_so)
{
	static const struct hvpost_attach_call calls[] = {
		{ .kind = HVPOST_ATTACH_READ_MSR, .control = 0x1b },
		{ .kind = HVPOST_ATTACH_WRITE_MSR, .control = 0x1b },
		{ .kind = HVPOST_ATTACH_WRITE_MSR, .control = HV_MSR_VP_INDEX },
		/* GUEST_OS_ID has not been set. */
		{ .kind = HVPOST_ATTACH_HYPERCALL,
		  .control = HV_CALL_POST_MESSAGE },
	};
	struct peer peer;

	daemon_start(SERVICE);
	peer = peer_attach("a");
	for (int i = 0; i < ROWS(calls); i++)
		ck_assert_int_eq(peer_wait(&peer, peer_submit(&peer, &calls[i]))
					 ->error, -EPERM);
	peer_close(&peer);
}
END_TEST

START_TEST(who_closes_its_descriptors_in_mid_call_harms_nobody)
{
	struct hvpost_attach_call call = {
		.kind = HVPOST_ATTACH_HYPERCALL,
		.control = HV_CALL_POST_MESSAGE,
		.memory_size = HVPOST_ATTACH_SLOT_SIZE,
	};

	daemon_start(SERVICE);
	for (unsigned int times = 0; times < 100; times++) {
		struct peer peer = peer_attach("a");

		for (unsigned int i = 0; i < HVPOST_ATTACH_CALLS; i++)
			peer_submit(&peer, &call);
		peer_close(&peer);
	}
	ck_others_are_well();
}
END_TEST

/* A receiver that never reads its packets, and arms again and again. */
START_TEST(a_listener_that_is_full_holds_up_no_sender)
{
	struct hvpost_attach_request request =
		request_of(HVPOST_ATTACH_LISTEN, "");
	static const struct hvpost_attach_call set_up[] = {
		{ .kind = HVPOST_ATTACH_WRITE_MSR, .control = HV_MSR_SIMP,
		  .input = HV_PAGE_ENABLE },
		{ .kind = HVPOST_ATTACH_WRITE_MSR, .control = HV_MSR_SCONTROL,
		  .input = HV_SCONTROL_ENABLE },
		{ .kind = HVPOST_ATTACH_WRITE_MSR,
		  .control = HV_MSR_SINT0 + 5, .input = 0x40 },
	};
	struct hvpost *sender;
	struct peer peer;

	daemon_start("--link c:0x10=a:5 " SERVICE);
	peer = peer_attach("a");
	request.sint = listeners[_i];
	peer_send(peer.socket, &request, sizeof(request));
	ck_assert(peer_take_answer(&peer));
	for (int i = 0; i < ROWS(set_up); i++)
		ck_assert_int_eq(peer_wait(&peer, peer_submit(&peer, &set_up[i]))
					 ->error, 0);
	sender = open_as("c");
	for (uint64_t number = 1; number <= 5000; number++) {
		__atomic_store_n(&peer.vp[0].words.armed, UINT32_MAX,
				 __ATOMIC_SEQ_CST);
		__atomic_store_n(&peer.memory->room_armed, UINT32_MAX,
				 __ATOMIC_SEQ_CST);
		__atomic_store_n(&peer.memory->sleepers, UINT32_MAX,
				 __ATOMIC_SEQ_CST);
		__atomic_store_n(&peer.vp[0].sim.slot[5].message_type, 0,
				 __ATOMIC_SEQ_CST);
		ck_assert_int_eq(post_number(sender, 0x10, number, HVPOST_NOW),
				 0);
	}
	hvpost_close(sender);
	close(peer.listener);
	peer_close(&peer);
	ck_others_are_well();
}
END_TEST

/* Random words all over its memory, rung in now and then. */
static _Noreturn void scribble(unsigned int seed)
{
	for (;;) {
		struct peer peer = peer_attach("a");
		uint8_t *bytes = (uint8_t *)peer.memory;

		srandom(++seed);
		if (seed % 2)
			peer_submit(&peer, &(struct hvpost_attach_call){
					.kind = HVPOST_ATTACH_ADD_SLOTS,
					.control = 5,
				});
		for (unsigned int i = 0; i < 20000; i++) {
			size_t at = (size_t)random() % peer.answer.memory_size;

			if (i % 4 == 0) /* mostly where words are */
				at = 4096 + (size_t)random() % 320;
			if (i % 4 == 1) /* slot headers */
				at = 4096 + 12288 +
				     (size_t)random() % 16 * 256 +
				     (size_t)random() % 16;
			if (i % 4 == 2) /* those that it may have more of */
				at = (size_t)((uint8_t *)peer.vp[0].slot[5] -
					      bytes) +
				     (size_t)random() %
					     HVPOST_ATTACH_MORE_SLOTS * 256 +
				     (size_t)random() % 16;
			bytes[at] = (uint8_t)random();
			if (i % 64 == 0)
				eventfd_write(peer.doorbell, 1);
		}
		fallocate(peer.memory_fd,
			  FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			  (off_t)peer.answer.memory_size);
		eventfd_write(peer.doorbell, 1);
		peer_close(&peer);
	}
}

START_TEST(who_scribbles_over_its_memory_harms_nobody)
{
	pid_t child;

	daemon_start("--link c:0x10=a:5 --link a:0x20=c:6 " SERVICE);
	child = fork();
	if (!child)
		scribble(7);
	for (unsigned int times = 0; times < 200; times++) {
		struct hvpost *sender = open_as("c");

		for (uint64_t number = 1; number <= 20; number++)
			post_number(sender, 0x10, number, HVPOST_NOW);
		hvpost_close(sender);
		ck_others_are_well();
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	ck_others_are_well();
}
END_TEST

/* All of its calls, on all of its VPs, as soon as the former ones are done. */
static _Noreturn void flood(void)
{
	struct peer peer = peer_attach("a");

	for (;;)
		for (uint32_t i = 0; i < peer.answer.vp_count; i++) {
			struct hvpost_attach_vp *vp = &peer.vp[i];

			for (unsigned int n = 0; n < HVPOST_ATTACH_CALLS; n++)
				vp->call[n].kind = HVPOST_ATTACH_READ_MSR;
			__atomic_store_n(&vp->words.submitted,
					 __atomic_load_n(&vp->words.completed,
							 __ATOMIC_SEQ_CST) +
						 HVPOST_ATTACH_CALLS,
					 __ATOMIC_SEQ_CST);
			__atomic_fetch_add(&vp->words.eoms, 1, __ATOMIC_SEQ_CST);
			peer_ring(&peer);
		}
}

START_TEST(who_never_stops_calling_leaves_others_their_turn)
{
	pid_t child;

	daemon_start("--partition a,vps=64 " SERVICE);
	child = fork();
	if (!child)
		flood();
	for (unsigned int times = 0; times < 20; times++)
		ck_others_are_well();
	ck_assert_uint_eq(daemon_said("dropped"), 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	ck_others_are_well();
}
END_TEST

Suite *hostile_suite(void)
{
	Suite *suite = suite_create("hostile");
	TCase *visitors = add_tcase(suite, "visitors");
	TCase *attached = add_tcase(suite, "attached");

	tcase_add_loop_test(visitors,
			    a_malformed_request_is_answered_and_ends_there, 0,
			    ROWS(bad_requests));
	tcase_add_test(visitors, a_name_without_an_end_is_refused);
	tcase_add_test(visitors, visitors_that_say_nothing_keep_nobody_out);

	tcase_add_test(attached, who_attaches_once_more_is_dropped);
	tcase_add_test(attached, a_listener_for_no_sint_is_refused);
	tcase_add_loop_test(attached, who_makes_a_bad_call_is_dropped, 0,
			    ROWS(bad_calls));
	tcase_add_loop_test(attached, who_claims_more_calls_than_fit_is_dropped,
			    0, ROWS(bad_counts));
	tcase_add_test(attached, a_call_that_a_guest_would_fault_on_says_so);
	tcase_add_test(attached,
		       who_closes_its_descriptors_in_mid_call_harms_nobody);
	tcase_add_loop_test(attached, a_listener_that_is_full_holds_up_no_sender,
			    0, ROWS(listeners));
	tcase_add_test(attached, who_scribbles_over_its_memory_harms_nobody);
	tcase_add_test(attached,
		       who_never_stops_calling_leaves_others_their_turn);
	return suite;
}
