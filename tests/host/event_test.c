// SPDX-License-Identifier: MIT
/* HvCallSignalEvent: flags, interrupts, and every documented refusal. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "suites.h"
#include "world.h"

#define ANY_PORT	(EVENT_PORT + 1)
#define ANY		(EVENT_CONNECTION + 1)

static struct look before;

static uint16_t signal_fast(uint64_t word, uint64_t second_word)
{
	return guest_call(&world.sender, HV_CALL_SIGNAL_EVENT | HV_CONTROL_FAST,
			  word, second_word);
}

static uint64_t fast_word(uint32_t connection_id, uint16_t flag)
{
	return connection_id | (uint64_t)flag << HV_SIGNAL_EVENT_FLAG_SHIFT;
}

/* In both forms. */
static void assert_refused(uint32_t connection_id, uint16_t flag,
			   uint16_t status)
{
	struct hv_signal_event_input input = {
		.connection_id = connection_id, .flag_number = flag,
	};

	memcpy(world.sender.memory + INPUT_GPA, &input, sizeof(input));
	look_at_world(&before);
	ck_assert_uint_eq(guest_signal(connection_id, flag), status);
	assert_world_is(&before);
	ck_assert_uint_eq(signal_fast(fast_word(connection_id, flag), 0),
			  status);
	assert_world_is(&before);
}

START_TEST(signal_sets_base_plus_flag_and_nothing_else)
{
	static struct hv_sief_page expected;

	ck_assert_uint_eq(guest_signal(EVENT_CONNECTION, (uint16_t)_i), 0);
	memset(&expected, 0, sizeof(expected));
	expected.sint[EVENT_SINT].flags[(EVENT_BASE + (unsigned int)_i) / 8] =
		(uint8_t)(1u << (EVENT_BASE + (unsigned int)_i) % 8);
	ck_assert_mem_eq(hvhost_vp_sief(world.receiver.vp[0]), &expected,
			 sizeof(expected));
}
END_TEST

START_TEST(fast_form_does_the_same)
{
	ck_assert_uint_eq(signal_fast(fast_word(EVENT_CONNECTION, 5),
				      UINT64_MAX), 0);
	ck_assert(flag_is_set(0, EVENT_SINT, EVENT_BASE + 5));
	ck_assert_uint_eq(world.receiver.interrupts, 1);
}
END_TEST

START_TEST(signal_raises_the_vector_of_the_sint)
{
	ck_assert_uint_eq(guest_signal(EVENT_CONNECTION, 0), 0);
	ck_assert_uint_eq(world.receiver.interrupts, 1);
	ck_assert_uint_eq(world.receiver.interrupt[0].vp_index, 0);
	ck_assert_uint_eq(world.receiver.interrupt[0].sint, EVENT_SINT);
	ck_assert_uint_eq(world.receiver.interrupt[0].vector,
			  VECTOR(EVENT_SINT));
}
END_TEST

START_TEST(only_a_flag_that_was_clear_interrupts)
{
	ck_assert_uint_eq(guest_signal(EVENT_CONNECTION, 3), 0);
	ck_assert_uint_eq(guest_signal(EVENT_CONNECTION, 3), 0);
	ck_assert_uint_eq(world.receiver.interrupts, 1);
	ck_assert_uint_eq(guest_signal(EVENT_CONNECTION, 4), 0);
	ck_assert_uint_eq(world.receiver.interrupts, 2);

	memset(hvhost_vp_sief(world.receiver.vp[0]), 0, HV_PAGE_SIZE);
	ck_assert_uint_eq(guest_signal(EVENT_CONNECTION, 3), 0);
	ck_assert_uint_eq(world.receiver.interrupts, 3);
}
END_TEST

START_TEST(every_signal_is_counted)
{
	guest_signal(EVENT_CONNECTION, 3);
	guest_signal(EVENT_CONNECTION, 3);
	guest_signal(EVENT_CONNECTION, EVENT_COUNT);
	ck_assert_uint_eq(counters_of(EVENT_PORT).posted, 2);
	ck_assert_uint_eq(counters_of(EVENT_PORT).refused, 1);
}
END_TEST

START_TEST(polled_sint_gets_the_flag_without_an_interrupt)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_SINT0 + EVENT_SINT,
			HV_SINT_POLLING | VECTOR(EVENT_SINT));
	ck_assert_uint_eq(guest_signal(EVENT_CONNECTION, 0), 0);
	ck_assert(flag_is_set(0, EVENT_SINT, EVENT_BASE));
	ck_assert_uint_eq(world.receiver.interrupts, 0);
}
END_TEST

START_TEST(highest_flag_of_a_page_can_be_signalled)
{
	struct hv_create_port_input input = event_port(ANY_PORT, 15, 0);

	input.port_info.u.event.base_flag_number = 0;
	input.port_info.u.event.flag_count = HV_EVENT_FLAG_COUNT;
	ck_assert_uint_eq(host_create(input), 0);
	ck_assert_uint_eq(host_connect(connect_to(ANY, ANY_PORT,
						  HV_PORT_TYPE_EVENT)), 0);
	ck_assert_uint_eq(guest_signal(ANY, HV_EVENT_FLAG_COUNT - 1), 0);
	ck_assert(flag_is_set(0, 15, HV_EVENT_FLAG_COUNT - 1));
	assert_refused(ANY, HV_EVENT_FLAG_COUNT, HV_STATUS_INVALID_PARAMETER);
}
END_TEST

/* Refusals */

START_TEST(flag_past_the_ports_count_is_refused)
{
	assert_refused(EVENT_CONNECTION, EVENT_COUNT,
		       HV_STATUS_INVALID_PARAMETER);
	assert_refused(EVENT_CONNECTION, UINT16_MAX,
		       HV_STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(reserved_half_word_is_refused)
{
	struct hv_signal_event_input input = {
		.connection_id = EVENT_CONNECTION, .rsvdz = 1,
	};

	memcpy(world.sender.memory + INPUT_GPA, &input, sizeof(input));
	look_at_world(&before);
	ck_assert_uint_eq(guest_call_with(&world.sender, HV_CALL_SIGNAL_EVENT,
					  &input, sizeof(input)),
			  HV_STATUS_INVALID_PARAMETER);
	ck_assert_uint_eq(signal_fast(EVENT_CONNECTION | 1ull << 63, 0),
			  HV_STATUS_INVALID_PARAMETER);
	assert_world_is(&before);
}
END_TEST

START_TEST(unknown_connection_is_refused)
{
	assert_refused(EVENT_CONNECTION + 1, 0, HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

START_TEST(connection_id_with_a_high_bit_is_refused)
{
	assert_refused(EVENT_CONNECTION | 1u << _i, 0,
		       HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

START_TEST(deleted_port_is_refused)
{
	host_delete(EVENT_PORT);
	assert_refused(EVENT_CONNECTION, 0, HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(port_of_an_inactive_partition_is_refused)
{
	hvhost_partition_begin_finalize(world.receiver.partition);
	assert_refused(EVENT_CONNECTION, 0, HV_STATUS_INVALID_PORT_ID);
	assert_refused(EVENT_CONNECTION, EVENT_COUNT, HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(message_port_is_refused)
{
	assert_refused(CONNECTION, 0, HV_STATUS_INVALID_PORT_ID);
	assert_refused(CONNECTION, UINT16_MAX, HV_STATUS_INVALID_PORT_ID);
}
END_TEST

static void remove_vp(uint32_t vp)
{
	hvhost_vp_free(world.receiver.vp[vp]);
	world.receiver.vp[vp] = NULL;
}

START_TEST(port_whose_vp_is_gone_is_refused)
{
	remove_vp(0);
	assert_refused(EVENT_CONNECTION, 0, HV_STATUS_INVALID_VP_INDEX);
	assert_refused(EVENT_CONNECTION, EVENT_COUNT,
		       HV_STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(vp_with_its_synic_off_is_refused)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_SCONTROL, 0);
	assert_refused(EVENT_CONNECTION, 0, HV_STATUS_INVALID_SYNIC_STATE);
	assert_refused(EVENT_CONNECTION, EVENT_COUNT,
		       HV_STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(vp_with_its_sief_page_off_is_refused)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_SIEFP, SIEF_GPA(0));
	assert_refused(EVENT_CONNECTION, 0, HV_STATUS_INVALID_SYNIC_STATE);
}
END_TEST

START_TEST(masked_sint_is_refused_without_setting_the_flag)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_SINT0 + EVENT_SINT,
			HV_SINT_MASKED | VECTOR(EVENT_SINT));
	assert_refused(EVENT_CONNECTION, 0, HV_STATUS_INVALID_SYNIC_STATE);
	ck_assert(!flag_is_set(0, EVENT_SINT, EVENT_BASE));
}
END_TEST

START_TEST(sim_page_is_not_asked_for)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_SIMP, 0);
	ck_assert_uint_eq(guest_signal(EVENT_CONNECTION, 0), 0);
}
END_TEST

/* Any VP */

static void make_any(void)
{
	ck_assert_uint_eq(host_create(event_port(ANY_PORT, EVENT_SINT,
						 HV_ANY_VP)), 0);
	ck_assert_uint_eq(host_connect(connect_to(ANY, ANY_PORT,
						  HV_PORT_TYPE_EVENT)), 0);
}

START_TEST(event_for_any_vp_goes_to_one)
{
	make_any();
	ck_assert_uint_eq(guest_signal(ANY, 0), 0);
	ck_assert_int_eq(flag_is_set(0, EVENT_SINT, EVENT_BASE) +
			 flag_is_set(1, EVENT_SINT, EVENT_BASE), 1);
	ck_assert_uint_eq(world.receiver.interrupts, 1);
}
END_TEST

START_TEST(event_for_any_vp_passes_by_those_that_are_masked_or_off)
{
	make_any();
	guest_add_vp(&world.receiver, 3);
	guest_write_msr(&world.receiver, 1, HV_MSR_SINT0 + EVENT_SINT,
			HV_SINT_RESET);
	for (uint16_t flag = 0; flag < EVENT_COUNT; flag++) {
		ck_assert_uint_eq(guest_signal(ANY, flag), 0);
		ck_assert(flag_is_set(0, EVENT_SINT, EVENT_BASE + flag));
	}
}
END_TEST

START_TEST(event_for_any_vp_is_refused_where_all_are_masked_or_off)
{
	make_any();
	guest_write_msr(&world.receiver, 0, HV_MSR_SIEFP, 0);
	guest_write_msr(&world.receiver, 1, HV_MSR_SINT0 + EVENT_SINT,
			HV_SINT_RESET);
	assert_refused(ANY, 0, HV_STATUS_INVALID_SYNIC_STATE);
}
END_TEST

static _Atomic bool masker_stops;

/* VP 0 and VP 1 in turn, so that at any time one of them takes the event. */
static void *mask_one_vp(void *unused)
{
	for (uint32_t vp = 0; !masker_stops; vp = !vp) {
		guest_write_msr(&world.receiver, vp, HV_MSR_SINT0 + EVENT_SINT,
				VECTOR(EVENT_SINT) | HV_SINT_MASKED);
		guest_write_msr(&world.receiver, vp, HV_MSR_SINT0 + EVENT_SINT,
				VECTOR(EVENT_SINT));
	}
	return unused;
}

START_TEST(event_for_any_vp_finds_the_one_that_is_not_masked)
{
	pthread_t masker;
	uint16_t status = 0;

	make_any();
	masker_stops = false;
	ck_assert_int_eq(pthread_create(&masker, NULL, mask_one_vp, NULL), 0);
	for (uint32_t i = 0; i < 50000 && !status; i++)
		status = guest_signal(ANY, 0);
	masker_stops = true;
	pthread_join(masker, NULL);
	ck_assert_uint_eq(status, 0);
}
END_TEST

START_TEST(event_for_any_vp_is_refused_without_a_vp)
{
	make_any();
	remove_vp(0);
	remove_vp(1);
	assert_refused(ANY, 0, HV_STATUS_INVALID_VP_INDEX);
}
END_TEST

static void add_refusals(TCase *tcase)
{
	tcase_add_test(tcase, flag_past_the_ports_count_is_refused);
	tcase_add_test(tcase, reserved_half_word_is_refused);
	tcase_add_test(tcase, unknown_connection_is_refused);
	tcase_add_loop_test(tcase, connection_id_with_a_high_bit_is_refused, 24,
			    32);
	tcase_add_test(tcase, deleted_port_is_refused);
	tcase_add_test(tcase, port_of_an_inactive_partition_is_refused);
	tcase_add_test(tcase, message_port_is_refused);
	tcase_add_test(tcase, port_whose_vp_is_gone_is_refused);
	tcase_add_test(tcase, vp_with_its_synic_off_is_refused);
	tcase_add_test(tcase, vp_with_its_sief_page_off_is_refused);
	tcase_add_test(tcase, masked_sint_is_refused_without_setting_the_flag);
	tcase_add_test(tcase, sim_page_is_not_asked_for);
}

Suite *event_suite(void)
{
	Suite *suite = suite_create("event");
	TCase *tcase = tcase_create("event");

	tcase_set_timeout(tcase, 60);	/* only a hang takes so long */
	tcase_add_checked_fixture(tcase, world_setup, world_teardown);
	tcase_add_loop_test(tcase, signal_sets_base_plus_flag_and_nothing_else,
			    0, EVENT_COUNT);
	tcase_add_test(tcase, fast_form_does_the_same);
	tcase_add_test(tcase, signal_raises_the_vector_of_the_sint);
	tcase_add_test(tcase, only_a_flag_that_was_clear_interrupts);
	tcase_add_test(tcase, every_signal_is_counted);
	tcase_add_test(tcase, polled_sint_gets_the_flag_without_an_interrupt);
	tcase_add_test(tcase, highest_flag_of_a_page_can_be_signalled);
	add_refusals(tcase);
	tcase_add_test(tcase, event_for_any_vp_goes_to_one);
	tcase_add_test(tcase,
		       event_for_any_vp_passes_by_those_that_are_masked_or_off);
	tcase_add_test(tcase,
		       event_for_any_vp_is_refused_where_all_are_masked_or_off);
	tcase_add_test(tcase, event_for_any_vp_finds_the_one_that_is_not_masked);
	tcase_add_test(tcase, event_for_any_vp_is_refused_without_a_vp);
	suite_add_tcase(suite, tcase);
	return suite;
}
