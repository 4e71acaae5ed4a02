// SPDX-License-Identifier: MIT
/* Lists of ports and connections, and ports that change hands. */
#include <errno.h>

#include "suites.h"
#include "world.h"

static struct guest successor;

START_TEST(ports_are_shown_in_order_of_their_ids)
{
	static const uint32_t ids[] = { 0, 0x12345, HV_ID_MASK };
	static const uint32_t expected[] = {
		0, PORT, EVENT_PORT, 0x12345, HV_ID_MASK,
	};
	struct hvhost_port_view view = { .id = UINT32_MAX };

	for (int i = 0; i < ROWS(ids); i++)
		ck_assert_uint_eq(host_create(message_port(ids[i], SINT, 0)), 0);
	for (int i = 0; i < ROWS(expected); i++) {
		ck_assert_int_eq(hvhost_port_next(world.receiver.partition,
						  view.id + 1, &view), 0);
		ck_assert_uint_eq(view.id, expected[i]);
	}
	ck_assert_int_eq(hvhost_port_next(world.receiver.partition, view.id + 1,
					  &view), -ENOENT);
}
END_TEST

START_TEST(a_port_shows_what_it_is_like)
{
	struct hvhost_port_view view;

	ck_assert_int_eq(hvhost_port_next(world.receiver.partition, EVENT_PORT,
					  &view), 0);
	ck_assert_uint_eq(view.connection_partition, world.sender.id);
	ck_assert_uint_eq(view.is_connected, 1);
	ck_assert_uint_eq(view.info.port_type, HV_PORT_TYPE_EVENT);
	ck_assert_uint_eq(view.info.u.event.target_sint, EVENT_SINT);
	ck_assert_uint_eq(host_disconnect(EVENT_CONNECTION), 0);
	ck_assert_int_eq(hvhost_port_next(world.receiver.partition, EVENT_PORT,
					  &view), 0);
	ck_assert_uint_eq(view.is_connected, 0);
}
END_TEST

START_TEST(a_connection_shows_its_port_until_that_is_gone)
{
	struct hvhost_connection_view view;

	ck_assert_int_eq(hvhost_connection_next(world.sender.partition, 0,
						&view), 0);
	ck_assert_uint_eq(view.id, CONNECTION);
	ck_assert_uint_eq(view.port_id, PORT);
	ck_assert_uint_eq(view.port_partition, world.receiver.id);
	ck_assert_uint_eq(host_delete(PORT), 0);
	ck_assert_int_eq(hvhost_connection_next(world.sender.partition, 0,
						&view), 0);
	ck_assert_uint_eq(view.port_partition, 0);
	ck_assert_int_eq(hvhost_connection_next(world.sender.partition,
						EVENT_CONNECTION + 1, &view),
			 -ENOENT);
	ck_assert_int_eq(hvhost_connection_next(world.receiver.partition, 0,
						&view), -ENOENT);
}
END_TEST

/* Ports that change hands */

static uint16_t reassign(uint64_t owner, uint32_t port_id, uint64_t to)
{
	return hvhost_reassign_port(world.machine, owner, port_id, to);
}

static uint16_t connect_successor(void)
{
	struct hv_connect_port_input input =
		connect_to(CONNECTION, PORT, HV_PORT_TYPE_MESSAGE);

	input.connection_partition = successor.id;
	return host_connect(input);
}

START_TEST(what_is_queued_stays_when_a_port_changes_hands)
{
	guest_make(&successor, guest_config(&world.sender).privileges);
	for (uint32_t type = 1; type <= 3; type++)
		ck_assert_uint_eq(post(CONNECTION, type), 0);
	ck_assert_uint_eq(host_disconnect(CONNECTION), 0);
	ck_assert_uint_eq(connect_successor(), HV_STATUS_INVALID_PARTITION_ID);
	ck_assert_uint_eq(reassign(world.receiver.id, PORT, successor.id), 0);
	ck_assert_uint_eq(connect_successor(), 0);
	ck_assert_uint_eq(counters_of(PORT).posted, 3);
	for (uint32_t type = 1; type <= 3; type++)
		ck_assert_uint_eq(take(0, SINT), type);
}
END_TEST

START_TEST(a_connected_port_stays_where_it_is)
{
	guest_make(&successor, 0);
	ck_assert_uint_eq(reassign(world.receiver.id, PORT, successor.id),
			  HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(a_port_goes_to_an_active_partition_only)
{
	const uint64_t owner = world.receiver.id;

	guest_make(&successor, 0);
	ck_assert_uint_eq(host_disconnect(CONNECTION), 0);
	ck_assert_uint_eq(reassign(owner, PORT + 1, successor.id),
			  HV_STATUS_INVALID_PORT_ID);
	ck_assert_uint_eq(reassign(0x7777, PORT, successor.id),
			  HV_STATUS_INVALID_PARTITION_ID);
	ck_assert_uint_eq(reassign(owner, PORT, 0x7777),
			  HV_STATUS_INVALID_PARTITION_ID);
	ck_assert_uint_eq(reassign(owner, PORT, owner),
			  HV_STATUS_INVALID_PARTITION_ID);
	hvhost_partition_begin_finalize(successor.partition);
	ck_assert_uint_eq(reassign(owner, PORT, successor.id),
			  HV_STATUS_INVALID_PARTITION_STATE);
	hvhost_partition_begin_finalize(world.receiver.partition);
	ck_assert_uint_eq(reassign(owner, PORT, world.sender.id),
			  HV_STATUS_INVALID_PARTITION_STATE);
}
END_TEST

Suite *listing_suite(void)
{
	Suite *suite = suite_create("listing");
	TCase *tcase = tcase_create("listing");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, world_setup, world_teardown);
	tcase_add_test(tcase, ports_are_shown_in_order_of_their_ids);
	tcase_add_test(tcase, a_port_shows_what_it_is_like);
	tcase_add_test(tcase, a_connection_shows_its_port_until_that_is_gone);
	tcase_add_test(tcase, what_is_queued_stays_when_a_port_changes_hands);
	tcase_add_test(tcase, a_connected_port_stays_where_it_is);
	tcase_add_test(tcase, a_port_goes_to_an_active_partition_only);
	return suite;
}
