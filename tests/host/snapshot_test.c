// SPDX-License-Identifier: MIT
/* What comes back from a snapshot, and what happens on the way. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "revival.h"
#include "suites.h"

/* Two more ports at the SINT of PORT and one at another VP. */
#define NEIGHBOUR_PORT	0x71u
#define NEIGHBOUR	0x11u
#define ANY_PORT	0x72u
#define ANY		0x12u
#define FAR_PORT	0x73u
#define FAR		0x13u
#define FAR_SINT	7u

static void make_links(void)
{
	make_link(NEIGHBOUR, NEIGHBOUR_PORT, SINT, 0);
	make_link(ANY, ANY_PORT, FAR_SINT, HV_ANY_VP);
	make_link(FAR, FAR_PORT, FAR_SINT, 1);
}

static void fill_port(uint32_t connection, uint32_t first)
{
	for (uint32_t i = 0; i <= BUFFERS; i++)
		ck_assert_uint_eq(post(connection, first + i), 0);
	ck_assert_uint_eq(post(connection, first),
			  HV_STATUS_INSUFFICIENT_BUFFERS);
}

static struct hvhost_connection_counters connection_counters(uint32_t id)
{
	struct hvhost_connection_counters counters;

	ck_assert_int_eq(hvhost_connection_counters(world.sender.partition, id,
						    &counters), 0);
	return counters;
}

/* What comes back */

static void start_over(const struct hvhost_machine_config *config)
{
	hvhost_machine_free(world.machine);
	ck_assert_int_eq(hvhost_machine_new(config, &world.machine), 0);
	world.sender.id = world.receiver.id = 0;
}

START_TEST(empty_machine_comes_back)
{
	start_over(NULL);
	round_trip();
	guest_make(&world.sender, 0);
	ck_assert_uint_eq(world.sender.id, 1);
}
END_TEST

START_TEST(flags_of_the_machine_come_back)
{
	struct hvhost_machine_config config = {
		.flags = HVHOST_MACHINE_SCONTROL_ON,
	};

	start_over(&config);
	round_trip();
	guest_make(&world.sender, guest_config(&world.sender).privileges);
	guest_add_vp(&world.sender, 0);
	ck_assert_uint_eq(guest_read_msr(&world.sender, 0, HV_MSR_SCONTROL),
			  HV_SCONTROL_ENABLE);
}
END_TEST

START_TEST(machine_is_as_before_once_it_was_saved)
{
	static struct look before;
	struct saved first, second;

	make_links();
	fill_port(CONNECTION, 1);
	look_at_world(&before);
	first = save_world();
	assert_world_is(&before);
	second = save_world();
	assert_same(first, second);
	free(first.bytes);
	free(second.bytes);
}
END_TEST

/* What a guest and its host can see of the receiver is as it was. */
static void assert_looks_the_same_again(void)
{
	static struct look before;
	unsigned int overlays;

	look_at_world(&before);
	round_trip();
	/* Pages that are on were placed anew. */
	overlays = world.receiver.overlays - before.overlays;
	ck_assert_uint_eq(overlays, 4);
	world.receiver.overlays -= overlays;
	assert_world_is(&before);
}

START_TEST(idle_world_comes_back)
{
	assert_looks_the_same_again();
	ck_assert_uint_eq(post(CONNECTION, 9), 0);
	ck_assert_uint_eq(take(0, SINT), 9);
	ck_assert_uint_eq(guest_signal(EVENT_CONNECTION, 1), 0);
	ck_assert(flag_is_set(0, EVENT_SINT, EVENT_BASE + 1));
}
END_TEST

START_TEST(busy_world_comes_back)
{
	make_links();
	fill_port(CONNECTION, 1);
	fill_port(FAR, 100);
	for (uint32_t i = 0; i < 5; i++)
		ck_assert_uint_eq(post(ANY, 200 + i), 0);
	ck_assert_uint_eq(guest_signal(EVENT_CONNECTION, 3), 0);
	ck_assert_uint_eq(take(0, SINT), 1);
	assert_looks_the_same_again();
}
END_TEST

static const struct {
	uint32_t msr;
	uint64_t value;
} registers[] = {
	{ HV_MSR_GUEST_OS_ID, 0x8100060100000000 },
	{ HV_MSR_HYPERCALL, 0x3000 | HV_PAGE_ENABLE | HV_HYPERCALL_LOCKED },
	{ HV_MSR_SCONTROL, 0x8000000000000001 },
	{ HV_MSR_SIMP, 0xf000 | HV_PAGE_ENABLE },
	{ HV_MSR_SIMP, 0xabcdef000 },		/* off: it may lie anywhere */
	{ HV_MSR_SIEFP, 0xe000 | HV_PAGE_ENABLE },
	{ HV_MSR_SIEFP, 0x123456000 },
	{ HV_MSR_SINT0, 0x12345678000100ff },
	{ HV_MSR_SINT0 + 5, HV_SINT_MASKED | 3 },
	{ HV_MSR_SINT0 + 15, HV_SINT_AUTO_EOI | HV_SINT_POLLING | 0x77 },
};

START_TEST(register_comes_back)
{
	uint32_t vp = (uint32_t)_i % 2;

	guest_write_msr(&world.receiver, vp, registers[_i].msr,
			registers[_i].value);
	round_trip();
	ck_assert_uint_eq(guest_read_msr(&world.receiver, vp,
					 registers[_i].msr),
			  registers[_i].value);
}
END_TEST

START_TEST(every_byte_of_the_pages_comes_back)
{
	uint8_t *sim = (void *)hvhost_vp_sim(world.receiver.vp[1]);
	uint8_t *sief = (void *)hvhost_vp_sief(world.receiver.vp[1]);

	for (uint32_t i = 0; i < HV_PAGE_SIZE; i++) {
		sim[i] = (uint8_t)(i % 251 + 1);
		sief[i] = (uint8_t)(i % 241 + 2);
	}
	round_trip();
	sim = (void *)hvhost_vp_sim(world.receiver.vp[1]);
	sief = (void *)hvhost_vp_sief(world.receiver.vp[1]);
	for (uint32_t i = 0; i < HV_PAGE_SIZE; i++) {
		ck_assert_uint_eq(sim[i], i % 251 + 1);
		ck_assert_uint_eq(sief[i], i % 241 + 2);
	}
}
END_TEST

START_TEST(gaps_between_vps_come_back)
{
	guest_add_vp(&world.receiver, 3);
	hvhost_vp_free(world.receiver.vp[0]);
	round_trip();
	ck_assert_ptr_null(world.receiver.vp[0]);
	ck_assert_ptr_null(world.receiver.vp[2]);
	ck_assert_uint_eq(hvhost_vp_index(world.receiver.vp[3]), 3);
	ck_assert_uint_eq(post(CONNECTION, 1), HV_STATUS_INVALID_VP_INDEX);
}
END_TEST

static enum hvhost_partition_state state_of(struct guest *guest)
{
	return hvhost_partition_state(guest->partition);
}

START_TEST(uninitialized_partition_comes_back)
{
	struct hvhost_partition_config config = guest_config(&stranger);

	ck_assert_int_eq(hvhost_partition_new(world.machine, &config,
					      &world.sender.partition), 0);
	world.sender.id = hvhost_partition_id(world.sender.partition);
	guest_add_vp(&world.sender, 2);
	round_trip();
	ck_assert_int_eq(state_of(&world.sender),
			 HVHOST_PARTITION_UNINITIALIZED);
	ck_assert_ptr_nonnull(world.sender.vp[2]);
	ck_assert_int_eq(hvhost_partition_activate(world.sender.partition), 0);
}
END_TEST

START_TEST(finalizing_partition_comes_back_with_all_it_has)
{
	ck_assert_uint_eq(post(CONNECTION, 1), 0);
	ck_assert_uint_eq(post(CONNECTION, 2), 0);
	hvhost_partition_begin_finalize(world.receiver.partition);
	round_trip();
	ck_assert_int_eq(state_of(&world.receiver),
			 HVHOST_PARTITION_FINALIZING);
	ck_assert_uint_eq(post(CONNECTION, 3), HV_STATUS_INVALID_PORT_ID);
	ck_assert_uint_eq(take(0, SINT), 1);
	ck_assert_uint_eq(take(0, SINT), 2);
}
END_TEST

START_TEST(finalized_partition_comes_back_as_an_id)
{
	hvhost_partition_finalize(world.receiver.partition);
	round_trip();
	ck_assert_int_eq(state_of(&world.receiver), HVHOST_PARTITION_FINALIZED);
	ck_assert_uint_eq(post(CONNECTION, 1), HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(port_for_a_partition_that_has_gone_comes_back)
{
	hvhost_partition_free(world.sender.partition);
	round_trip();
	ck_assert_ptr_null(world.sender.partition);
	ck_assert_uint_eq(counters_of(PORT).posted, 0);
	ck_assert_uint_eq(host_delete(PORT), 0);
}
END_TEST

/* Numbers of a partition: each shows in what the partition may do. */
static void make_small_receiver(void)
{
	struct hvhost_partition_config config = guest_config(&world.receiver);

	hvhost_machine_free(world.machine);
	ck_assert_int_eq(hvhost_machine_new(NULL, &world.machine), 0);
	guest_make(&world.sender, config.privileges);
	config.privileges = HV_ACCESS_SYNIC_REGS;
	config.gpa_size = 0x6000;
	config.vp_count_max = 2;
	config.message_buffers = 3;
	config.ports_max = 2;
	config.connections_max = 1;
	ck_assert_int_eq(hvhost_partition_new(world.machine, &config,
					      &world.receiver.partition), 0);
	world.receiver.id = hvhost_partition_id(world.receiver.partition);
	ck_assert_int_eq(hvhost_partition_activate(world.receiver.partition), 0);
	guest_add_vp(&world.sender, 0);
	guest_add_vp(&world.receiver, 0);
	guest_write_msr(&world.sender, 0, HV_MSR_GUEST_OS_ID, 1);
	guest_start_synic(&world.receiver, 0);
	make_link(CONNECTION, PORT, SINT, 0);
}

START_TEST(numbers_of_a_partition_come_back)
{
	struct hvhost_vp *vp;
	uint64_t value;

	make_small_receiver();
	round_trip();
	vp = world.receiver.vp[0];
	ck_assert_int_eq(hvhost_vp_read_msr(vp, HV_MSR_VP_INDEX, &value),
			 -EPERM);
	ck_assert_int_eq(hvhost_vp_write_msr(vp, HV_MSR_SIMP, 0x6001), -EPERM);
	ck_assert_int_eq(hvhost_vp_write_msr(vp, HV_MSR_SIMP, 0x5001), 0);
	ck_assert_uint_eq(counters_of(PORT).buffers_free, 3);
	ck_assert_uint_eq(host_create(message_port(PORT + 1, SINT, 0)), 0);
	ck_assert_uint_eq(host_create(message_port(PORT + 2, SINT, 0)),
			  HV_STATUS_NO_RESOURCES);
	ck_assert_int_eq(hvhost_vp_new(world.receiver.partition, 2, NULL, NULL,
				       &vp), -EINVAL);
}
END_TEST

START_TEST(limit_of_connections_comes_back)
{
	struct guest *receiver = &world.receiver;
	struct hv_create_port_input port = {
		.port_partition = world.sender.id,
		.connection_partition = world.receiver.id,
		.port_info.port_type = HV_PORT_TYPE_MESSAGE,
		.port_info.u.message = { .target_sint = 1 },
	};
	struct hv_connect_port_input connect = {
		.connection_partition = world.receiver.id,
		.port_partition = world.sender.id,
		.connection_info.port_type = HV_PORT_TYPE_MESSAGE,
	};

	make_small_receiver();
	ck_assert_uint_eq(port.connection_partition, receiver->id);
	for (port.port_id = 0; port.port_id < 2; port.port_id++)
		ck_assert_uint_eq(host_create(port), 0);
	ck_assert_uint_eq(host_connect(connect), 0);
	round_trip();
	connect.port_id = connect.connection_id = 1;
	ck_assert_uint_eq(host_connect(connect), HV_STATUS_NO_RESOURCES);
}
END_TEST

START_TEST(counters_come_back)
{
	struct hvhost_connection_counters connection, connection_now;
	struct hvhost_port_counters port, port_now;
	struct hvhost_vp_state vp, vp_now;

	make_links();
	fill_port(CONNECTION, 1);
	ck_assert_uint_eq(post(NEIGHBOUR, 50), 0);
	ck_assert_uint_eq(host_delete(NEIGHBOUR_PORT), 0);
	ck_assert_uint_eq(host_disconnect(FAR), 0);
	ck_assert_uint_eq(take(0, SINT), 1);
	hvhost_vp_eom(world.receiver.vp[0]);
	connection = connection_counters(CONNECTION);
	port = counters_of(PORT);
	vp = vp_state(0);
	ck_assert_uint_eq(connection.refused, 1);
	ck_assert_uint_gt(vp.lost, 0);
	round_trip();
	connection_now = connection_counters(CONNECTION);
	port_now = counters_of(PORT);
	vp_now = vp_state(0);
	ck_assert_mem_eq(&connection_now, &connection, sizeof(connection));
	ck_assert_mem_eq(&port_now, &port, sizeof(port));
	ck_assert_mem_eq(&vp_now, &vp, sizeof(vp));
}
END_TEST

START_TEST(counters_of_a_port_without_connection_come_back)
{
	struct hvhost_port_counters before;

	fill_port(CONNECTION, 1);
	hvhost_vp_reset(world.receiver.vp[0]);
	ck_assert_uint_eq(host_disconnect(CONNECTION), 0);
	before = counters_of(PORT);
	ck_assert_uint_eq(before.posted, BUFFERS + 1);
	ck_assert_uint_eq(before.refused, 1);
	ck_assert_uint_eq(before.lost, BUFFERS);
	round_trip();
	ck_assert_uint_eq(counters_of(PORT).posted, before.posted);
	ck_assert_uint_eq(counters_of(PORT).refused, before.refused);
	ck_assert_uint_eq(counters_of(PORT).lost, before.lost);
	ck_assert_uint_eq(counters_of(PORT).delivered, before.delivered);
}
END_TEST

/* Queues */

START_TEST(queued_messages_come_back_in_order)
{
	make_links();
	for (uint32_t i = 0; i < 6; i++) {
		ck_assert_uint_eq(post(CONNECTION, 100 + 2 * i), 0);
		ck_assert_uint_eq(post(NEIGHBOUR, 101 + 2 * i), 0);
		ck_assert_uint_eq(post(FAR, 200 + i), 0);
	}
	round_trip();
	for (uint32_t i = 0; i < 12; i++) {
		ck_assert_uint_eq(slot_of(0, SINT)->origin,
				  i % 2 ? NEIGHBOUR_PORT : PORT);
		ck_assert_uint_eq(take(0, SINT), 100 + i);
	}
	for (uint32_t i = 0; i < 6; i++)
		ck_assert_uint_eq(take(1, FAR_SINT), 200 + i);
	ck_assert_uint_eq(take(0, SINT) + take(1, FAR_SINT), 0);
}
END_TEST

START_TEST(payload_of_every_size_comes_back)
{
	struct hv_post_message_input input = post_input(CONNECTION, 8);

	memset(input.payload, 0xa5, sizeof(input.payload));
	input.payload_size = (uint32_t)_i;
	ck_assert_uint_eq(post(CONNECTION, 7), 0);
	ck_assert_uint_eq(guest_post(&input), 0);
	round_trip();
	ck_assert_uint_eq(take(0, SINT), 7);
	ck_assert_uint_eq(slot_of(0, SINT)->payload_size, input.payload_size);
	ck_assert(!memcmp(slot_of(0, SINT)->payload, input.payload,
			  input.payload_size));
	ck_assert_uint_eq(take(0, SINT), 8);
}
END_TEST

START_TEST(accounting_is_exact_after_a_drain)
{
	make_links();
	fill_port(CONNECTION, 1);
	fill_port(FAR, 100);
	round_trip();
	ck_assert_uint_eq(counters_of(PORT).buffers_free, 0);
	ck_assert_uint_eq(counters_of(PORT).queued, BUFFERS);
	ck_assert_uint_eq(post(CONNECTION, 1), HV_STATUS_INSUFFICIENT_BUFFERS);
	for (uint32_t i = 0; i <= BUFFERS; i++) {
		ck_assert_uint_eq(take(0, SINT), 1 + i);
		ck_assert_uint_eq(take(1, FAR_SINT), 100 + i);
		round_trip();
	}
	ck_assert_uint_eq(counters_of(PORT).buffers_free, BUFFERS);
	ck_assert_uint_eq(counters_of(PORT).delivered, BUFFERS + 1);
	ck_assert_uint_eq(counters_of(PORT).queued, 0);
	ck_assert_uint_eq(counters_of(FAR_PORT).buffers_free, BUFFERS);
	fill_port(CONNECTION, 1);
}
END_TEST

START_TEST(post_comes_behind_what_was_queued_before)
{
	for (uint32_t i = 1; i <= 3; i++)
		ck_assert_uint_eq(post(CONNECTION, i), 0);
	round_trip();
	ck_assert_uint_eq(post(CONNECTION, 4), 0);
	for (uint32_t i = 1; i <= 4; i++)
		ck_assert_uint_eq(take(0, SINT), i);
}
END_TEST

START_TEST(deleting_a_port_takes_its_queued_messages_along)
{
	make_links();
	for (uint32_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(post(CONNECTION, 10 + i), 0);
		ck_assert_uint_eq(post(NEIGHBOUR, 20 + i), 0);
	}
	round_trip();
	ck_assert_uint_eq(host_delete(PORT), 0);
	ck_assert_uint_eq(vp_state(0).lost, 2);
	ck_assert_uint_eq(take(0, SINT), 10);
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_uint_eq(take(0, SINT), 20 + i);
	ck_assert_uint_eq(take(0, SINT), 0);
	ck_assert_uint_eq(post(CONNECTION, 1), HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(messages_behind_a_page_that_is_off_wait_on)
{
	for (uint32_t i = 1; i <= 3; i++)
		ck_assert_uint_eq(post(CONNECTION, i), 0);
	ck_assert_uint_eq(empty_slot(0, SINT), 1);
	guest_write_msr(&world.receiver, 0, HV_MSR_SIMP, 0);
	round_trip();
	ck_assert_uint_eq(vp_state(0).sints_stuck, 1u << SINT);
	guest_write_msr(&world.receiver, 0, HV_MSR_SIMP, SIMP_ON(0));
	ck_assert_uint_eq(take(0, SINT), 2);
	ck_assert_uint_eq(take(0, SINT), 3);
}
END_TEST

/* Ports and connections */

START_TEST(connection_to_a_deleted_port_comes_back)
{
	struct hvhost_connection_counters counters;

	ck_assert_uint_eq(post(CONNECTION, 1), 0);
	ck_assert_uint_eq(host_delete(PORT), 0);
	ck_assert_uint_eq(post(CONNECTION, 2), HV_STATUS_INVALID_PORT_ID);
	round_trip();
	counters = connection_counters(CONNECTION);
	ck_assert_uint_eq(counters.posted, 1);
	ck_assert_uint_eq(counters.refused, 1);
	ck_assert_uint_eq(post(CONNECTION, 2), HV_STATUS_INVALID_PORT_ID);
	/* A new port of that id is not the old one. */
	ck_assert_uint_eq(host_create(message_port(PORT, SINT, 0)), 0);
	round_trip();
	ck_assert_uint_eq(post(CONNECTION, 2), HV_STATUS_INVALID_PORT_ID);
	ck_assert_uint_eq(host_disconnect(CONNECTION), 0);
}
END_TEST

START_TEST(unconnected_port_comes_back_and_can_be_connected)
{
	ck_assert_uint_eq(host_disconnect(CONNECTION), 0);
	round_trip();
	ck_assert_uint_eq(host_connect(connect_to(0, PORT, HV_PORT_TYPE_MESSAGE)),
			  0);
	ck_assert_uint_eq(post(0, 5), 0);
	ck_assert_uint_eq(take(0, SINT), 5);
}
END_TEST

START_TEST(connected_port_is_still_connected)
{
	round_trip();
	ck_assert_uint_eq(host_connect(connect_to(0, PORT, HV_PORT_TYPE_MESSAGE)),
			  HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(outermost_ids_come_back)
{
	make_link(HV_ID_MASK, 0, SINT, 0);
	make_link(0, HV_ID_MASK, FAR_SINT, 1);
	round_trip();
	ck_assert_uint_eq(post(HV_ID_MASK, 5), 0);
	ck_assert_uint_eq(take(0, SINT), 5);
	ck_assert_uint_eq(post(0, 6), 0);
	ck_assert_uint_eq(take(1, FAR_SINT), 6);
}
END_TEST

START_TEST(flags_of_an_event_port_come_back)
{
	struct hv_create_port_input port = event_port(0x90, EVENT_SINT, 1);

	port.port_info.u.event.base_flag_number = 2040;
	port.port_info.u.event.flag_count = 8;
	ck_assert_uint_eq(host_create(port), 0);
	ck_assert_uint_eq(host_connect(connect_to(0x90, 0x90,
						  HV_PORT_TYPE_EVENT)), 0);
	round_trip();
	ck_assert_uint_eq(guest_signal(0x90, 7), 0);
	ck_assert(flag_is_set(1, EVENT_SINT, 2047));
	ck_assert_uint_eq(guest_signal(0x90, 8), HV_STATUS_INVALID_PARAMETER);
}
END_TEST

/* The search for any VP goes on where it was: VP 0 had its turn. */
START_TEST(turn_of_a_port_for_any_vp_comes_back)
{
	make_links();
	ck_assert_uint_eq(post(ANY, 1), 0);
	ck_assert_uint_eq(take(0, FAR_SINT), 1);
	round_trip();
	ck_assert_uint_eq(post(ANY, 2), 0);
	ck_assert_uint_eq(take(1, FAR_SINT), 2);
	round_trip();
	ck_assert_uint_eq(post(ANY, 3), 0);
	ck_assert_uint_eq(take(0, FAR_SINT), 3);
}
END_TEST

START_TEST(ids_are_not_given_out_twice_after_a_restore)
{
	struct guest *last = malloc(sizeof(*last));
	uint64_t id;

	guest_make(last, 0);
	id = last->id;
	hvhost_partition_free(last->partition);
	round_trip();
	guest_make(last, 0);
	ck_assert_uint_eq(last->id, id + 1);
	hvhost_partition_free(last->partition);
	free(last);
}
END_TEST

/* A restore brings out what waits */

START_TEST(message_whose_slot_is_free_is_delivered_by_the_restore)
{
	unsigned int before;

	make_links();
	for (uint32_t i = 1; i <= 3; i++)
		ck_assert_uint_eq(post(CONNECTION, i), 0);
	ck_assert_uint_eq(post(FAR, 8), 0);
	ck_assert_uint_eq(post(FAR, 9), 0);
	ck_assert_uint_eq(empty_slot(0, SINT), 1);
	before = world.receiver.interrupts;
	revive_world();
	ck_assert_uint_eq(world.receiver.interrupts, before + 1);
	ck_assert_uint_eq(world.receiver.interrupt[before].sint, SINT);
	ck_assert_uint_eq(world.receiver.interrupt[before].vp_index, 0);
	ck_assert_uint_eq(world.receiver.interrupt[before].vector, VECTOR(SINT));
	ck_assert_uint_eq(vp_state(0).delivered, 2);
	ck_assert_uint_eq(counters_of(PORT).buffers_free, BUFFERS - 1);
	ck_assert_uint_eq(take(0, SINT), 2);
	ck_assert_uint_eq(take(0, SINT), 3);
	ck_assert_uint_eq(take(1, FAR_SINT), 8);
}
END_TEST

START_TEST(message_behind_a_masked_sint_is_delivered_without_interrupt)
{
	unsigned int before;

	for (uint32_t i = 1; i <= 2; i++)
		ck_assert_uint_eq(post(CONNECTION, i), 0);
	guest_write_msr(&world.receiver, 0, HV_MSR_SINT0 + SINT, HV_SINT_MASKED);
	ck_assert_uint_eq(empty_slot(0, SINT), 1);
	before = world.receiver.interrupts;
	revive_world();
	ck_assert_uint_eq(world.receiver.interrupts, before);
	ck_assert_uint_eq(take(0, SINT), 2);
}
END_TEST

/* A guest that could not say so, or a snapshot of a slot half emptied. */
START_TEST(guest_is_made_to_tell_of_a_slot_that_is_full)
{
	ck_assert_uint_eq(post(CONNECTION, 1), 0);
	ck_assert_uint_eq(post(CONNECTION, 2), 0);
	slot_of(0, SINT)->message_flags = 0;
	revive_world();
	ck_assert_uint_eq(slot_of(0, SINT)->message_flags, HV_MESSAGE_PENDING);
	ck_assert_uint_eq(take(0, SINT), 1);
	ck_assert_uint_eq(take(0, SINT), 2);
}
END_TEST

START_TEST(only_pages_that_are_on_are_placed)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_SIMP, SIM_GPA(0));
	guest_write_msr(&world.receiver, 1, HV_MSR_SIEFP, 0);
	guest_write_msr(&world.receiver, 1, HV_MSR_SIMP, 0);
	world.receiver.overlays = world.sender.overlays = 0;
	round_trip();
	ck_assert_uint_eq(world.sender.overlays, 0);
	ck_assert_uint_eq(world.receiver.overlays, 1);
	ck_assert_uint_eq(world.receiver.overlay.vp_index, 0);
	ck_assert_uint_eq(world.receiver.overlay.msr, HV_MSR_SIEFP);
	ck_assert_uint_eq(world.receiver.overlay.gpa, SIEF_GPA(0));
	ck_assert_ptr_eq(world.receiver.overlay.contents,
			 (void *)hvhost_vp_sief(world.receiver.vp[0]));
}
END_TEST

/* Callbacks */

struct user {
	uint64_t fails_at_partition;
	uint32_t fails_at_vp;
	int err;
	const struct hvhost_partition_ops *ops;
	uint8_t *pages;			/* for VP 0 of the receiver */
	unsigned int partitions;
	unsigned int vps;
};

static int user_restore_partition(void *context, uint64_t id,
				  struct hvhost_partition_config *config)
{
	struct user *user = context;

	user->partitions++;
	if (id == user->fails_at_partition)
		return user->err;
	config->ops = user->ops;
	config->context = id == world.sender.id ? &world.sender :
						  &world.receiver;
	/* The rest is not the callback's: */
	config->message_buffers = 1;
	config->vp_count_max = 1;
	return 0;
}

static int user_restore_vp(void *context, uint64_t id, uint32_t vp_index,
			   void **sim, void **sief)
{
	struct user *user = context;

	user->vps++;
	if (id != world.receiver.id)
		return 0;
	if (vp_index == user->fails_at_vp)
		return user->err;
	if (vp_index == 0) {
		*sim = user->pages;
		*sief = user->pages + HV_PAGE_SIZE;
	}
	return 0;
}

static const struct hvhost_restore_ops user_ops = {
	.restore_partition = user_restore_partition,
	.restore_vp = user_restore_vp,
};

static struct user good_user(void)
{
	return (struct user){
		.fails_at_vp = WORLD_VPS,
		.ops = guest_config(&world.receiver).ops,
		.pages = aligned_alloc(HV_PAGE_SIZE, 2 * HV_PAGE_SIZE),
	};
}

/* What a user's restore of the world gives; the world itself is gone. */
static int restore_with(const struct hvhost_restore_ops *ops, struct user *user)
{
	struct saved saved = save_world();
	const char *reason = "untouched";
	int err;

	hvhost_machine_free(world.machine);
	world.machine = (void *)&world;
	err = hvhost_machine_restore(saved.bytes, saved.size, ops, user,
				     &world.machine, &reason);
	free(saved.bytes);
	ck_assert_ptr_null(reason);
	if (err)
		ck_assert_ptr_null(world.machine);
	return err;
}

START_TEST(pages_that_the_user_brings_are_used)
{
	struct user user = good_user();
	struct hvhost_vp *vp;

	memset(user.pages, 0x5a, 2 * HV_PAGE_SIZE);
	ck_assert_uint_eq(post(CONNECTION, 6), 0);
	ck_assert_uint_eq(guest_signal(EVENT_CONNECTION, 0), 0);
	ck_assert_int_eq(restore_with(&user_ops, &user), 0);
	ck_assert_uint_eq(user.partitions, 2);
	ck_assert_uint_eq(user.vps, 3);
	vp = hvhost_vp_find(hvhost_partition_find(world.machine,
						  world.receiver.id), 0);
	ck_assert_ptr_eq((void *)hvhost_vp_sim(vp), user.pages);
	ck_assert_ptr_eq((void *)hvhost_vp_sief(vp), user.pages + HV_PAGE_SIZE);
	ck_assert_uint_eq(hvhost_vp_sim(vp)->slot[SINT].message_type, 6);
	ck_assert_uint_eq(hvhost_vp_sim(vp)->slot[SINT + 1].message_type, 0);
	ck_assert_uint_eq(hvhost_vp_sief(vp)->sint[EVENT_SINT].flags[1], 1);
	hvhost_machine_free(world.machine);
	world.machine = NULL;
	free(user.pages);
}
END_TEST

START_TEST(callback_changes_nothing_but_its_own)
{
	struct user user = good_user();

	ck_assert_int_eq(restore_with(&user_ops, &user), 0);
	world.receiver.partition = hvhost_partition_find(world.machine,
							 world.receiver.id);
	ck_assert_uint_eq(counters_of(PORT).buffers_free, BUFFERS);
	hvhost_machine_free(world.machine);
	world.machine = NULL;
	free(user.pages);
}
END_TEST

/* A message waits whose slot is free, and pages are on: nothing is told yet. */
static void assert_ends(struct user *user, int err)
{
	unsigned int interrupts, overlays;

	ck_assert_uint_eq(post(CONNECTION, 1), 0);
	ck_assert_uint_eq(post(CONNECTION, 2), 0);
	ck_assert_uint_eq(empty_slot(0, SINT), 1);
	interrupts = world.receiver.interrupts;
	overlays = world.receiver.overlays;
	ck_assert_int_eq(restore_with(&user_ops, user), err);
	ck_assert_uint_eq(world.receiver.interrupts, interrupts);
	ck_assert_uint_eq(world.receiver.overlays, overlays);
	free(user->pages);
}

START_TEST(error_of_the_partition_callback_ends_the_restore)
{
	struct user user = good_user();

	user.fails_at_partition = world.receiver.id;
	user.err = -EXDEV;
	assert_ends(&user, -EXDEV);
}
END_TEST

START_TEST(error_of_the_vp_callback_ends_the_restore)
{
	struct user user = good_user();

	user.fails_at_vp = 1;
	user.err = -ESTALE;
	assert_ends(&user, -ESTALE);
}
END_TEST

START_TEST(restore_needs_the_callbacks_of_a_partition)
{
	struct user user = good_user();

	user.ops = NULL;
	assert_ends(&user, -EINVAL);
}
END_TEST

START_TEST(restore_refuses_pages_that_are_not_aligned)
{
	struct user user = good_user();
	uint8_t *pages = user.pages;

	user.pages += 8;
	ck_assert_int_eq(restore_with(&user_ops, &user), -EINVAL);
	free(pages);
}
END_TEST

START_TEST(restore_needs_its_own_callbacks)
{
	struct hvhost_restore_ops none = { .restore_vp = user_restore_vp };
	struct saved saved = save_world();
	struct hvhost_machine *machine = (void *)&saved;

	ck_assert_int_eq(hvhost_machine_restore(saved.bytes, saved.size, &none,
						NULL, &machine, NULL), -EINVAL);
	ck_assert_ptr_null(machine);
	ck_assert_int_eq(hvhost_machine_restore(saved.bytes, saved.size, NULL,
						NULL, &machine, NULL), -EINVAL);
	free(saved.bytes);
}
END_TEST

/* Snapshots come from files and sockets: they may lie anywhere. */
START_TEST(snapshot_needs_no_alignment)
{
	struct saved saved = save_world();
	uint8_t *odd = malloc(saved.size + 1);

	memcpy(odd + 1, saved.bytes, saved.size);
	free(saved.bytes);
	hvhost_machine_free(world.machine);
	saved.bytes = odd + 1;
	ck_assert_int_eq(restore_world(saved, NULL), 0);
	free(odd);
	ck_assert_uint_eq(post(CONNECTION, 1), 0);
}
END_TEST

static void add_state_tests(TCase *tcase)
{
	tcase_add_test(tcase, empty_machine_comes_back);
	tcase_add_test(tcase, flags_of_the_machine_come_back);
	tcase_add_test(tcase, machine_is_as_before_once_it_was_saved);
	tcase_add_test(tcase, idle_world_comes_back);
	tcase_add_test(tcase, busy_world_comes_back);
	tcase_add_loop_test(tcase, register_comes_back, 0, ROWS(registers));
	tcase_add_test(tcase, every_byte_of_the_pages_comes_back);
	tcase_add_test(tcase, gaps_between_vps_come_back);
	tcase_add_test(tcase, uninitialized_partition_comes_back);
	tcase_add_test(tcase, finalizing_partition_comes_back_with_all_it_has);
	tcase_add_test(tcase, finalized_partition_comes_back_as_an_id);
	tcase_add_test(tcase, port_for_a_partition_that_has_gone_comes_back);
	tcase_add_test(tcase, numbers_of_a_partition_come_back);
	tcase_add_test(tcase, limit_of_connections_comes_back);
	tcase_add_test(tcase, counters_come_back);
	tcase_add_test(tcase, counters_of_a_port_without_connection_come_back);
	tcase_add_test(tcase, ids_are_not_given_out_twice_after_a_restore);
}

static void add_port_tests(TCase *tcase)
{
	tcase_add_test(tcase, connection_to_a_deleted_port_comes_back);
	tcase_add_test(tcase, unconnected_port_comes_back_and_can_be_connected);
	tcase_add_test(tcase, connected_port_is_still_connected);
	tcase_add_test(tcase, outermost_ids_come_back);
	tcase_add_test(tcase, flags_of_an_event_port_come_back);
	tcase_add_test(tcase, turn_of_a_port_for_any_vp_comes_back);
}

static void add_queue_tests(TCase *tcase)
{
	tcase_add_test(tcase, queued_messages_come_back_in_order);
	tcase_add_loop_test(tcase, payload_of_every_size_comes_back, 0,
			    HV_MESSAGE_PAYLOAD_SIZE_MAX + 1);
	tcase_add_test(tcase, accounting_is_exact_after_a_drain);
	tcase_add_test(tcase, post_comes_behind_what_was_queued_before);
	tcase_add_test(tcase, deleting_a_port_takes_its_queued_messages_along);
	tcase_add_test(tcase, messages_behind_a_page_that_is_off_wait_on);
	tcase_add_test(tcase,
		       message_whose_slot_is_free_is_delivered_by_the_restore);
	tcase_add_test(tcase,
		       message_behind_a_masked_sint_is_delivered_without_interrupt);
	tcase_add_test(tcase, guest_is_made_to_tell_of_a_slot_that_is_full);
	tcase_add_test(tcase, only_pages_that_are_on_are_placed);
}

static void add_callback_tests(TCase *tcase)
{
	tcase_add_test(tcase, pages_that_the_user_brings_are_used);
	tcase_add_test(tcase, callback_changes_nothing_but_its_own);
	tcase_add_test(tcase, error_of_the_partition_callback_ends_the_restore);
	tcase_add_test(tcase, error_of_the_vp_callback_ends_the_restore);
	tcase_add_test(tcase, restore_needs_the_callbacks_of_a_partition);
	tcase_add_test(tcase, restore_refuses_pages_that_are_not_aligned);
	tcase_add_test(tcase, restore_needs_its_own_callbacks);
	tcase_add_test(tcase, snapshot_needs_no_alignment);
}

Suite *snapshot_suite(void)
{
	Suite *suite = suite_create("snapshot");
	TCase *tcase = tcase_create("snapshot");

	tcase_add_checked_fixture(tcase, world_setup, world_teardown);
	add_state_tests(tcase);
	add_port_tests(tcase);
	add_queue_tests(tcase);
	add_callback_tests(tcase);
	suite_add_tcase(suite, tcase);
	return suite;
}
