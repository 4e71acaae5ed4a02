// SPDX-License-Identifier: MIT
/* Who was refused for want of a buffer is told when it is time to try again. */
#include <stdatomic.h>

#include "suites.h"
#include "world.h"

#define SECOND		0x11u
#define SECOND_PORT	0x41u

static struct guest other;

/* The receiver looks without being asked to. */
static void mask(void)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_SINT0 + SINT, HV_SINT_MASKED);
}

static void setup(void)
{
	world_setup();
	mask();
}

static uint32_t rooms(void)
{
	return atomic_load(&world.sender.rooms);
}

/* The slot and all buffers. */
static void fill(uint32_t connection, uint32_t buffers)
{
	for (uint32_t type = 1; type <= buffers + 1; type++)
		ck_assert_uint_eq(post(connection, type), 0);
}

static void fill_and_be_refused(void)
{
	fill(CONNECTION, BUFFERS);
	ck_assert_uint_eq(post(CONNECTION, 1), HV_STATUS_INSUFFICIENT_BUFFERS);
	ck_assert_uint_eq(rooms(), 0);
}

START_TEST(who_was_not_refused_is_told_nothing)
{
	fill(CONNECTION, BUFFERS);
	while (take(0, SINT))
		;
	ck_assert_uint_eq(host_delete(PORT), 0);
	ck_assert_uint_eq(rooms(), 0);
}
END_TEST

static const struct {
	uint32_t buffers, taken;	/* so that half of them are free */
} halves[] = { { 1, 1 }, { 2, 1 }, { 3, 2 }, { 16, 8 }, { 1000, 500 } };

/* A receiver whose ports have so many, and SECOND to one of these. */
static void link_to_one_with(uint32_t buffers)
{
	struct hvhost_partition_config config = guest_config(&world.receiver);

	config.message_buffers = buffers;
	ck_assert_int_eq(hvhost_partition_new(world.machine, &config,
					      &world.receiver.partition), 0);
	hvhost_partition_activate(world.receiver.partition);
	world.receiver.id = hvhost_partition_id(world.receiver.partition);
	guest_add_vp(&world.receiver, 0);
	guest_start_synic(&world.receiver, 0);
	mask();
	make_link(SECOND, PORT, SINT, 0);
}

START_TEST(who_was_refused_is_told_once_half_the_buffers_are_free)
{
	uint32_t buffers = halves[_i].buffers;

	link_to_one_with(buffers);
	fill(SECOND, buffers);
	for (unsigned int times = 0; times < 3; times++)
		ck_assert_uint_eq(post(SECOND, 1),
				  HV_STATUS_INSUFFICIENT_BUFFERS);
	for (uint32_t taken = 1; taken <= buffers; taken++) {
		ck_assert_uint_ne(take(0, SINT), 0);
		ck_assert_uint_eq(rooms(), taken >= halves[_i].taken);
	}
}
END_TEST

START_TEST(each_refusal_after_that_is_told_of_again)
{
	for (uint32_t times = 1; times <= 10; times++) {
		fill(CONNECTION, BUFFERS);
		ck_assert_uint_eq(post(CONNECTION, 1),
				  HV_STATUS_INSUFFICIENT_BUFFERS);
		while (take(0, SINT))
			;
		ck_assert_uint_eq(rooms(), times);
	}
}
END_TEST

START_TEST(who_waits_for_one_port_is_not_told_of_another)
{
	make_link(SECOND, SECOND_PORT, SINT + 2, 0);
	fill_and_be_refused();
	fill(SECOND, BUFFERS);
	while (take(0, SINT + 2))
		;
	ck_assert_uint_eq(rooms(), 0);
}
END_TEST

/* What ends the wait in another way */

static void delete_port(void)
{
	ck_assert_uint_eq(host_delete(PORT), 0);
}

static void disconnect(void)
{
	ck_assert_uint_eq(host_disconnect(CONNECTION), 0);
}

static void finalize_receiver(void)
{
	hvhost_partition_finalize(world.receiver.partition);
}

static void reset_receiver(void)
{
	hvhost_partition_reset(world.receiver.partition);
}

static void free_vp(void)
{
	hvhost_vp_free(world.receiver.vp[0]);
}

static void (*const ends[])(void) = {
	delete_port, disconnect, finalize_receiver, reset_receiver, free_vp,
};

START_TEST(who_waits_is_told_when_what_it_waits_for_goes)
{
	fill_and_be_refused();
	ends[_i]();
	ck_assert_uint_eq(rooms(), 1);
	ck_assert_uint_ne(post(CONNECTION, 1), HV_STATUS_INSUFFICIENT_BUFFERS);
}
END_TEST

START_TEST(who_connects_next_is_not_told_for_who_was_there_before)
{
	fill_and_be_refused();
	disconnect();
	guest_make(&other, HV_ACCESS_SYNIC_REGS);
	ck_assert_uint_eq(hvhost_reassign_port(world.machine, world.receiver.id,
					       PORT, other.id), 0);
	while (take(0, SINT))
		;
	ck_assert_uint_eq(rooms(), 1);
	ck_assert_uint_eq(atomic_load(&other.rooms), 0);
}
END_TEST

Suite *room_suite(void)
{
	Suite *suite = suite_create("room");
	TCase *tcase = tcase_create("room");

	tcase_add_checked_fixture(tcase, setup, world_teardown);
	tcase_add_test(tcase, who_was_not_refused_is_told_nothing);
	tcase_add_loop_test(tcase,
			    who_was_refused_is_told_once_half_the_buffers_are_free,
			    0, ROWS(halves));
	tcase_add_test(tcase, each_refusal_after_that_is_told_of_again);
	tcase_add_test(tcase, who_waits_for_one_port_is_not_told_of_another);
	tcase_add_loop_test(tcase, who_waits_is_told_when_what_it_waits_for_goes,
			    0, ROWS(ends));
	tcase_add_test(tcase,
		       who_connects_next_is_not_told_for_who_was_there_before);
	suite_add_tcase(suite, tcase);
	return suite;
}
