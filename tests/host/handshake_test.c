// SPDX-License-Identifier: MIT
/*
 * The slot handshake at the one point that a race seldom meets. The SIM page is
 * read-only when a post finds its slot busy, so setting MessagePending faults;
 * the handler is the guest, which empties the slot just then.
 */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include <internal.h>

#include "suites.h"
#include "world.h"

#define LAST_VP		2u
#define SECOND_PORT	(PORT + 1)
#define SECOND		(CONNECTION + 1)

/*
 * Under ThreadSanitizer the accesses, and so the signals, are its runtime's,
 * which hangs then. Nothing here has a second thread for it to watch.
 */
#if defined(__SANITIZE_THREAD__)
#define CAN_INTERRUPT 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CAN_INTERRUPT 0
#endif
#endif
#ifndef CAN_INTERRUPT
#define CAN_INTERRUPT 1
#endif

static void *page;
static volatile sig_atomic_t faults;
static uint8_t flags_seen;
static struct sigaction old_action;

static void take_in_between(int signal)
{
	struct hv_slot *slot = &((struct hv_sim_page *)page)->slot[SINT];

	(void)signal;
	faults++;
	mprotect(page, HV_PAGE_SIZE, PROT_READ | PROT_WRITE);
	__atomic_exchange_n(&slot->message_type, 0, __ATOMIC_SEQ_CST);
	flags_seen = __atomic_load_n(&slot->message_flags, __ATOMIC_SEQ_CST);
}

static void set_up(void)
{
	struct sigaction action = { .sa_handler = take_in_between };

	world_setup();
	faults = 0;
	page = mmap(NULL, HV_PAGE_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(page, MAP_FAILED);
	ck_assert_int_eq(hvhost_vp_new(world.receiver.partition, LAST_VP, page,
				       NULL, &world.receiver.vp[LAST_VP]), 0);
	guest_start_synic(&world.receiver, LAST_VP);
	make_link(SECOND, SECOND_PORT, SINT, LAST_VP);
	sigaction(SIGSEGV, &action, &old_action);
}

static void tear_down(void)
{
	sigaction(SIGSEGV, &old_action, NULL);
	world_teardown();
	munmap(page, HV_PAGE_SIZE);
}

START_TEST(slot_emptied_before_its_flag_was_set_is_filled_at_once)
{
	ck_assert_uint_eq(post(SECOND, 1), 0);
	mprotect(page, HV_PAGE_SIZE, PROT_READ);
	ck_assert_uint_eq(post(SECOND, 2), 0);
	ck_assert_int_eq(faults, 1);
	/* The guest saw nothing pending, so it will not write EOM. */
	ck_assert_uint_eq(flags_seen & HV_MESSAGE_PENDING, 0);
	ck_assert_uint_eq(slot_of(LAST_VP, SINT)->message_type, 2);
	ck_assert_uint_eq(slot_of(LAST_VP, SINT)->message_flags, 0);
	ck_assert_uint_eq(world.receiver.interrupts, 2);
}
END_TEST

START_TEST(slot_whose_guest_knows_already_is_not_written_again)
{
	ck_assert_uint_eq(post(SECOND, 1), 0);
	ck_assert_uint_eq(post(SECOND, 2), 0);
	mprotect(page, HV_PAGE_SIZE, PROT_READ);
	ck_assert_uint_eq(post(SECOND, 3), 0);
	ck_assert_int_eq(faults, 0);
	mprotect(page, HV_PAGE_SIZE, PROT_READ | PROT_WRITE);
	ck_assert_uint_eq(take(LAST_VP, SINT), 1);
	ck_assert_uint_eq(take(LAST_VP, SINT), 2);
	ck_assert_uint_eq(take(LAST_VP, SINT), 3);
	ck_assert_uint_eq(take(LAST_VP, SINT), 0);
}
END_TEST

/*
 * The buffers of a port that lies on two pages. A poster that has seen too few of
 * them given back looks at the other page; that faults, and we come in between.
 */
static struct port *split_port;

static void post_and_deliver_in_between(int signal)
{
	(void)signal;
	faults++;
	mprotect((uint8_t *)page + HV_PAGE_SIZE, HV_PAGE_SIZE,
		 PROT_READ | PROT_WRITE);
	for (int i = 0; i < 2; i++) {
		atomic_fetch_add(&split_port->given_back, 1);
		atomic_fetch_add(&split_port->taken, 1);
	}
}

/* A port with two buffers, whose second page @handler makes accessible. */
static void split_port_at(void (*handler)(int signal), int protection,
			  uint32_t taken, uint32_t given_back)
{
	static struct hvhost_partition owner = { .config.message_buffers = 2 };
	struct sigaction action = { .sa_handler = handler };

	page = mmap(NULL, 2 * HV_PAGE_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(page, MAP_FAILED);
	split_port = (struct port *)((uint8_t *)page + HV_PAGE_SIZE -
				     offsetof(struct port, given_back));
	*split_port = (struct port){
		.owner = &owner, .taken = taken, .given_back = given_back,
	};
	faults = 0;
	sigaction(SIGSEGV, &action, &old_action);
	mprotect((uint8_t *)page + HV_PAGE_SIZE, HV_PAGE_SIZE, protection);
}

static void join_port(void)
{
	sigaction(SIGSEGV, &old_action, NULL);
	munmap(page, 2 * HV_PAGE_SIZE);
}

START_TEST(port_is_not_full_because_others_were_faster)
{
	split_port_at(post_and_deliver_in_between, PROT_NONE, 2, 1);
	/* One of two is in use before, after and all the while. */
	ck_assert(queue_buffer_is_free(split_port));
	ck_assert_int_eq(faults, 1);
	ck_assert_uint_eq(queue_buffers_used(split_port), 1);
	join_port();
}
END_TEST

/* Whoever gives back sees that nobody waits, and so tells nobody. */
static void deliver_in_between(int signal)
{
	(void)signal;
	faults++;
	mprotect((uint8_t *)page + HV_PAGE_SIZE, HV_PAGE_SIZE,
		 PROT_READ | PROT_WRITE);
	ck_assert(!atomic_load(&split_port->room_is_awaited));
	atomic_fetch_add(&split_port->given_back, 2);
}

START_TEST(buffers_given_back_before_their_poster_waits_are_found)
{
	split_port_at(deliver_in_between, PROT_READ, 2, 0);
	ck_assert(queue_buffer_is_free(split_port));
	ck_assert_int_eq(faults, 1);
	join_port();
}
END_TEST

Suite *handshake_suite(void)
{
	Suite *suite = suite_create("handshake");
	TCase *tcase = tcase_create("handshake");
	TCase *buffers = tcase_create("buffers");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	suite_add_tcase(suite, tcase);
	suite_add_tcase(suite, buffers);
	if (!CAN_INTERRUPT)
		return suite;
	tcase_add_test(buffers, port_is_not_full_because_others_were_faster);
	tcase_add_test(buffers,
		       buffers_given_back_before_their_poster_waits_are_found);
	tcase_add_test(tcase,
		       slot_emptied_before_its_flag_was_set_is_filled_at_once);
	tcase_add_test(tcase,
		       slot_whose_guest_knows_already_is_not_written_again);
	return suite;
}
