// SPDX-License-Identifier: MIT
/* ConnectPort, DisconnectPort: each row of their status tables. */
#include <errno.h>
#include <string.h>

#include "suites.h"
#include "world.h"

#define NEW_PORT	0x90u
#define NEW_CONNECTION	0x30u

static struct guest other;

/* A port that nobody is connected to. */
static void set_up(void)
{
	world_setup();
	ck_assert_uint_eq(host_create(message_port(NEW_PORT, SINT, 0)), 0);
}

static struct hv_connect_port_input good(void)
{
	return connect_to(NEW_CONNECTION, NEW_PORT, HV_PORT_TYPE_MESSAGE);
}

static uint16_t guest_connect(struct hv_connect_port_input input)
{
	return guest_call_with(&world.sender, HV_CALL_CONNECT_PORT, &input,
			       sizeof(input));
}

static uint16_t guest_disconnect(uint64_t partition, uint32_t connection_id)
{
	struct hv_disconnect_port_input input = {
		.connection_partition = partition,
		.connection_id = connection_id,
	};

	return guest_call_with(&world.sender, HV_CALL_DISCONNECT_PORT, &input,
			       sizeof(input));
}

/* The same for host and guest; the port is still free afterwards. */
static void assert_refused(struct hv_connect_port_input input, uint16_t status)
{
	ck_assert_uint_eq(host_connect(input), status);
	ck_assert_uint_eq(guest_connect(input), status);
	ck_assert_uint_eq(post(NEW_CONNECTION, 1),
			  HV_STATUS_INVALID_CONNECTION_ID);
}

START_TEST(host_connects_a_partition)
{
	ck_assert_uint_eq(host_connect(good()), 0);
	ck_assert_uint_eq(post(NEW_CONNECTION, 5), 0);
	ck_assert_uint_eq(slot_of(0, SINT)->origin, NEW_PORT);
}
END_TEST

START_TEST(guest_connects_itself_by_id)
{
	ck_assert_uint_eq(guest_connect(good()), 0);
	ck_assert_uint_eq(post(NEW_CONNECTION, 5), 0);
}
END_TEST

START_TEST(guest_connects_itself_as_self)
{
	struct hv_connect_port_input input = good();

	input.connection_partition = HV_PARTITION_ID_SELF;
	ck_assert_uint_eq(guest_connect(input), 0);
	ck_assert_uint_eq(post(NEW_CONNECTION, 5), 0);
}
END_TEST

START_TEST(guest_may_not_connect_another)
{
	struct hv_connect_port_input input = good();

	input.connection_partition = world.receiver.id;
	ck_assert_uint_eq(guest_connect(input), HV_STATUS_ACCESS_DENIED);
}
END_TEST

START_TEST(self_is_nobody_to_the_host)
{
	struct hv_connect_port_input input = good();

	input.connection_partition = HV_PARTITION_ID_SELF;
	ck_assert_uint_eq(host_connect(input), HV_STATUS_INVALID_PARTITION_ID);
}
END_TEST

START_TEST(self_is_nobody_as_a_port_partition)
{
	struct hv_connect_port_input input = good();

	input.port_partition = HV_PARTITION_ID_SELF;
	assert_refused(input, HV_STATUS_INVALID_PARTITION_ID);
}
END_TEST

static const uint64_t nobody[] = { 0, 0x7777, UINT64_MAX - 1 };

START_TEST(unknown_connection_partition_is_refused)
{
	struct hv_connect_port_input input = good();

	input.connection_partition = nobody[_i];
	assert_refused(input, HV_STATUS_INVALID_PARTITION_ID);
}
END_TEST

START_TEST(unknown_port_partition_is_refused)
{
	struct hv_connect_port_input input = good();

	input.port_partition = nobody[_i];
	assert_refused(input, HV_STATUS_INVALID_PARTITION_ID);
}
END_TEST

START_TEST(only_the_partition_that_the_port_names_may_connect)
{
	struct hv_connect_port_input input = good();

	guest_make(&other, guest_config(&other).privileges);
	input.connection_partition = other.id;
	ck_assert_uint_eq(host_connect(input), HV_STATUS_INVALID_PARTITION_ID);
	guest_add_vp(&other, 0);
	guest_write_msr(&other, 0, HV_MSR_GUEST_OS_ID, 1);
	ck_assert_uint_eq(guest_call_with(&other, HV_CALL_CONNECT_PORT, &input,
					  sizeof(input)),
			  HV_STATUS_INVALID_PARTITION_ID);
}
END_TEST

START_TEST(inactive_connection_partition_is_refused)
{
	hvhost_partition_begin_finalize(world.sender.partition);
	assert_refused(good(), HV_STATUS_INVALID_PARTITION_STATE);
}
END_TEST

START_TEST(inactive_port_partition_is_refused)
{
	hvhost_partition_begin_finalize(world.receiver.partition);
	assert_refused(good(), HV_STATUS_INVALID_PARTITION_STATE);
}
END_TEST

START_TEST(connection_id_in_use_is_refused)
{
	struct hv_connect_port_input input = good();

	input.connection_id = EVENT_CONNECTION;
	assert_refused(input, HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

START_TEST(connection_id_with_a_high_bit_is_refused)
{
	struct hv_connect_port_input input = good();

	input.connection_id |= 1u << _i;
	assert_refused(input, HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

START_TEST(any_24_bit_connection_id_is_taken)
{
	struct hv_connect_port_input input = good();

	input.connection_id = HV_ID_MASK;
	ck_assert_uint_eq(host_connect(input), 0);
	ck_assert_uint_eq(host_disconnect(HV_ID_MASK), 0);
	input.connection_id = 0;
	ck_assert_uint_eq(host_connect(input), 0);
	ck_assert_uint_eq(post(0, 1), 0);
}
END_TEST

START_TEST(absent_port_is_refused)
{
	struct hv_connect_port_input input = good();

	input.port_id = NEW_PORT + 1;
	assert_refused(input, HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(port_id_with_a_high_bit_is_refused)
{
	struct hv_connect_port_input input = good();

	input.port_id |= 1u << _i;
	assert_refused(input, HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(connected_port_is_refused)
{
	struct hv_connect_port_input input = good();

	input.port_id = PORT;
	assert_refused(input, HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(port_of_another_type_is_refused)
{
	struct hv_connect_port_input input = good();

	input.connection_info.port_type = HV_PORT_TYPE_EVENT;
	assert_refused(input, HV_STATUS_INVALID_PORT_ID);
}
END_TEST

static const uint32_t bad_types[] = {
	0, HV_PORT_TYPE_MONITOR, HV_PORT_TYPE_DOORBELL, 5, UINT32_MAX,
};

START_TEST(connection_type_that_is_not_ours_is_refused)
{
	struct hv_connect_port_input input = good();

	input.connection_info.port_type = bad_types[_i];
	assert_refused(input, HV_STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(reserved_fields_of_a_connection_must_be_zero)
{
	struct hv_connect_port_input input = good();

	input.rsvdz0 = 1;
	assert_refused(input, HV_STATUS_INVALID_PARAMETER);
	input = good();
	input.rsvdz1 = 1;
	assert_refused(input, HV_STATUS_INVALID_PARAMETER);
	input = good();
	input.rsvdz2 = 1;
	assert_refused(input, HV_STATUS_INVALID_PARAMETER);
	input = good();
	input.connection_info.rsvdz = 1;
	assert_refused(input, HV_STATUS_INVALID_PARAMETER);
	input = good();
	input.connection_info.u.rsvdz_message = 1;
	assert_refused(input, HV_STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(connection_of_another_trust_level_is_refused)
{
	struct hv_connect_port_input input = good();

	input.connection_vtl = 1;
	assert_refused(input, HV_STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(partition_has_no_more_connections_than_its_limit)
{
	struct hvhost_partition_config config = guest_config(&other);
	struct hv_connect_port_input connect;
	struct hv_create_port_input create;

	config.connections_max = 1;
	ck_assert_int_eq(hvhost_partition_new(world.machine, &config,
					      &other.partition), 0);
	hvhost_partition_activate(other.partition);
	for (uint32_t i = 1; i <= 2; i++) {
		create = message_port(i, SINT, 0);
		create.connection_partition =
			hvhost_partition_id(other.partition);
		ck_assert_uint_eq(host_create(create), 0);
		connect = connect_to(i, i, HV_PORT_TYPE_MESSAGE);
		connect.connection_partition = create.connection_partition;
		ck_assert_uint_eq(host_connect(connect),
				  i == 1 ? 0 : HV_STATUS_NO_RESOURCES);
	}
}
END_TEST

/* Order of the checks where two faults meet */

START_TEST(partition_mismatch_outranks_what_is_wrong_with_the_port)
{
	struct hv_connect_port_input input = good();

	guest_make(&other, 0);
	input.connection_partition = other.id;
	input.port_id = PORT;				/* connected */
	ck_assert_uint_eq(host_connect(input), HV_STATUS_INVALID_PARTITION_ID);
	input.connection_info.port_type = HV_PORT_TYPE_EVENT;
	ck_assert_uint_eq(host_connect(input), HV_STATUS_INVALID_PARTITION_ID);
}
END_TEST

START_TEST(unknown_partition_outranks_the_state_of_the_other)
{
	struct hv_connect_port_input input = good();

	hvhost_partition_begin_finalize(world.sender.partition);
	input.port_partition = 0x7777;
	ck_assert_uint_eq(host_connect(input), HV_STATUS_INVALID_PARTITION_ID);
}
END_TEST

/* DisconnectPort */

START_TEST(host_disconnects)
{
	ck_assert_uint_eq(host_disconnect(CONNECTION), 0);
	ck_assert_uint_eq(host_disconnect(CONNECTION),
			  HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

START_TEST(guest_disconnects_itself)
{
	ck_assert_uint_eq(guest_disconnect(HV_PARTITION_ID_SELF, CONNECTION), 0);
	ck_assert_uint_eq(guest_disconnect(world.sender.id, EVENT_CONNECTION),
			  0);
	ck_assert_uint_eq(post(CONNECTION, 1), HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

START_TEST(guest_disconnects_by_registers)
{
	ck_assert_uint_eq(guest_call(&world.sender, HV_CALL_DISCONNECT_PORT |
				     HV_CONTROL_FAST, HV_PARTITION_ID_SELF,
				     CONNECTION), 0);
	ck_assert_uint_eq(post(CONNECTION, 1), HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

START_TEST(guest_may_not_disconnect_another)
{
	ck_assert_uint_eq(guest_disconnect(world.receiver.id, CONNECTION),
			  HV_STATUS_ACCESS_DENIED);
	ck_assert_uint_eq(post(CONNECTION, 1), 0);
}
END_TEST

START_TEST(connection_of_an_unknown_partition_cannot_be_disconnected)
{
	ck_assert_uint_eq(guest_disconnect(nobody[_i], CONNECTION),
			  HV_STATUS_INVALID_PARTITION_ID);
}
END_TEST

START_TEST(connection_that_is_not_there_cannot_be_disconnected)
{
	ck_assert_uint_eq(host_disconnect(NEW_CONNECTION),
			  HV_STATUS_INVALID_CONNECTION_ID);
	ck_assert_uint_eq(host_disconnect(CONNECTION | 1u << 24),
			  HV_STATUS_INVALID_CONNECTION_ID);
	ck_assert_uint_eq(guest_disconnect(HV_PARTITION_ID_SELF,
					   CONNECTION | 1u << 31),
			  HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

START_TEST(inactive_partition_cannot_disconnect)
{
	hvhost_partition_begin_finalize(world.sender.partition);
	ck_assert_uint_eq(host_disconnect(CONNECTION),
			  HV_STATUS_INVALID_PARTITION_STATE);
	ck_assert_uint_eq(guest_disconnect(HV_PARTITION_ID_SELF, CONNECTION),
			  HV_STATUS_INVALID_PARTITION_STATE);
}
END_TEST

START_TEST(connection_to_a_deleted_port_can_be_disconnected)
{
	ck_assert_uint_eq(host_delete(PORT), 0);
	ck_assert_uint_eq(host_disconnect(CONNECTION), 0);
}
END_TEST

START_TEST(connection_to_a_finalized_partition_can_be_disconnected)
{
	hvhost_partition_finalize(world.receiver.partition);
	ck_assert_uint_eq(host_disconnect(CONNECTION), 0);
}
END_TEST

START_TEST(disconnected_port_can_be_connected_again)
{
	ck_assert_uint_eq(host_disconnect(CONNECTION), 0);
	ck_assert_uint_eq(host_connect(connect_to(CONNECTION + 1, PORT,
						  HV_PORT_TYPE_MESSAGE)), 0);
	ck_assert_uint_eq(post(CONNECTION, 1), HV_STATUS_INVALID_CONNECTION_ID);
	ck_assert_uint_eq(post(CONNECTION + 1, 1), 0);
}
END_TEST

START_TEST(stale_connection_id_leads_to_its_new_port)
{
	ck_assert_uint_eq(host_disconnect(CONNECTION), 0);
	ck_assert_uint_eq(host_connect(connect_to(CONNECTION, NEW_PORT,
						  HV_PORT_TYPE_MESSAGE)), 0);
	ck_assert_uint_eq(post(CONNECTION, 1), 0);
	ck_assert_uint_eq(counters_of(NEW_PORT).posted, 1);
	ck_assert_uint_eq(counters_of(PORT).posted, 0);
}
END_TEST

START_TEST(finalized_sender_leaves_its_ports_unconnected)
{
	hvhost_partition_finalize(world.sender.partition);
	ck_assert_uint_eq(host_delete(PORT), 0);
	ck_assert_uint_eq(host_delete(EVENT_PORT), 0);
}
END_TEST

/* Counters */

static struct hvhost_connection_counters counters(uint32_t id)
{
	struct hvhost_connection_counters now;

	ck_assert_int_eq(hvhost_connection_counters(world.sender.partition, id,
						    &now), 0);
	return now;
}

static void assert_counted(uint32_t id, uint64_t posted, uint64_t refused)
{
	ck_assert_uint_eq(counters(id).posted, posted);
	ck_assert_uint_eq(counters(id).refused, refused);
}

START_TEST(connection_counts_its_posts_and_what_was_refused)
{
	assert_counted(CONNECTION, 0, 0);
	for (uint32_t i = 0; i <= BUFFERS; i++)
		ck_assert_uint_eq(post(CONNECTION, 1 + i), 0);
	assert_counted(CONNECTION, BUFFERS + 1, 0);
	ck_assert_uint_eq(post(CONNECTION, 1), HV_STATUS_INSUFFICIENT_BUFFERS);
	ck_assert_uint_eq(guest_signal(CONNECTION, 0),
			  HV_STATUS_INVALID_PORT_ID);
	assert_counted(CONNECTION, BUFFERS + 1, 2);
	assert_counted(EVENT_CONNECTION, 0, 0);
}
END_TEST

START_TEST(connection_counts_its_signals_and_what_was_refused)
{
	ck_assert_uint_eq(guest_signal(EVENT_CONNECTION, 0), 0);
	ck_assert_uint_eq(guest_signal(EVENT_CONNECTION, 0), 0);
	ck_assert_uint_eq(guest_signal(EVENT_CONNECTION, EVENT_COUNT),
			  HV_STATUS_INVALID_PARAMETER);
	assert_counted(EVENT_CONNECTION, 2, 1);
}
END_TEST

static uint64_t refused(uint16_t status)
{
	return hvhost_vp_refused(world.sender.vp[0], status);
}

START_TEST(refused_posts_are_counted_by_status)
{
	struct hv_post_message_input input = post_input(CONNECTION, 0);

	for (uint32_t i = 0; i <= BUFFERS; i++)
		ck_assert_uint_eq(post(CONNECTION, 1 + i), 0);
	for (int i = 0; i < 3; i++)
		post(CONNECTION, 1);
	post(CONNECTION + 1, 1);
	guest_post(&input);
	guest_signal(CONNECTION + 1, 0);
	ck_assert_uint_eq(refused(HV_STATUS_INSUFFICIENT_BUFFERS), 3);
	ck_assert_uint_eq(refused(HV_STATUS_INVALID_CONNECTION_ID), 1);
	ck_assert_uint_eq(refused(HV_STATUS_INVALID_PARAMETER), 1);
	ck_assert_uint_eq(refused(HV_STATUS_SUCCESS), 0);
	ck_assert_uint_eq(refused(UINT16_MAX), 0);
	ck_assert_uint_eq(hvhost_vp_refused(world.receiver.vp[0],
					    HV_STATUS_INSUFFICIENT_BUFFERS), 0);
	hvhost_vp_reset(world.sender.vp[0]);
	ck_assert_uint_eq(refused(HV_STATUS_INSUFFICIENT_BUFFERS), 3);
}
END_TEST

START_TEST(what_never_reached_a_connection_is_counted_at_none)
{
	struct hv_post_message_input input = post_input(CONNECTION, 1);

	input.payload_size = HV_MESSAGE_PAYLOAD_SIZE_MAX + 1;
	ck_assert_uint_eq(guest_post(&input), HV_STATUS_INVALID_PARAMETER);
	ck_assert_uint_eq(post(CONNECTION + 1, 1),
			  HV_STATUS_INVALID_CONNECTION_ID);
	assert_counted(CONNECTION, 0, 0);
}
END_TEST

START_TEST(connection_counts_what_its_deleted_port_refused)
{
	ck_assert_uint_eq(post(CONNECTION, 1), 0);
	ck_assert_uint_eq(host_delete(PORT), 0);
	ck_assert_uint_eq(post(CONNECTION, 1), HV_STATUS_INVALID_PORT_ID);
	ck_assert_uint_eq(post(CONNECTION, 1), HV_STATUS_INVALID_PORT_ID);
	assert_counted(CONNECTION, 1, 2);
}
END_TEST

START_TEST(new_connection_counts_from_zero_and_its_port_goes_on)
{
	ck_assert_uint_eq(post(CONNECTION, 1), 0);
	ck_assert_uint_eq(host_disconnect(CONNECTION), 0);
	ck_assert_uint_eq(host_connect(connect_to(CONNECTION, PORT,
						  HV_PORT_TYPE_MESSAGE)), 0);
	assert_counted(CONNECTION, 0, 0);
	ck_assert_uint_eq(post(CONNECTION, 2), 0);
	assert_counted(CONNECTION, 1, 0);
	ck_assert_uint_eq(counters_of(PORT).posted, 2);
}
END_TEST

START_TEST(connection_that_is_not_there_has_no_counters)
{
	const uint32_t ids[] = {
		NEW_CONNECTION, CONNECTION | 1u << 24, UINT32_MAX,
	};
	struct hvhost_connection_counters now;

	ck_assert_uint_eq(post(CONNECTION, 1), 0);
	for (int i = 0; i < ROWS(ids); i++) {
		memset(&now, 0xff, sizeof(now));
		ck_assert_int_eq(hvhost_connection_counters(
					world.sender.partition, ids[i], &now),
				 -ENOENT);
		ck_assert_uint_eq(now.posted, 0);
		ck_assert_uint_eq(now.refused, 0);
	}
	ck_assert_int_eq(hvhost_connection_counters(world.receiver.partition,
						    CONNECTION, &now), -ENOENT);
}
END_TEST

static void add_connect_tests(TCase *tcase)
{
	tcase_add_test(tcase, host_connects_a_partition);
	tcase_add_test(tcase, guest_connects_itself_by_id);
	tcase_add_test(tcase, guest_connects_itself_as_self);
	tcase_add_test(tcase, guest_may_not_connect_another);
	tcase_add_test(tcase, self_is_nobody_to_the_host);
	tcase_add_test(tcase, self_is_nobody_as_a_port_partition);
	tcase_add_loop_test(tcase, unknown_connection_partition_is_refused, 0,
			    ROWS(nobody));
	tcase_add_loop_test(tcase, unknown_port_partition_is_refused, 0,
			    ROWS(nobody));
	tcase_add_test(tcase,
		       only_the_partition_that_the_port_names_may_connect);
	tcase_add_test(tcase, inactive_connection_partition_is_refused);
	tcase_add_test(tcase, inactive_port_partition_is_refused);
	tcase_add_test(tcase, connection_id_in_use_is_refused);
	tcase_add_loop_test(tcase, connection_id_with_a_high_bit_is_refused, 24,
			    32);
	tcase_add_test(tcase, any_24_bit_connection_id_is_taken);
	tcase_add_test(tcase, absent_port_is_refused);
	tcase_add_loop_test(tcase, port_id_with_a_high_bit_is_refused, 24, 32);
	tcase_add_test(tcase, connected_port_is_refused);
	tcase_add_test(tcase, port_of_another_type_is_refused);
	tcase_add_loop_test(tcase, connection_type_that_is_not_ours_is_refused,
			    0, ROWS(bad_types));
	tcase_add_test(tcase, reserved_fields_of_a_connection_must_be_zero);
	tcase_add_test(tcase, connection_of_another_trust_level_is_refused);
	tcase_add_test(tcase, partition_has_no_more_connections_than_its_limit);
	tcase_add_test(tcase,
		       partition_mismatch_outranks_what_is_wrong_with_the_port);
	tcase_add_test(tcase,
		       unknown_partition_outranks_the_state_of_the_other);
}

static void add_disconnect_tests(TCase *tcase)
{
	tcase_add_test(tcase, host_disconnects);
	tcase_add_test(tcase, guest_disconnects_itself);
	tcase_add_test(tcase, guest_disconnects_by_registers);
	tcase_add_test(tcase, guest_may_not_disconnect_another);
	tcase_add_loop_test(tcase,
			    connection_of_an_unknown_partition_cannot_be_disconnected,
			    0, ROWS(nobody));
	tcase_add_test(tcase,
		       connection_that_is_not_there_cannot_be_disconnected);
	tcase_add_test(tcase, inactive_partition_cannot_disconnect);
	tcase_add_test(tcase, connection_to_a_deleted_port_can_be_disconnected);
	tcase_add_test(tcase,
		       connection_to_a_finalized_partition_can_be_disconnected);
	tcase_add_test(tcase, disconnected_port_can_be_connected_again);
	tcase_add_test(tcase, stale_connection_id_leads_to_its_new_port);
	tcase_add_test(tcase, finalized_sender_leaves_its_ports_unconnected);
}

static void add_counter_tests(TCase *tcase)
{
	tcase_add_test(tcase, connection_counts_its_posts_and_what_was_refused);
	tcase_add_test(tcase,
		       connection_counts_its_signals_and_what_was_refused);
	tcase_add_test(tcase, refused_posts_are_counted_by_status);
	tcase_add_test(tcase,
		       what_never_reached_a_connection_is_counted_at_none);
	tcase_add_test(tcase, connection_counts_what_its_deleted_port_refused);
	tcase_add_test(tcase,
		       new_connection_counts_from_zero_and_its_port_goes_on);
	tcase_add_test(tcase, connection_that_is_not_there_has_no_counters);
}

Suite *connection_suite(void)
{
	Suite *suite = suite_create("connection");
	TCase *tcase = tcase_create("connection");

	tcase_add_checked_fixture(tcase, set_up, world_teardown);
	add_connect_tests(tcase);
	add_disconnect_tests(tcase);
	add_counter_tests(tcase);
	suite_add_tcase(suite, tcase);
	return suite;
}
