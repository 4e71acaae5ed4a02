// SPDX-License-Identifier: MIT
/* CreatePort, DeletePort, GetPortProperty: each row of their status tables. */
#include <string.h>

#include "suites.h"
#include "world.h"

#define NEW_PORT	0x90u

static struct guest other;

/* The receiver, which owns the ports, asks for itself. */
static uint16_t guest_create(struct hv_create_port_input input)
{
	return guest_call_with(&world.receiver, HV_CALL_CREATE_PORT, &input,
			       sizeof(input));
}

static uint16_t guest_delete(uint64_t partition, uint32_t port_id)
{
	struct hv_delete_port_input input = {
		.port_partition = partition, .port_id = port_id,
	};

	return guest_call_with(&world.receiver, HV_CALL_DELETE_PORT, &input,
			       sizeof(input));
}

static uint16_t host_property(uint64_t partition, uint32_t port_id,
			      uint32_t property, uint64_t *value)
{
	struct hv_get_port_property_input input = {
		.port_partition = partition,
		.port_id = port_id,
		.property = property,
	};

	return hvhost_get_port_property(world.machine, &input, value);
}

/* The same for host and guest; nothing comes of it. */
static void assert_create_refused(struct hv_create_port_input input,
				  uint16_t status)
{
	struct hvhost_port_counters counters;

	ck_assert_uint_eq(host_create(input), status);
	ck_assert_uint_eq(guest_create(input), status);
	if (input.port_id == NEW_PORT)
		ck_assert_int_ne(hvhost_port_counters(world.receiver.partition,
						      NEW_PORT, &counters), 0);
}

START_TEST(host_creates_a_port_for_a_partition)
{
	ck_assert_uint_eq(host_create(message_port(NEW_PORT, SINT, 0)), 0);
	ck_assert_uint_eq(counters_of(NEW_PORT).buffers_free, BUFFERS);
}
END_TEST

START_TEST(guest_creates_a_port_for_itself_by_id)
{
	ck_assert_uint_eq(guest_create(message_port(NEW_PORT, SINT, 0)), 0);
	ck_assert_uint_eq(counters_of(NEW_PORT).posted, 0);
}
END_TEST

START_TEST(guest_creates_a_port_for_itself_as_self)
{
	struct hv_create_port_input input = message_port(NEW_PORT, SINT, 0);

	input.port_partition = HV_PARTITION_ID_SELF;
	ck_assert_uint_eq(guest_create(input), 0);
	ck_assert_uint_eq(counters_of(NEW_PORT).posted, 0);
}
END_TEST

START_TEST(guest_may_not_create_a_port_for_another)
{
	struct hv_create_port_input input = message_port(NEW_PORT, SINT, 0);

	input.port_partition = world.sender.id;
	input.connection_partition = world.receiver.id;
	ck_assert_uint_eq(guest_create(input), HV_STATUS_ACCESS_DENIED);
}
END_TEST

START_TEST(self_is_nobody_to_the_host)
{
	struct hv_create_port_input input = message_port(NEW_PORT, SINT, 0);

	input.port_partition = HV_PARTITION_ID_SELF;
	ck_assert_uint_eq(host_create(input), HV_STATUS_INVALID_PARTITION_ID);
}
END_TEST

static const uint64_t nobody[] = { 0, 0x7777, UINT64_MAX - 1 };

START_TEST(unknown_port_partition_is_refused)
{
	struct hv_create_port_input input = message_port(NEW_PORT, SINT, 0);

	input.port_partition = nobody[_i];
	assert_create_refused(input, HV_STATUS_INVALID_PARTITION_ID);
}
END_TEST

START_TEST(unknown_connection_partition_is_refused)
{
	struct hv_create_port_input input = message_port(NEW_PORT, SINT, 0);

	input.connection_partition = nobody[_i];
	assert_create_refused(input, HV_STATUS_INVALID_PARTITION_ID);
}
END_TEST

START_TEST(partition_cannot_be_its_own_peer)
{
	struct hv_create_port_input input = message_port(NEW_PORT, SINT, 0);

	input.connection_partition = input.port_partition;
	assert_create_refused(input, HV_STATUS_INVALID_PARTITION_ID);
	input.connection_partition = HV_PARTITION_ID_SELF;
	assert_create_refused(input, HV_STATUS_INVALID_PARTITION_ID);
}
END_TEST

START_TEST(inactive_port_partition_is_refused)
{
	hvhost_partition_begin_finalize(world.receiver.partition);
	assert_create_refused(message_port(NEW_PORT, SINT, 0),
			      HV_STATUS_INVALID_PARTITION_STATE);
}
END_TEST

START_TEST(inactive_connection_partition_is_refused)
{
	hvhost_partition_begin_finalize(world.sender.partition);
	assert_create_refused(message_port(NEW_PORT, SINT, 0),
			      HV_STATUS_INVALID_PARTITION_STATE);
}
END_TEST

START_TEST(uninitialized_port_partition_is_refused)
{
	struct hvhost_partition_config config = guest_config(&other);
	struct hv_create_port_input input = message_port(NEW_PORT, SINT, 0);

	ck_assert_int_eq(hvhost_partition_new(world.machine, &config,
					      &other.partition), 0);
	input.port_partition = hvhost_partition_id(other.partition);
	ck_assert_uint_eq(host_create(input), HV_STATUS_INVALID_PARTITION_STATE);
}
END_TEST

START_TEST(port_id_in_use_is_refused)
{
	assert_create_refused(message_port(PORT, SINT, 0),
			      HV_STATUS_INVALID_PORT_ID);
	assert_create_refused(message_port(EVENT_PORT, SINT, 0),
			      HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(port_id_with_a_high_bit_is_refused)
{
	assert_create_refused(message_port(NEW_PORT | 1u << _i, SINT, 0),
			      HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(any_24_bit_port_id_is_taken)
{
	ck_assert_uint_eq(host_create(message_port(0, SINT, 0)), 0);
	ck_assert_uint_eq(host_create(message_port(HV_ID_MASK, SINT, 0)), 0);
}
END_TEST

static const uint32_t bad_vps[] = {
	2, 3, WORLD_VPS, 4096, 0x80000000, HV_VP_SELF,
};

START_TEST(vp_that_is_not_there_is_refused)
{
	assert_create_refused(message_port(NEW_PORT, SINT, bad_vps[_i]),
			      HV_STATUS_INVALID_VP_INDEX);
	assert_create_refused(event_port(NEW_PORT, SINT, bad_vps[_i]),
			      HV_STATUS_INVALID_VP_INDEX);
}
END_TEST

START_TEST(any_vp_is_taken)
{
	ck_assert_uint_eq(host_create(message_port(NEW_PORT, SINT, HV_ANY_VP)),
			  0);
	ck_assert_uint_eq(host_create(event_port(NEW_PORT + 1, SINT,
						 HV_ANY_VP)), 0);
}
END_TEST

static const uint32_t bad_sints[] = { 0, 16, 17, 256 + 3, UINT32_MAX };

START_TEST(sint_outside_1_to_15_is_refused)
{
	assert_create_refused(message_port(NEW_PORT, bad_sints[_i], 0),
			      HV_STATUS_INVALID_PARAMETER);
	assert_create_refused(event_port(NEW_PORT, bad_sints[_i], 0),
			      HV_STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(sint_from_1_to_15_is_taken)
{
	ck_assert_uint_eq(host_create(message_port(NEW_PORT, (uint32_t)_i, 0)),
			  0);
}
END_TEST

static const uint32_t bad_types[] = {
	0, HV_PORT_TYPE_MONITOR, HV_PORT_TYPE_DOORBELL, 5, 0x101, UINT32_MAX,
};

START_TEST(port_type_that_is_not_ours_is_refused)
{
	struct hv_create_port_input input = message_port(NEW_PORT, SINT, 0);

	input.port_info.port_type = bad_types[_i];
	assert_create_refused(input, HV_STATUS_INVALID_PARAMETER);
}
END_TEST

static const struct {
	uint16_t base;
	uint16_t count;
	uint16_t status;
} flags[] = {
	{ 0, 0, HV_STATUS_INVALID_PARAMETER },
	{ 8, 0, HV_STATUS_INVALID_PARAMETER },
	{ 0, 1, HV_STATUS_SUCCESS },
	{ 0, 2048, HV_STATUS_SUCCESS },
	{ 2047, 1, HV_STATUS_SUCCESS },
	{ 1024, 1024, HV_STATUS_SUCCESS },
	{ 0, 2049, HV_STATUS_INVALID_PARAMETER },
	{ 1, 2048, HV_STATUS_INVALID_PARAMETER },
	{ 2048, 1, HV_STATUS_INVALID_PARAMETER },
	{ 2047, 2, HV_STATUS_INVALID_PARAMETER },
	{ 65535, 1, HV_STATUS_INVALID_PARAMETER },
	{ 65535, 65535, HV_STATUS_INVALID_PARAMETER },
};

START_TEST(flags_of_an_event_port_lie_within_2048)
{
	struct hv_create_port_input input = event_port(NEW_PORT, SINT, 0);

	input.port_info.u.event.base_flag_number = flags[_i].base;
	input.port_info.u.event.flag_count = flags[_i].count;
	ck_assert_uint_eq(host_create(input), flags[_i].status);
}
END_TEST

START_TEST(reserved_fields_of_a_port_must_be_zero)
{
	struct hv_create_port_input good = message_port(NEW_PORT, SINT, 0);
	struct hv_create_port_input input = good;

	input.rsvdz = 1;
	assert_create_refused(input, HV_STATUS_INVALID_PARAMETER);
	input = good;
	input.port_info.rsvdz = 1;
	assert_create_refused(input, HV_STATUS_INVALID_PARAMETER);
	input = good;
	input.port_info.u.message.rsvdz = 1ull << 63;
	assert_create_refused(input, HV_STATUS_INVALID_PARAMETER);
	input = event_port(NEW_PORT, SINT, 0);
	input.port_info.u.event.rsvdz = 1;
	assert_create_refused(input, HV_STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(port_in_another_trust_level_is_refused)
{
	struct hv_create_port_input input = message_port(NEW_PORT, SINT, 0);

	input.port_vtl = 1;
	assert_create_refused(input, HV_STATUS_INVALID_PARAMETER);
	input.port_vtl = 0;
	input.min_connection_vtl = 1;
	assert_create_refused(input, HV_STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(proximity_is_ignored)
{
	struct hv_create_port_input input = message_port(NEW_PORT, SINT, 0);

	input.proximity.id = 1;
	input.proximity.flags = UINT32_MAX;
	ck_assert_uint_eq(host_create(input), 0);
}
END_TEST

START_TEST(partition_has_no_more_ports_than_its_limit)
{
	struct hvhost_partition_config config = guest_config(&world.receiver);
	struct hvhost_vp *vp;

	config.ports_max = 2;
	ck_assert_int_eq(hvhost_partition_new(world.machine, &config,
					      &world.receiver.partition), 0);
	world.receiver.id = hvhost_partition_id(world.receiver.partition);
	hvhost_partition_activate(world.receiver.partition);
	ck_assert_int_eq(hvhost_vp_new(world.receiver.partition, 0, NULL, NULL,
				       &vp), 0);
	ck_assert_uint_eq(host_create(message_port(1, SINT, 0)), 0);
	ck_assert_uint_eq(host_create(message_port(2, SINT, 0)), 0);
	ck_assert_uint_eq(host_create(message_port(3, SINT, 0)),
			  HV_STATUS_NO_RESOURCES);
	ck_assert_uint_eq(host_delete(1), 0);
	ck_assert_uint_eq(host_create(message_port(3, SINT, 0)), 0);
}
END_TEST

/* DeletePort */

START_TEST(host_deletes_a_port)
{
	struct hvhost_port_counters counters;

	ck_assert_uint_eq(host_delete(PORT), 0);
	ck_assert_int_ne(hvhost_port_counters(world.receiver.partition, PORT,
					      &counters), 0);
	ck_assert_uint_eq(host_delete(PORT), HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(guest_deletes_its_own_port)
{
	ck_assert_uint_eq(guest_delete(HV_PARTITION_ID_SELF, PORT), 0);
	ck_assert_uint_eq(guest_delete(world.receiver.id, EVENT_PORT), 0);
	ck_assert_uint_eq(post(CONNECTION, 1), HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(guest_deletes_by_registers)
{
	ck_assert_uint_eq(guest_call(&world.receiver, HV_CALL_DELETE_PORT |
				     HV_CONTROL_FAST, world.receiver.id, PORT),
			  0);
	ck_assert_uint_eq(host_delete(PORT), HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(guest_may_not_delete_a_port_of_another)
{
	ck_assert_uint_eq(guest_delete(world.sender.id, PORT),
			  HV_STATUS_ACCESS_DENIED);
}
END_TEST

START_TEST(port_of_an_unknown_partition_cannot_be_deleted)
{
	ck_assert_uint_eq(guest_delete(nobody[_i], PORT),
			  HV_STATUS_INVALID_PARTITION_ID);
}
END_TEST

START_TEST(port_that_is_not_there_cannot_be_deleted)
{
	ck_assert_uint_eq(host_delete(NEW_PORT), HV_STATUS_INVALID_PORT_ID);
	ck_assert_uint_eq(host_delete(PORT | 1u << 24),
			  HV_STATUS_INVALID_PORT_ID);
	ck_assert_uint_eq(guest_delete(HV_PARTITION_ID_SELF, PORT | 1u << 31),
			  HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(port_of_an_inactive_partition_cannot_be_deleted)
{
	hvhost_partition_begin_finalize(world.receiver.partition);
	ck_assert_uint_eq(host_delete(PORT), HV_STATUS_INVALID_PARTITION_STATE);
	ck_assert_uint_eq(guest_delete(HV_PARTITION_ID_SELF, PORT),
			  HV_STATUS_INVALID_PARTITION_STATE);
}
END_TEST

START_TEST(reserved_word_of_a_deletion_must_be_zero)
{
	struct hv_delete_port_input input = {
		.port_partition = world.receiver.id, .port_id = PORT, .rsvdz = 1,
	};

	ck_assert_uint_eq(hvhost_delete_port(world.machine, &input),
			  HV_STATUS_INVALID_PARAMETER);
	ck_assert_uint_eq(counters_of(PORT).posted, 0);
}
END_TEST

START_TEST(deleted_id_can_be_created_again_as_another_type)
{
	ck_assert_uint_eq(host_delete(PORT), 0);
	ck_assert_uint_eq(host_create(event_port(PORT, SINT, 0)), 0);
	ck_assert_uint_eq(post(CONNECTION, 1), HV_STATUS_INVALID_PORT_ID);
	ck_assert_uint_eq(guest_signal(CONNECTION, 0),
			  HV_STATUS_INVALID_PORT_ID);
}
END_TEST

/* GetPortProperty */

START_TEST(post_count_counts_successes)
{
	uint64_t value;

	ck_assert_uint_eq(host_property(world.receiver.id, PORT,
					HV_PORT_PROPERTY_POST_COUNT, &value), 0);
	ck_assert_uint_eq(value, 0);
	for (uint32_t i = 0; i < BUFFERS + 3; i++)
		post(CONNECTION, 1);
	ck_assert_uint_eq(host_property(world.receiver.id, PORT,
					HV_PORT_PROPERTY_POST_COUNT, &value), 0);
	ck_assert_uint_eq(value, BUFFERS + 1);
}
END_TEST

START_TEST(new_port_prefers_no_vp)
{
	uint64_t value;

	ck_assert_uint_eq(host_property(world.receiver.id, PORT,
					HV_PORT_PROPERTY_PREFERRED_TARGET_VP,
					&value), 0);
	ck_assert_uint_eq(value, HV_ANY_VP);
}
END_TEST

START_TEST(unknown_property_is_refused)
{
	uint64_t value = 1;

	ck_assert_uint_eq(host_property(world.receiver.id, PORT, 2, &value),
			  HV_STATUS_UNKNOWN_PROPERTY);
	ck_assert_uint_eq(value, 0);
	ck_assert_uint_eq(host_property(world.receiver.id, PORT, UINT32_MAX,
					&value), HV_STATUS_UNKNOWN_PROPERTY);
}
END_TEST

START_TEST(property_of_no_port_is_refused)
{
	uint64_t value;

	ck_assert_uint_eq(host_property(0x7777, PORT, 0, &value),
			  HV_STATUS_INVALID_PARTITION_ID);
	ck_assert_uint_eq(host_property(world.receiver.id, NEW_PORT, 0, &value),
			  HV_STATUS_INVALID_PORT_ID);
	ck_assert_uint_eq(host_property(world.receiver.id, PORT | 1u << 24, 0,
					&value), HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(guest_may_not_ask_for_a_port_of_another)
{
	struct hv_get_port_property_input input = {
		.port_partition = world.sender.id, .port_id = PORT,
	};

	ck_assert_uint_eq(guest_call_with(&world.receiver,
					  HV_CALL_GET_PORT_PROPERTY, &input,
					  sizeof(input)),
			  HV_STATUS_ACCESS_DENIED);
}
END_TEST

START_TEST(guest_asks_for_its_own_port)
{
	struct hv_get_port_property_input input = {
		.port_partition = HV_PARTITION_ID_SELF, .port_id = PORT,
		.property = HV_PORT_PROPERTY_POST_COUNT,
		.padding0 = 1, .padding1 = 1,
	};
	uint64_t value;

	post(CONNECTION, 1);
	ck_assert_uint_eq(guest_call_with(&world.receiver,
					  HV_CALL_GET_PORT_PROPERTY, &input,
					  sizeof(input)), 0);
	memcpy(&value, world.receiver.memory + OUTPUT_GPA, sizeof(value));
	ck_assert_uint_eq(value, 1);
}
END_TEST

static void add_create_tests(TCase *tcase)
{
	tcase_add_test(tcase, host_creates_a_port_for_a_partition);
	tcase_add_test(tcase, guest_creates_a_port_for_itself_by_id);
	tcase_add_test(tcase, guest_creates_a_port_for_itself_as_self);
	tcase_add_test(tcase, guest_may_not_create_a_port_for_another);
	tcase_add_test(tcase, self_is_nobody_to_the_host);
	tcase_add_loop_test(tcase, unknown_port_partition_is_refused, 0,
			    ROWS(nobody));
	tcase_add_loop_test(tcase, unknown_connection_partition_is_refused, 0,
			    ROWS(nobody));
	tcase_add_test(tcase, partition_cannot_be_its_own_peer);
	tcase_add_test(tcase, inactive_port_partition_is_refused);
	tcase_add_test(tcase, inactive_connection_partition_is_refused);
	tcase_add_test(tcase, uninitialized_port_partition_is_refused);
	tcase_add_test(tcase, port_id_in_use_is_refused);
	tcase_add_loop_test(tcase, port_id_with_a_high_bit_is_refused, 24, 32);
	tcase_add_test(tcase, any_24_bit_port_id_is_taken);
	tcase_add_loop_test(tcase, vp_that_is_not_there_is_refused, 0,
			    ROWS(bad_vps));
	tcase_add_test(tcase, any_vp_is_taken);
	tcase_add_loop_test(tcase, sint_outside_1_to_15_is_refused, 0,
			    ROWS(bad_sints));
	tcase_add_loop_test(tcase, sint_from_1_to_15_is_taken, 1, 16);
	tcase_add_loop_test(tcase, port_type_that_is_not_ours_is_refused, 0,
			    ROWS(bad_types));
	tcase_add_loop_test(tcase, flags_of_an_event_port_lie_within_2048, 0,
			    ROWS(flags));
	tcase_add_test(tcase, reserved_fields_of_a_port_must_be_zero);
	tcase_add_test(tcase, port_in_another_trust_level_is_refused);
	tcase_add_test(tcase, proximity_is_ignored);
	tcase_add_test(tcase, partition_has_no_more_ports_than_its_limit);
}

static void add_delete_tests(TCase *tcase)
{
	tcase_add_test(tcase, host_deletes_a_port);
	tcase_add_test(tcase, guest_deletes_its_own_port);
	tcase_add_test(tcase, guest_deletes_by_registers);
	tcase_add_test(tcase, guest_may_not_delete_a_port_of_another);
	tcase_add_loop_test(tcase,
			    port_of_an_unknown_partition_cannot_be_deleted, 0,
			    ROWS(nobody));
	tcase_add_test(tcase, port_that_is_not_there_cannot_be_deleted);
	tcase_add_test(tcase, port_of_an_inactive_partition_cannot_be_deleted);
	tcase_add_test(tcase, reserved_word_of_a_deletion_must_be_zero);
	tcase_add_test(tcase, deleted_id_can_be_created_again_as_another_type);
}

static void add_property_tests(TCase *tcase)
{
	tcase_add_test(tcase, post_count_counts_successes);
	tcase_add_test(tcase, new_port_prefers_no_vp);
	tcase_add_test(tcase, unknown_property_is_refused);
	tcase_add_test(tcase, property_of_no_port_is_refused);
	tcase_add_test(tcase, guest_may_not_ask_for_a_port_of_another);
	tcase_add_test(tcase, guest_asks_for_its_own_port);
}

Suite *port_suite(void)
{
	Suite *suite = suite_create("port");
	TCase *tcase = tcase_create("port");

	tcase_add_checked_fixture(tcase, world_setup, world_teardown);
	add_create_tests(tcase);
	add_delete_tests(tcase);
	add_property_tests(tcase);
	suite_add_tcase(suite, tcase);
	return suite;
}
