// SPDX-License-Identifier: MIT
/*
 * HvCallPostMessage: every documented condition, through a real input page. That
 * a refusal changes nothing is checked in each of them by looking at everything.
 */
#include <string.h>

#include "suites.h"
#include "world.h"

static struct look before;
static struct guest other;

static void assert_refused(const struct hv_post_message_input *input,
			   uint16_t status)
{
	memcpy(world.sender.memory + INPUT_GPA, input, sizeof(*input));
	look_at_world(&before);
	ck_assert_uint_eq(guest_post(input), status);
	assert_world_is(&before);
}

static void assert_post_refused(uint16_t status)
{
	struct hv_post_message_input input = post_input(CONNECTION, 1);

	assert_refused(&input, status);
}

START_TEST(post_to_an_idle_port_is_delivered)
{
	ck_assert_uint_eq(post(CONNECTION, 7), 0);
	ck_assert_uint_eq(take(0, SINT), 7);
	ck_assert_uint_eq(world.receiver.interrupts, 1);
}
END_TEST

/* ACCESS_DENIED */

START_TEST(caller_without_post_messages_is_denied)
{
	struct hv_post_message_input input = post_input(CONNECTION, 1);

	guest_make(&other, HV_ACCESS_HYPERCALL_MSRS |
		   HVHOST_PRIVILEGE(HV_SIGNAL_EVENTS));
	guest_add_vp(&other, 0);
	guest_write_msr(&other, 0, HV_MSR_GUEST_OS_ID, 1);
	look_at_world(&before);
	ck_assert_uint_eq(guest_call_with(&other, HV_CALL_POST_MESSAGE, &input,
					  sizeof(input)),
			  HV_STATUS_ACCESS_DENIED);
	assert_world_is(&before);
}
END_TEST

/* INVALID_CONNECTION_ID */

START_TEST(unknown_connection_is_refused)
{
	struct hv_post_message_input input = post_input(CONNECTION + 1, 1);

	assert_refused(&input, HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

START_TEST(connection_id_with_a_high_bit_is_refused)
{
	struct hv_post_message_input input =
		post_input(CONNECTION | 1u << _i, 1);

	assert_refused(&input, HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

START_TEST(connection_of_another_partition_is_refused)
{
	struct hv_post_message_input input = post_input(CONNECTION, 1);

	look_at_world(&before);
	ck_assert_uint_eq(guest_call_with(&world.receiver, HV_CALL_POST_MESSAGE,
					  &input, sizeof(input)),
			  HV_STATUS_INVALID_CONNECTION_ID);
	memcpy(before.receiver_memory, world.receiver.memory,
	       WORLD_MEMORY_SIZE);
	assert_world_is(&before);
}
END_TEST

START_TEST(disconnected_connection_is_refused)
{
	ck_assert_uint_eq(host_disconnect(CONNECTION), 0);
	assert_post_refused(HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

/* INVALID_PORT_ID */

START_TEST(deleted_port_is_refused)
{
	ck_assert_uint_eq(host_delete(PORT), 0);
	assert_post_refused(HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(port_made_anew_under_its_old_id_is_not_what_was_connected)
{
	ck_assert_uint_eq(host_delete(PORT), 0);
	ck_assert_uint_eq(host_create(message_port(PORT, SINT, 0)), 0);
	assert_post_refused(HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(port_of_a_finalizing_partition_is_refused)
{
	hvhost_partition_begin_finalize(world.receiver.partition);
	assert_post_refused(HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(port_of_a_finalized_partition_is_refused)
{
	hvhost_partition_finalize(world.receiver.partition);
	memset(world.receiver.vp, 0, sizeof(world.receiver.vp));
	assert_post_refused(HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(event_port_is_refused)
{
	struct hv_post_message_input input = post_input(EVENT_CONNECTION, 1);

	assert_refused(&input, HV_STATUS_INVALID_PORT_ID);
	ck_assert_uint_eq(counters_of(EVENT_PORT).refused, 1);
}
END_TEST

/* INVALID_PARAMETER */

START_TEST(type_of_the_hypervisor_is_refused)
{
	struct hv_post_message_input input = post_input(CONNECTION, 0x80000000);

	assert_refused(&input, HV_STATUS_INVALID_PARAMETER);
	input.message_type = 0x80000001;
	assert_refused(&input, HV_STATUS_INVALID_PARAMETER);
	input.message_type = UINT32_MAX;
	assert_refused(&input, HV_STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(type_zero_is_refused)
{
	struct hv_post_message_input input = post_input(CONNECTION, 0);

	assert_refused(&input, HV_STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(payload_over_240_bytes_is_refused)
{
	struct hv_post_message_input input = post_input(CONNECTION, 1);

	input.payload_size = 241;
	assert_refused(&input, HV_STATUS_INVALID_PARAMETER);
	input.payload_size = 256;
	assert_refused(&input, HV_STATUS_INVALID_PARAMETER);
	input.payload_size = UINT32_MAX;
	assert_refused(&input, HV_STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(highest_type_of_a_guest_is_taken)
{
	ck_assert_uint_eq(post(CONNECTION, HV_MESSAGE_TYPE_GUEST_MAX), 0);
	ck_assert_uint_eq(take(0, SINT), HV_MESSAGE_TYPE_GUEST_MAX);
}
END_TEST

START_TEST(reserved_word_is_refused)
{
	struct hv_post_message_input input = post_input(CONNECTION, 1);

	input.rsvdz = 1u << _i;
	assert_refused(&input, HV_STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(reserved_word_is_taken_where_the_machine_is_relaxed)
{
	struct hv_post_message_input input = post_input(CONNECTION, 9);

	input.rsvdz = 1u << _i;
	ck_assert_uint_eq(guest_post(&input), 0);
	ck_assert_uint_eq(take(0, SINT), 9);
}
END_TEST

/* INSUFFICIENT_BUFFERS */

static void fill_port(void)
{
	for (uint32_t i = 0; i < BUFFERS + 1; i++)
		ck_assert_uint_eq(post(CONNECTION, i + 1), 0);
}

START_TEST(port_without_a_free_buffer_is_refused)
{
	fill_port();
	assert_post_refused(HV_STATUS_INSUFFICIENT_BUFFERS);
	ck_assert_uint_eq(counters_of(PORT).refused, 1);
}
END_TEST

/* INVALID_VP_INDEX */

START_TEST(port_whose_vp_is_gone_is_refused)
{
	hvhost_vp_free(world.receiver.vp[0]);
	world.receiver.vp[0] = NULL;
	assert_post_refused(HV_STATUS_INVALID_VP_INDEX);
}
END_TEST

START_TEST(port_whose_vp_was_the_last_is_refused)
{
	make_link(CONNECTION + 1, PORT + 1, SINT, 1);
	hvhost_vp_free(world.receiver.vp[1]);
	world.receiver.vp[1] = NULL;
	ck_assert_uint_eq(post(CONNECTION + 1, 1), HV_STATUS_INVALID_VP_INDEX);
}
END_TEST

START_TEST(port_for_any_vp_without_a_vp_is_refused)
{
	struct hv_post_message_input input = post_input(CONNECTION + 1, 1);

	make_link(CONNECTION + 1, PORT + 1, SINT, HV_ANY_VP);
	for (uint32_t vp = 0; vp < 2; vp++) {
		hvhost_vp_free(world.receiver.vp[vp]);
		world.receiver.vp[vp] = NULL;
	}
	assert_refused(&input, HV_STATUS_INVALID_VP_INDEX);
}
END_TEST

/* INVALID_SYNIC_STATE */

START_TEST(vp_with_its_synic_off_is_refused)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_SCONTROL, 0);
	assert_post_refused(HV_STATUS_INVALID_SYNIC_STATE);
}
END_TEST

START_TEST(vp_with_its_sim_page_off_is_refused)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_SIMP, SIM_GPA(0));
	assert_post_refused(HV_STATUS_INVALID_SYNIC_STATE);
}
END_TEST

START_TEST(any_vp_is_refused_only_where_all_are_off)
{
	struct hv_post_message_input input = post_input(CONNECTION + 1, 1);

	make_link(CONNECTION + 1, PORT + 1, SINT, HV_ANY_VP);
	guest_write_msr(&world.receiver, 0, HV_MSR_SCONTROL, 0);
	ck_assert_uint_eq(guest_post(&input), 0);
	ck_assert_uint_eq(take(1, SINT), 1);
	guest_write_msr(&world.receiver, 1, HV_MSR_SIMP, SIM_GPA(1));
	assert_refused(&input, HV_STATUS_INVALID_SYNIC_STATE);
}
END_TEST

START_TEST(sief_page_is_not_asked_for)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_SIEFP, 0);
	ck_assert_uint_eq(post(CONNECTION, 1), 0);
}
END_TEST

/* Order: each fault outranks all that come after it in this table. */

struct attempt {
	struct guest *caller;
	uint64_t control;
	uint64_t gpa;
	struct hv_post_message_input input;
};

static void use_unknown_code(struct attempt *attempt)
{
	attempt->control = (attempt->control & ~HV_CONTROL_CODE_MASK) | 0x5e;
}

static void lack_privilege(struct attempt *attempt)
{
	guest_make(&other, HV_ACCESS_HYPERCALL_MSRS);
	guest_add_vp(&other, 0);
	guest_write_msr(&other, 0, HV_MSR_GUEST_OS_ID, 1);
	other.page_unreadable = world.sender.page_unreadable;
	attempt->caller = &other;
}

static void set_control_bit(struct attempt *attempt)
{
	attempt->control |= HV_CONTROL_FAST;
}

static void misalign(struct attempt *attempt)
{
	attempt->gpa += 4;
}

static void hide_memory(struct attempt *attempt)
{
	attempt->caller->page_unreadable = INPUT_GPA;
}

static void clear_type(struct attempt *attempt)
{
	attempt->input.message_type = 0;
}

static void name_no_connection(struct attempt *attempt)
{
	attempt->input.connection_id = 0x99;
}

static void finalize_owner(struct attempt *attempt)
{
	(void)attempt;
	hvhost_partition_begin_finalize(world.receiver.partition);
}

static void remove_vp(struct attempt *attempt)
{
	(void)attempt;
	hvhost_vp_free(world.receiver.vp[0]);
	world.receiver.vp[0] = NULL;
}

static void disable_sim(struct attempt *attempt)
{
	(void)attempt;
	guest_write_msr(&world.receiver, 0, HV_MSR_SIMP, 0);
}

static void use_up_buffers(struct attempt *attempt)
{
	(void)attempt;
	fill_port();
}

static const struct fault {
	const char *name;
	uint16_t status;
	void (*commit)(struct attempt *attempt);
} faults[] = {
	{ "code", HV_STATUS_INVALID_HYPERCALL_CODE, use_unknown_code },
	{ "privilege", HV_STATUS_ACCESS_DENIED, lack_privilege },
	{ "control", HV_STATUS_INVALID_HYPERCALL_INPUT, set_control_bit },
	{ "alignment", HV_STATUS_INVALID_ALIGNMENT, misalign },
	{ "memory", HV_STATUS_INVALID_HYPERCALL_INPUT, hide_memory },
	{ "type", HV_STATUS_INVALID_PARAMETER, clear_type },
	{ "connection", HV_STATUS_INVALID_CONNECTION_ID, name_no_connection },
	{ "port", HV_STATUS_INVALID_PORT_ID, finalize_owner },
	{ "vp", HV_STATUS_INVALID_VP_INDEX, remove_vp },
	{ "synic", HV_STATUS_INVALID_SYNIC_STATE, disable_sim },
	{ "buffer", HV_STATUS_INSUFFICIENT_BUFFERS, use_up_buffers },
};

#define FAULTS	ROWS(faults)

#define PAIRS	(FAULTS * (FAULTS + 1) / 2)

/* Every pair, and every fault alone as a pair with itself. */
START_TEST(earlier_fault_outranks_the_later)
{
	int first = 0, second = _i;
	struct attempt attempt = {
		.caller = &world.sender, .control = HV_CALL_POST_MESSAGE,
		.gpa = INPUT_GPA, .input = post_input(CONNECTION, 1),
	};
	uint16_t status;

	while (second >= FAULTS)
		second += ++first - FAULTS;
	/* The later fault first: some would keep it from being committed. */
	faults[second].commit(&attempt);
	if (first != second)
		faults[first].commit(&attempt);
	memcpy(attempt.caller->memory + attempt.gpa, &attempt.input,
	       sizeof(attempt.input));
	status = guest_call(attempt.caller, attempt.control, attempt.gpa, 0);
	ck_assert_msg(status == faults[first].status, "%s and %s: 0x%x",
		      faults[first].name, faults[second].name, status);
}
END_TEST

static void add_conditions(TCase *tcase)
{
	tcase_add_test(tcase, post_to_an_idle_port_is_delivered);
	tcase_add_test(tcase, caller_without_post_messages_is_denied);
	tcase_add_test(tcase, unknown_connection_is_refused);
	tcase_add_loop_test(tcase, connection_id_with_a_high_bit_is_refused, 24,
			    32);
	tcase_add_test(tcase, connection_of_another_partition_is_refused);
	tcase_add_test(tcase, disconnected_connection_is_refused);
	tcase_add_test(tcase, deleted_port_is_refused);
	tcase_add_test(tcase,
		       port_made_anew_under_its_old_id_is_not_what_was_connected);
	tcase_add_test(tcase, port_of_a_finalizing_partition_is_refused);
	tcase_add_test(tcase, port_of_a_finalized_partition_is_refused);
	tcase_add_test(tcase, event_port_is_refused);
	tcase_add_test(tcase, type_of_the_hypervisor_is_refused);
	tcase_add_test(tcase, type_zero_is_refused);
	tcase_add_test(tcase, payload_over_240_bytes_is_refused);
	tcase_add_test(tcase, highest_type_of_a_guest_is_taken);
	tcase_add_loop_test(tcase, reserved_word_is_refused, 0, 32);
	tcase_add_test(tcase, port_without_a_free_buffer_is_refused);
	tcase_add_test(tcase, port_whose_vp_is_gone_is_refused);
	tcase_add_test(tcase, port_whose_vp_was_the_last_is_refused);
	tcase_add_test(tcase, port_for_any_vp_without_a_vp_is_refused);
	tcase_add_test(tcase, vp_with_its_synic_off_is_refused);
	tcase_add_test(tcase, vp_with_its_sim_page_off_is_refused);
	tcase_add_test(tcase, any_vp_is_refused_only_where_all_are_off);
	tcase_add_test(tcase, sief_page_is_not_asked_for);
}

Suite *post_suite(void)
{
	Suite *suite = suite_create("post");
	TCase *conditions = tcase_create("conditions");
	TCase *relaxed = tcase_create("relaxed");
	TCase *order = tcase_create("order");

	tcase_add_checked_fixture(conditions, world_setup, world_teardown);
	add_conditions(conditions);
	suite_add_tcase(suite, conditions);

	tcase_add_checked_fixture(relaxed, world_setup_relaxed, world_teardown);
	tcase_add_loop_test(relaxed,
			    reserved_word_is_taken_where_the_machine_is_relaxed,
			    0, 32);
	suite_add_tcase(suite, relaxed);

	tcase_add_checked_fixture(order, world_setup, world_teardown);
	tcase_add_loop_test(order, earlier_fault_outranks_the_later, 0,
			    PAIRS);
	suite_add_tcase(suite, order);
	return suite;
}
