// SPDX-License-Identifier: MIT
/* A SINT with more slots than the specification gives it. */
#include <errno.h>

#include "suites.h"
#include "world.h"

#define MORE	7u
#define ALL	(1 + MORE)
#define HALF	(ALL / 2)

static struct hv_slot more[MORE];
static uint32_t next;			/* that the guest empties */

static struct hv_slot *slot(uint32_t number)
{
	return number % ALL ? &more[number % ALL - 1] : slot_of(0, SINT);
}

static int add_slots(void)
{
	return hvhost_vp_add_slots(world.receiver.vp[0], SINT, more, MORE);
}

static void set_up(void)
{
	world_setup();
	next = 0;
	ck_assert_int_eq(add_slots(), 0);
}

static uint32_t empty(uint32_t number)
{
	return __atomic_exchange_n(&slot(number)->message_type,
				   HV_MESSAGE_TYPE_NONE, __ATOMIC_SEQ_CST);
}

static bool asks_for_eom(uint32_t number)
{
	return slot(number)->message_flags & HV_MESSAGE_PENDING;
}

/* Take the next message as a guest does. Its type; 0: none. */
static uint32_t take_next(void)
{
	uint32_t type = empty(next);

	if (!type)
		return 0;
	if (asks_for_eom(next))
		guest_write_msr(&world.receiver, 0, HV_MSR_EOM, 0);
	next++;
	return type;
}

static void post_numbers(uint32_t first, uint32_t last)
{
	for (uint32_t number = first; number <= last; number++)
		ck_assert_uint_eq(post(CONNECTION, number), 0);
}

static void take_numbers(uint32_t first, uint32_t last)
{
	for (uint32_t number = first; number <= last; number++)
		ck_assert_uint_eq(take_next(), number);
}

START_TEST(messages_go_into_the_slots_in_turn)
{
	for (uint32_t round = 0; round < 3; round++) {
		post_numbers(1, ALL);
		for (uint32_t number = 0; number < ALL; number++)
			ck_assert_uint_eq(slot(number)->message_type,
					  number + 1);
		ck_assert_uint_eq(vp_state(0).queued[SINT], 0);
		take_numbers(1, ALL);
	}
	ck_assert_uint_eq(take_next(), 0);
}
END_TEST

START_TEST(the_slot_half_way_round_asks_for_an_eom_when_all_are_occupied)
{
	post_numbers(1, ALL);
	for (uint32_t number = 0; number < ALL; number++)
		ck_assert(!asks_for_eom(number));
	post_numbers(ALL + 1, ALL + 2);
	for (uint32_t number = 0; number < ALL; number++)
		ck_assert_int_eq(asks_for_eom(number), number == HALF);
}
END_TEST

START_TEST(an_eom_fills_all_that_are_free_and_interrupts_once)
{
	unsigned int interrupts;

	post_numbers(1, ALL + HALF);
	interrupts = world.receiver.interrupts;
	take_numbers(1, HALF);
	ck_assert_uint_eq(vp_state(0).queued[SINT], HALF);
	take_numbers(HALF + 1, HALF + 1);
	ck_assert_uint_eq(vp_state(0).queued[SINT], 0);
	ck_assert_uint_eq(world.receiver.interrupts, interrupts + 1);
	take_numbers(HALF + 2, ALL + HALF);
	ck_assert_uint_eq(take_next(), 0);
}
END_TEST

START_TEST(a_post_that_finds_room_before_an_eom_stays_behind_what_waits)
{
	post_numbers(1, ALL + 2);
	take_numbers(1, 2);
	post_numbers(ALL + 3, ALL + 3);
	take_numbers(3, ALL + 3);
	ck_assert_uint_eq(take_next(), 0);
}
END_TEST

START_TEST(a_guest_that_empties_the_wrong_slot_is_asked_where_it_matters)
{
	post_numbers(1, ALL);
	empty(HALF);
	post_numbers(ALL + 1, ALL + 1);
	ck_assert(asks_for_eom(0));
	take_numbers(1, 1);
	ck_assert_uint_eq(slot(0)->message_type, ALL + 1);
}
END_TEST

START_TEST(a_long_queue_goes_out_in_order_however_it_is_taken)
{
	uint32_t posted = 0, taken = 0;

	for (uint32_t step = 1; step < 200; step++) {
		for (; posted < taken + ALL + step % HALF; posted++)
			post_numbers(posted + 1, posted + 1);
		world.receiver.interrupts = 0;
		for (uint32_t i = 0; i < step % (ALL + 3) && taken < posted; i++)
			ck_assert_uint_eq(take_next(), ++taken);
	}
	take_numbers(taken + 1, posted);
	ck_assert_uint_eq(take_next(), 0);
	ck_assert_uint_eq(vp_state(0).sints_stuck, 0);
}
END_TEST

START_TEST(what_waits_goes_into_the_new_slots_behind_what_is_there)
{
	world_teardown();
	world_setup();
	post_numbers(1, 1 + HALF);
	ck_assert_uint_eq(vp_state(0).queued[SINT], HALF);
	ck_assert_int_eq(add_slots(), 0);
	ck_assert_uint_eq(vp_state(0).queued[SINT], 0);
	post_numbers(2 + HALF, ALL);
	take_numbers(1, ALL);
}
END_TEST

START_TEST(a_sint_is_occupied_as_long_as_any_of_its_slots_is)
{
	const uint16_t bit = 1u << SINT;

	ck_assert_uint_eq(vp_state(0).slots_occupied & bit, 0);
	post_numbers(1, 3);
	take_numbers(1, 2);
	ck_assert_uint_eq(vp_state(0).slots_occupied & bit, bit);
	take_numbers(3, 3);
	ck_assert_uint_eq(vp_state(0).slots_occupied & bit, 0);
}
END_TEST

START_TEST(a_reset_empties_all_and_begins_with_the_first)
{
	post_numbers(1, 3);
	take_numbers(1, 1);
	hvhost_vp_reset(world.receiver.vp[0]);
	for (uint32_t number = 0; number < ALL; number++)
		ck_assert_uint_eq(slot(number)->message_type, 0);
	guest_start_synic(&world.receiver, 0);
	post_numbers(1, 2);
	ck_assert_uint_eq(slot(0)->message_type, 1);
	ck_assert_uint_eq(slot(1)->message_type, 2);
}
END_TEST

START_TEST(other_sints_keep_their_one_slot)
{
	make_link(CONNECTION + 1, PORT + 1, SINT + 1, 0);
	ck_assert_uint_eq(post(CONNECTION + 1, 1), 0);
	ck_assert_uint_eq(post(CONNECTION + 1, 2), 0);
	ck_assert_uint_eq(vp_state(0).queued[SINT + 1], 1);
	ck_assert_uint_eq(take(0, SINT + 1), 1);
	ck_assert_uint_eq(take(0, SINT + 1), 2);
}
END_TEST

START_TEST(slots_are_added_once_and_aligned)
{
	static struct hv_slot others[2];
	struct hvhost_vp *vp = world.receiver.vp[0];

	ck_assert_int_eq(add_slots(), -EEXIST);
	ck_assert_int_eq(hvhost_vp_add_slots(vp, HV_SINT_COUNT, others, 1),
			 -EINVAL);
	ck_assert_int_eq(hvhost_vp_add_slots(vp, SINT + 1, others, 0), -EINVAL);
	ck_assert_int_eq(hvhost_vp_add_slots(vp, SINT + 1, others,
					     HVHOST_MORE_SLOTS_MAX + 1),
			 -EINVAL);
	ck_assert_int_eq(hvhost_vp_add_slots(vp, SINT + 1,
					     (void *)((uint8_t *)others + 1), 1),
			 -EINVAL);
	ck_assert_int_eq(hvhost_vp_add_slots(vp, SINT + 1, others, 1), 0);
}
END_TEST

Suite *slots_suite(void)
{
	Suite *suite = suite_create("slots");
	TCase *tcase = tcase_create("slots");

	tcase_add_checked_fixture(tcase, set_up, world_teardown);
	tcase_add_test(tcase, messages_go_into_the_slots_in_turn);
	tcase_add_test(tcase,
		       the_slot_half_way_round_asks_for_an_eom_when_all_are_occupied);
	tcase_add_test(tcase,
		       an_eom_fills_all_that_are_free_and_interrupts_once);
	tcase_add_test(tcase,
		       a_post_that_finds_room_before_an_eom_stays_behind_what_waits);
	tcase_add_test(tcase,
		       a_guest_that_empties_the_wrong_slot_is_asked_where_it_matters);
	tcase_add_test(tcase, a_long_queue_goes_out_in_order_however_it_is_taken);
	tcase_add_test(tcase,
		       what_waits_goes_into_the_new_slots_behind_what_is_there);
	tcase_add_test(tcase, a_sint_is_occupied_as_long_as_any_of_its_slots_is);
	tcase_add_test(tcase, a_reset_empties_all_and_begins_with_the_first);
	tcase_add_test(tcase, other_sints_keep_their_one_slot);
	tcase_add_test(tcase, slots_are_added_once_and_aligned);
	suite_add_tcase(suite, tcase);
	return suite;
}
