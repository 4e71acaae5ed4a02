// SPDX-License-Identifier: MIT
/* Slots, queues, buffers and interrupts: what happens to a message taken. */
#include <string.h>

#include "suites.h"
#include "world.h"

#define MORE		3u	/* messages behind the one in the slot */
#define SECOND_PORT	(PORT + 1)
#define SECOND		(CONNECTION + 1)

static void post_many(uint32_t connection, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		ck_assert_uint_eq(post(connection, first + i), 0);
}

static unsigned int interrupts(void)
{
	return world.receiver.interrupts;
}

static bool is_pending(uint32_t vp, uint32_t sint)
{
	return slot_of(vp, sint)->message_flags & HV_MESSAGE_PENDING;
}

/* What a slot looks like */

static const uint32_t sizes[] = { 0, 1, 239, 240 };

START_TEST(slot_holds_the_message_byte_by_byte)
{
	struct hv_post_message_input input = post_input(CONNECTION, 0x12345678);
	uint8_t expected[HV_MESSAGE_SIZE];
	uint32_t size = sizes[_i];

	memset(slot_of(0, SINT), 0xa5, HV_MESSAGE_SIZE);
	empty_slot(0, SINT);
	memset(expected, 0xa5, sizeof(expected));
	memcpy(expected, "\x78\x56\x34\x12", 4);
	expected[4] = (uint8_t)size;
	memset(expected + 5, 0, 3);
	memcpy(expected + 8, "\x70\0\0\0\0\0\0\0", 8);
	for (uint32_t i = 0; i < HV_MESSAGE_PAYLOAD_SIZE_MAX; i++)
		input.payload[i] = (uint8_t)(i * 7 + 1);
	memcpy(expected + 16, input.payload, size);

	input.payload_size = size;
	ck_assert_uint_eq(guest_post(&input), 0);
	ck_assert_mem_eq(slot_of(0, SINT), expected, sizeof(expected));
}
END_TEST

START_TEST(queued_message_arrives_byte_by_byte)
{
	struct hv_post_message_input input = post_input(CONNECTION, 2);
	struct hv_slot *slot = slot_of(0, SINT);
	uint32_t size = sizes[_i];

	for (uint32_t i = 0; i < HV_MESSAGE_PAYLOAD_SIZE_MAX; i++)
		input.payload[i] = (uint8_t)(i * 11 + 3);
	input.payload_size = size;
	post_many(CONNECTION, 1, 1);
	ck_assert_uint_eq(guest_post(&input), 0);
	memset(world.sender.memory, 0, sizeof(world.sender.memory));
	ck_assert_uint_eq(take(0, SINT), 1);
	ck_assert_uint_eq(slot->message_type, 2);
	ck_assert_uint_eq(slot->payload_size, size);
	ck_assert_uint_eq(slot->message_flags, 0);
	ck_assert_uint_eq(slot->origin, PORT);
	ck_assert_mem_eq(slot->payload, input.payload, size);
}
END_TEST

START_TEST(other_slots_and_vps_are_not_touched)
{
	static const struct hv_slot none;

	post_many(CONNECTION, 1, 2);
	for (uint32_t vp = 0; vp < 2; vp++)
		for (uint32_t sint = 0; sint < HV_SINT_COUNT; sint++)
			if (vp || sint != SINT)
				ck_assert_mem_eq(slot_of(vp, sint), &none,
						 sizeof(none));
	ck_assert_uint_eq(vp_state(0).slots_occupied, 1u << SINT);
	ck_assert_uint_eq(vp_state(1).slots_occupied, 0);
}
END_TEST

/* Interrupts */

START_TEST(delivery_raises_the_vector_of_the_sint_at_its_vp)
{
	make_link(SECOND, SECOND_PORT, 15, 1);
	post_many(SECOND, 1, 1);
	ck_assert_uint_eq(interrupts(), 1);
	ck_assert_uint_eq(world.receiver.interrupt[0].vp_index, 1);
	ck_assert_uint_eq(world.receiver.interrupt[0].sint, 15);
	ck_assert_uint_eq(world.receiver.interrupt[0].vector, VECTOR(15));
}
END_TEST

START_TEST(message_that_waits_raises_nothing)
{
	post_many(CONNECTION, 1, 3);
	ck_assert_uint_eq(interrupts(), 1);
}
END_TEST

START_TEST(each_message_raises_once_when_it_is_delivered)
{
	post_many(CONNECTION, 1, 3);
	for (unsigned int i = 1; i <= 3; i++) {
		ck_assert_uint_eq(interrupts(), i);
		ck_assert_uint_eq(take(0, SINT), i);
	}
	ck_assert_uint_eq(interrupts(), 3);
}
END_TEST

START_TEST(masked_sint_gets_the_message_without_an_interrupt)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_SINT0 + SINT,
			HV_SINT_MASKED | VECTOR(SINT));
	post_many(CONNECTION, 1, 2);
	ck_assert_uint_eq(take(0, SINT), 1);
	ck_assert_uint_eq(take(0, SINT), 2);
	ck_assert_uint_eq(interrupts(), 0);
}
END_TEST

START_TEST(interrupt_of_a_masked_delivery_is_lost)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_SINT0 + SINT,
			HV_SINT_MASKED | VECTOR(SINT));
	post_many(CONNECTION, 1, 1);
	guest_write_msr(&world.receiver, 0, HV_MSR_SINT0 + SINT, VECTOR(SINT));
	ck_assert_uint_eq(interrupts(), 0);
	ck_assert_uint_eq(take(0, SINT), 1);
}
END_TEST

START_TEST(polled_sint_gets_the_message_without_an_interrupt)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_SINT0 + SINT,
			HV_SINT_POLLING | VECTOR(SINT));
	post_many(CONNECTION, 1, 2);
	ck_assert_uint_eq(take(0, SINT), 1);
	ck_assert_uint_eq(take(0, SINT), 2);
	ck_assert_uint_eq(interrupts(), 0);
}
END_TEST

/* MessagePending */

START_TEST(single_message_has_nothing_pending)
{
	post_many(CONNECTION, 1, 1);
	ck_assert(!is_pending(0, SINT));
}
END_TEST

START_TEST(pending_is_set_in_the_slot_that_a_post_finds_busy)
{
	struct hv_slot before;

	post_many(CONNECTION, 1, 1);
	before = *slot_of(0, SINT);
	post_many(CONNECTION, 2, 1);
	before.message_flags |= HV_MESSAGE_PENDING;
	ck_assert_mem_eq(slot_of(0, SINT), &before, sizeof(before));
}
END_TEST

START_TEST(pending_is_set_at_delivery_while_more_is_queued)
{
	post_many(CONNECTION, 1, 3);
	ck_assert_uint_eq(take(0, SINT), 1);
	ck_assert_uint_eq(slot_of(0, SINT)->message_type, 2);
	ck_assert(is_pending(0, SINT));
	ck_assert_uint_eq(take(0, SINT), 2);
	ck_assert_uint_eq(slot_of(0, SINT)->message_type, 3);
	ck_assert(!is_pending(0, SINT));
}
END_TEST

/* Order, and what brings the next message */

START_TEST(messages_arrive_in_the_order_of_their_posts)
{
	post_many(CONNECTION, 1, BUFFERS + 1);
	for (uint32_t i = 1; i <= BUFFERS + 1; i++)
		ck_assert_uint_eq(take(0, SINT), i);
	ck_assert_uint_eq(take(0, SINT), 0);
}
END_TEST

START_TEST(nothing_arrives_without_a_trigger)
{
	post_many(CONNECTION, 1, 2);
	ck_assert_uint_eq(empty_slot(0, SINT), 1);
	ck_assert_uint_eq(slot_of(0, SINT)->message_type, 0);
	ck_assert_uint_eq(vp_state(0).queued[SINT], 1);
}
END_TEST

static void trigger_eom(void)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_EOM, 0);
}

static void trigger_eom_of_any_value(void)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_EOM, UINT64_MAX);
}

static void trigger_eom_seen_otherwise(void)
{
	hvhost_vp_eom(world.receiver.vp[0]);
}

static void trigger_eoi(void)
{
	hvhost_vp_eoi(world.receiver.vp[0], VECTOR(SINT));
}

static void trigger_post(void)
{
	ck_assert_uint_eq(post(CONNECTION, 9), 0);
}

static void trigger_simp(void)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_SIMP, SIM_GPA(0));
	guest_write_msr(&world.receiver, 0, HV_MSR_SIMP, SIMP_ON(0));
}

static void trigger_simp_moved(void)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_SIMP, 0xc000 | HV_PAGE_ENABLE);
}

static void trigger_scontrol(void)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_SCONTROL, 0);
	guest_write_msr(&world.receiver, 0, HV_MSR_SCONTROL, HV_SCONTROL_ENABLE);
}

static void trigger_unmask(void)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_SINT0 + SINT, VECTOR(SINT));
}

static void (*const triggers[])(void) = {
	trigger_eom, trigger_eom_of_any_value, trigger_eom_seen_otherwise,
	trigger_eoi, trigger_post, trigger_simp, trigger_simp_moved,
	trigger_scontrol, trigger_unmask,
};

START_TEST(trigger_brings_the_next_message_and_its_interrupt)
{
	post_many(CONNECTION, 1, 2);
	ck_assert_uint_eq(empty_slot(0, SINT), 1);
	triggers[_i]();
	ck_assert_uint_eq(slot_of(0, SINT)->message_type, 2);
	ck_assert_uint_eq(interrupts(), 2);
}
END_TEST

START_TEST(trigger_leaves_a_busy_slot_alone)
{
	post_many(CONNECTION, 1, 2);
	triggers[_i]();
	ck_assert_uint_eq(slot_of(0, SINT)->message_type, 1);
	ck_assert_uint_eq(interrupts(), 1);
}
END_TEST

START_TEST(eoi_is_awaited_when_a_message_is_left_waiting)
{
	make_link(SECOND, SECOND_PORT, SINT, 1);
	post_many(SECOND, 1, 1);
	ck_assert_uint_eq(world.receiver.awaits, 0);
	post_many(SECOND, 2, 1);
	ck_assert_uint_eq(world.receiver.awaits, 1);
	ck_assert_uint_eq(world.receiver.awaited_vp, 1);
	ck_assert_uint_eq(world.receiver.awaited_sint, SINT);
}
END_TEST

START_TEST(eoi_is_awaited_anew_as_long_as_messages_are_left)
{
	unsigned int awaits;

	post_many(CONNECTION, 1, 3);
	awaits = world.receiver.awaits;
	trigger_eoi();
	ck_assert_uint_eq(world.receiver.awaits, awaits + 1);
	empty_slot(0, SINT);
	trigger_eoi();
	ck_assert_uint_eq(world.receiver.awaits, awaits + 2);
	empty_slot(0, SINT);
	trigger_eoi();
	ck_assert_uint_eq(world.receiver.awaits, awaits + 2);
}
END_TEST

START_TEST(eoi_is_awaited_for_what_an_eom_leaves)
{
	unsigned int awaits;

	post_many(CONNECTION, 1, 3);
	awaits = world.receiver.awaits;
	empty_slot(0, SINT);
	trigger_eom();
	ck_assert_uint_eq(world.receiver.awaits, awaits + 1);
}
END_TEST

START_TEST(eoi_is_awaited_for_what_comes_after_those_that_a_port_took_along)
{
	unsigned int awaits;

	make_link(SECOND, SECOND_PORT, SINT, 0);
	post_many(CONNECTION, 1, 2);
	ck_assert_uint_eq(host_delete(PORT), 0);
	trigger_eoi();
	awaits = world.receiver.awaits;
	post_many(SECOND, 3, 1);
	ck_assert_uint_eq(world.receiver.awaits, awaits + 1);
	empty_slot(0, SINT);
	trigger_eoi();
	ck_assert_uint_eq(take(0, SINT), 3);
}
END_TEST

START_TEST(eom_with_nothing_queued_does_nothing)
{
	trigger_eom();
	ck_assert_uint_eq(vp_state(0).eoms, 1);
	ck_assert_uint_eq(vp_state(0).slots_occupied, 0);
	ck_assert_uint_eq(interrupts(), 0);
}
END_TEST

START_TEST(eom_serves_every_sint_of_the_vp)
{
	make_link(SECOND, SECOND_PORT, SINT + 1, 0);
	post_many(CONNECTION, 1, 2);
	post_many(SECOND, 1, 2);
	empty_slot(0, SINT);
	empty_slot(0, SINT + 1);
	trigger_eom();
	ck_assert_uint_eq(take(0, SINT), 2);
	ck_assert_uint_eq(take(0, SINT + 1), 2);
}
END_TEST

START_TEST(eom_serves_no_other_vp)
{
	make_link(SECOND, SECOND_PORT, SINT, 1);
	post_many(SECOND, 1, 2);
	empty_slot(1, SINT);
	trigger_eom();
	ck_assert_uint_eq(slot_of(1, SINT)->message_type, 0);
}
END_TEST

START_TEST(eom_of_a_masked_sint_drains_it)
{
	guest_write_msr(&world.receiver, 0, HV_MSR_SINT0 + SINT, HV_SINT_RESET);
	post_many(CONNECTION, 1, 2);
	empty_slot(0, SINT);
	trigger_eom();
	ck_assert_uint_eq(take(0, SINT), 2);
	ck_assert_uint_eq(interrupts(), 0);
}
END_TEST

START_TEST(eoi_of_another_vector_does_nothing)
{
	post_many(CONNECTION, 1, 2);
	empty_slot(0, SINT);
	hvhost_vp_eoi(world.receiver.vp[0], VECTOR(SINT) + 1);
	ck_assert_uint_eq(slot_of(0, SINT)->message_type, 0);
}
END_TEST

START_TEST(eoi_serves_every_sint_of_its_vector)
{
	make_link(SECOND, SECOND_PORT, SINT + 5, 0);
	guest_write_msr(&world.receiver, 0, HV_MSR_SINT0 + SINT + 5,
			VECTOR(SINT));
	post_many(CONNECTION, 1, 2);
	post_many(SECOND, 1, 2);
	empty_slot(0, SINT);
	empty_slot(0, SINT + 5);
	trigger_eoi();
	ck_assert_uint_eq(take(0, SINT), 2);
	ck_assert_uint_eq(take(0, SINT + 5), 2);
}
END_TEST

static const uint32_t switches[] = { HV_MSR_SCONTROL, HV_MSR_SIMP };

START_TEST(nothing_arrives_while_synic_or_sim_page_is_off)
{
	post_many(CONNECTION, 1, 2);
	empty_slot(0, SINT);
	guest_write_msr(&world.receiver, 0, switches[_i], 0);
	trigger_eom();
	trigger_eoi();
	trigger_unmask();
	ck_assert_uint_eq(slot_of(0, SINT)->message_type, 0);
	ck_assert_uint_eq(vp_state(0).queued[SINT], 1);
}
END_TEST

START_TEST(pending_messages_follow_the_sim_page)
{
	post_many(CONNECTION, 1, 3);
	trigger_simp_moved();
	ck_assert_uint_eq(world.receiver.overlay.gpa, 0xc000);
	ck_assert_ptr_eq(world.receiver.overlay.contents, slot_of(0, 0));
	for (uint32_t i = 1; i <= 3; i++)
		ck_assert_uint_eq(take(0, SINT), i);
}
END_TEST

/* Buffers */

START_TEST(buffers_hold_16_behind_the_one_in_the_slot)
{
	post_many(CONNECTION, 1, BUFFERS + 1);
	ck_assert_uint_eq(counters_of(PORT).queued, 16);
	ck_assert_uint_eq(counters_of(PORT).buffers_free, 0);
	ck_assert_uint_eq(post(CONNECTION, 99), HV_STATUS_INSUFFICIENT_BUFFERS);
}
END_TEST

START_TEST(buffer_returns_when_its_message_reaches_the_slot)
{
	post_many(CONNECTION, 1, BUFFERS + 1);
	empty_slot(0, SINT);
	ck_assert_uint_eq(counters_of(PORT).buffers_free, 0);
	trigger_eom();
	ck_assert_uint_eq(counters_of(PORT).buffers_free, 1);
	ck_assert_uint_eq(post(CONNECTION, 99), 0);
	ck_assert_uint_eq(post(CONNECTION, 99), HV_STATUS_INSUFFICIENT_BUFFERS);
}
END_TEST

START_TEST(post_that_is_its_own_trigger_needs_a_buffer_first)
{
	post_many(CONNECTION, 1, BUFFERS + 1);
	empty_slot(0, SINT);
	ck_assert_uint_eq(post(CONNECTION, 99), HV_STATUS_INSUFFICIENT_BUFFERS);
	ck_assert_uint_eq(slot_of(0, SINT)->message_type, 0);
}
END_TEST

START_TEST(buffers_of_a_port_are_its_own)
{
	make_link(SECOND, SECOND_PORT, SINT, 0);
	post_many(CONNECTION, 1, BUFFERS + 1);
	post_many(SECOND, 101, BUFFERS);
	ck_assert_uint_eq(post(SECOND, 1), HV_STATUS_INSUFFICIENT_BUFFERS);
	ck_assert_uint_eq(vp_state(0).queued[SINT], 2 * BUFFERS);
}
END_TEST

START_TEST(number_of_buffers_is_the_partitions)
{
	struct hvhost_partition_config config = guest_config(&world.receiver);

	config.message_buffers = 2;
	ck_assert_int_eq(hvhost_partition_new(world.machine, &config,
					      &world.receiver.partition), 0);
	hvhost_partition_activate(world.receiver.partition);
	world.receiver.id = hvhost_partition_id(world.receiver.partition);
	guest_add_vp(&world.receiver, 0);
	guest_start_synic(&world.receiver, 0);
	make_link(SECOND, PORT, SINT, 0);
	post_many(SECOND, 1, 3);
	ck_assert_uint_eq(post(SECOND, 4), HV_STATUS_INSUFFICIENT_BUFFERS);
}
END_TEST

START_TEST(counters_tell_what_became_of_each_message)
{
	struct hvhost_port_counters counters;

	post_many(CONNECTION, 1, BUFFERS + 1);
	post(CONNECTION, 99);
	take(0, SINT);
	counters = counters_of(PORT);
	ck_assert_uint_eq(counters.posted, BUFFERS + 1);
	ck_assert_uint_eq(counters.delivered, 2);
	ck_assert_uint_eq(counters.refused, 1);
	ck_assert_uint_eq(counters.lost, 0);
	ck_assert_uint_eq(counters.queued, BUFFERS - 1);
	ck_assert_uint_eq(counters.buffers_free, 1);
	ck_assert_uint_eq(vp_state(0).delivered, 2);
	ck_assert_uint_eq(vp_state(0).eoms, 1);
}
END_TEST

/* Ports that share a SINT, and ports for any VP */

START_TEST(ports_that_share_a_sint_share_its_order)
{
	make_link(SECOND, SECOND_PORT, SINT, 0);
	for (uint32_t i = 0; i < 8; i++)
		ck_assert_uint_eq(post(i % 2 ? SECOND : CONNECTION, i + 1), 0);
	for (uint32_t i = 0; i < 8; i++) {
		ck_assert_uint_eq(slot_of(0, SINT)->origin,
				  i % 2 ? SECOND_PORT : PORT);
		ck_assert_uint_eq(take(0, SINT), i + 1);
	}
}
END_TEST

static void make_link_to_any_vp(void)
{
	make_link(SECOND, SECOND_PORT, SINT, HV_ANY_VP);
}

static uint32_t occupied(uint32_t sint)
{
	uint32_t vps = 0;

	for (uint32_t vp = 0; vp < 2; vp++)
		if (slot_of(vp, sint)->message_type)
			vps++;
	return vps;
}

START_TEST(message_to_any_vp_goes_to_one)
{
	make_link_to_any_vp();
	post_many(SECOND, 1, 1);
	ck_assert_uint_eq(occupied(SINT), 1);
}
END_TEST

START_TEST(message_to_any_vp_prefers_one_with_a_free_slot)
{
	make_link_to_any_vp();
	for (int round = 0; round < 6; round++) {
		post_many(SECOND, 1, 2);
		ck_assert_uint_eq(occupied(SINT), 2);
		ck_assert_uint_eq(empty_slot(0, SINT) + empty_slot(1, SINT), 3);
	}
}
END_TEST

START_TEST(message_to_any_vp_prefers_one_without_a_queue)
{
	make_link_to_any_vp();
	post_many(CONNECTION, 1, 2);
	empty_slot(0, SINT);
	post_many(SECOND, 77, 1);
	ck_assert_uint_eq(slot_of(1, SINT)->message_type, 77);
}
END_TEST

START_TEST(message_to_any_vp_passes_by_those_that_are_off)
{
	make_link_to_any_vp();
	guest_add_vp(&world.receiver, 3);
	guest_write_msr(&world.receiver, 1, HV_MSR_SCONTROL, 0);
	post_many(SECOND, 1, BUFFERS + 1);
	ck_assert_uint_eq(vp_state(0).queued[SINT], BUFFERS);
	ck_assert_uint_eq(vp_state(1).queued[SINT], 0);
	ck_assert_uint_eq(vp_state(3).queued[SINT], 0);
}
END_TEST

START_TEST(message_to_any_vp_may_go_to_a_masked_one)
{
	make_link_to_any_vp();
	guest_write_msr(&world.receiver, 0, HV_MSR_SINT0 + SINT, HV_SINT_RESET);
	guest_write_msr(&world.receiver, 1, HV_MSR_SINT0 + SINT, HV_SINT_RESET);
	post_many(SECOND, 1, 2);
	ck_assert_uint_eq(occupied(SINT), 2);
}
END_TEST

START_TEST(messages_to_any_vp_are_shared_among_busy_ones)
{
	make_link_to_any_vp();
	post_many(SECOND, 1, 2 + 8);
	ck_assert_uint_gt(vp_state(0).queued[SINT], 0);
	ck_assert_uint_gt(vp_state(1).queued[SINT], 0);
}
END_TEST

/* What takes queued messages away, and what does not */

/* Messages of both ports lie by turns: the last is the one's or the other's. */
START_TEST(deleting_a_port_loses_its_queued_messages_only)
{
	uint32_t deleted = _i ? SECOND : CONNECTION;
	uint32_t kept = _i ? CONNECTION : SECOND;

	make_link(SECOND, SECOND_PORT, SINT, 0);
	post_many(deleted, 99, 1);
	for (uint32_t i = 0; i < 4; i++) {
		post_many(CONNECTION, CONNECTION << 8 | i, 1);
		post_many(SECOND, SECOND << 8 | i, 1);
	}
	ck_assert_uint_eq(host_delete(_i ? SECOND_PORT : PORT), 0);
	ck_assert_uint_eq(vp_state(0).queued[SINT], 4);
	ck_assert_uint_eq(take(0, SINT), 99);	/* in its slot already */
	for (uint32_t i = 0; i < 4; i++)
		ck_assert_uint_eq(take(0, SINT), kept << 8 | i);
	ck_assert_uint_eq(take(0, SINT), 0);
}
END_TEST

START_TEST(deleting_a_port_loses_messages_at_every_vp)
{
	make_link_to_any_vp();
	post_many(SECOND, 1, 2 + 8);
	ck_assert_uint_eq(host_delete(SECOND_PORT), 0);
	ck_assert_uint_eq(vp_state(0).queued[SINT], 0);
	ck_assert_uint_eq(vp_state(1).queued[SINT], 0);
	ck_assert_uint_eq(occupied(SINT), 2);
}
END_TEST

START_TEST(slot_of_a_deleted_port_stays_as_it_is)
{
	struct hv_slot before;

	post_many(CONNECTION, 1, 3);
	before = *slot_of(0, SINT);
	ck_assert_uint_eq(host_delete(PORT), 0);
	ck_assert_mem_eq(slot_of(0, SINT), &before, sizeof(before));
	/* Still pending: EOM finds nothing, which does no harm. */
	ck_assert_uint_eq(take(0, SINT), 1);
	ck_assert_uint_eq(take(0, SINT), 0);
}
END_TEST

START_TEST(port_of_a_deleted_id_starts_with_nothing)
{
	post_many(CONNECTION, 1, BUFFERS + 1);
	ck_assert_uint_eq(host_delete(PORT), 0);
	make_link(SECOND, PORT, SINT, 0);
	ck_assert_uint_eq(counters_of(PORT).posted, 0);
	ck_assert_uint_eq(counters_of(PORT).buffers_free, BUFFERS);
}
END_TEST

START_TEST(disconnecting_keeps_queued_messages)
{
	post_many(CONNECTION, 1, 1 + MORE);
	ck_assert_uint_eq(host_disconnect(CONNECTION), 0);
	for (uint32_t i = 0; i < 1 + MORE; i++)
		ck_assert_uint_eq(take(0, SINT), 1 + i);
	ck_assert_uint_eq(counters_of(PORT).buffers_free, BUFFERS);
}
END_TEST

static void assert_more_were_lost(void)
{
	struct hvhost_port_counters counters = counters_of(PORT);

	ck_assert_uint_eq(counters.posted, 1 + MORE);
	ck_assert_uint_eq(counters.delivered, 1);
	ck_assert_uint_eq(counters.lost, MORE);
	ck_assert_uint_eq(counters.queued, 0);
	ck_assert_uint_eq(counters.buffers_free, BUFFERS);
}

START_TEST(reset_of_a_vp_loses_what_it_has_queued)
{
	post_many(CONNECTION, 1, 1 + MORE);
	hvhost_vp_reset(world.receiver.vp[0]);
	assert_more_were_lost();
	ck_assert_uint_eq(vp_state(0).queued[SINT], 0);
	ck_assert_uint_eq(vp_state(0).slots_occupied, 0);
	guest_start_synic(&world.receiver, 0);
	ck_assert_uint_eq(take(0, SINT), 0);
	post_many(CONNECTION, 50, 1);
	ck_assert_uint_eq(take(0, SINT), 50);
}
END_TEST

START_TEST(a_power_cycle_loses_what_is_queued_and_keeps_the_ports)
{
	post_many(CONNECTION, 1, 1 + MORE);
	hvhost_partition_reset(world.receiver.partition);
	assert_more_were_lost();
	ck_assert_uint_eq(post(CONNECTION, 1), HV_STATUS_INVALID_SYNIC_STATE);
	guest_start_synic(&world.receiver, 0);
	post_many(CONNECTION, 50, 1);
	ck_assert_uint_eq(take(0, SINT), 50);
}
END_TEST

START_TEST(freeing_a_vp_loses_what_it_has_queued_and_returns_buffers)
{
	post_many(CONNECTION, 1, 1 + MORE);
	hvhost_vp_free(world.receiver.vp[0]);
	world.receiver.vp[0] = NULL;
	assert_more_were_lost();
}
END_TEST

START_TEST(finalizing_takes_queued_messages_with_it)
{
	post_many(CONNECTION, 1, 1 + MORE);
	hvhost_partition_begin_finalize(world.receiver.partition);
	hvhost_partition_finalize(world.receiver.partition);
	ck_assert_uint_eq(post(CONNECTION, 1), HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(finalizing_the_sender_keeps_what_it_posted)
{
	post_many(CONNECTION, 1, 1 + MORE);
	hvhost_partition_finalize(world.sender.partition);
	for (uint32_t i = 0; i < 1 + MORE; i++)
		ck_assert_uint_eq(take(0, SINT), 1 + i);
}
END_TEST

START_TEST(each_vp_counts_its_own_losses)
{
	make_link_to_any_vp();
	post_many(SECOND, 1, 2 + 3);
	ck_assert_uint_eq(vp_state(0).lost + vp_state(1).lost, 0);
	ck_assert_uint_eq(vp_state(0).queued[SINT] + vp_state(1).queued[SINT],
			  3);
	for (uint32_t vp = 0; vp < 2; vp++) {
		uint32_t queued = vp_state(vp).queued[SINT];

		hvhost_vp_reset(world.receiver.vp[vp]);
		ck_assert_uint_eq(vp_state(vp).lost, queued);
	}
}
END_TEST

START_TEST(vp_counts_losses_of_deleted_ports_and_of_resets)
{
	post_many(CONNECTION, 1, 1 + MORE);
	ck_assert_uint_eq(host_delete(PORT), 0);
	ck_assert_uint_eq(vp_state(0).lost, MORE);
	make_link(SECOND, SECOND_PORT, SINT, 0);
	post_many(SECOND, 1, 2);
	ck_assert_uint_eq(vp_state(0).lost, MORE);
	hvhost_vp_reset(world.receiver.vp[0]);
	ck_assert_uint_eq(vp_state(0).lost, MORE + 2);
	ck_assert_uint_eq(vp_state(0).delivered, 1);
	ck_assert_uint_eq(vp_state(1).lost, 0);
}
END_TEST

/* Stuck SINTs */

START_TEST(nothing_is_stuck_behind_a_slot_that_the_guest_will_empty)
{
	ck_assert_uint_eq(vp_state(0).sints_stuck, 0);
	post_many(CONNECTION, 1, 1 + MORE);
	for (uint32_t i = 0; i < 1 + MORE; i++) {
		ck_assert_uint_eq(vp_state(0).sints_stuck, 0);
		ck_assert_uint_eq(take(0, SINT), 1 + i);
	}
	ck_assert_uint_eq(vp_state(0).sints_stuck, 0);
}
END_TEST

START_TEST(sint_whose_slot_was_emptied_without_eom_is_stuck)
{
	post_many(CONNECTION, 1, 1 + MORE);
	ck_assert_uint_eq(empty_slot(0, SINT), 1);
	ck_assert_uint_eq(vp_state(0).sints_stuck, 1u << SINT);
	ck_assert_uint_eq(vp_state(1).sints_stuck, 0);
	hvhost_vp_eom(world.receiver.vp[0]);
	ck_assert_uint_eq(vp_state(0).sints_stuck, 0);
}
END_TEST

START_TEST(sint_with_nothing_queued_is_never_stuck)
{
	post_many(CONNECTION, 1, 1);
	ck_assert_uint_eq(empty_slot(0, SINT), 1);
	ck_assert_uint_eq(vp_state(0).sints_stuck, 0);
	guest_write_msr(&world.receiver, 0, HV_MSR_SCONTROL, 0);
	ck_assert_uint_eq(vp_state(0).sints_stuck, 0);
}
END_TEST

START_TEST(all_that_is_queued_is_stuck_while_synic_or_sim_page_is_off)
{
	uint64_t on = guest_read_msr(&world.receiver, 0, switches[_i]);

	make_link(SECOND, SECOND_PORT, SINT + 4, 0);
	post_many(CONNECTION, 1, 2);
	post_many(SECOND, 1, 2);
	guest_write_msr(&world.receiver, 0, switches[_i], 0);
	ck_assert_uint_eq(vp_state(0).sints_stuck, 0x11u << SINT);
	guest_write_msr(&world.receiver, 0, switches[_i], on);
	ck_assert_uint_eq(vp_state(0).sints_stuck, 0);
}
END_TEST

static void add_slot_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, slot_holds_the_message_byte_by_byte, 0,
			    ROWS(sizes));
	tcase_add_loop_test(tcase, queued_message_arrives_byte_by_byte, 0,
			    ROWS(sizes));
	tcase_add_test(tcase, other_slots_and_vps_are_not_touched);
	tcase_add_test(tcase, delivery_raises_the_vector_of_the_sint_at_its_vp);
	tcase_add_test(tcase, message_that_waits_raises_nothing);
	tcase_add_test(tcase, each_message_raises_once_when_it_is_delivered);
	tcase_add_test(tcase, masked_sint_gets_the_message_without_an_interrupt);
	tcase_add_test(tcase, interrupt_of_a_masked_delivery_is_lost);
	tcase_add_test(tcase, polled_sint_gets_the_message_without_an_interrupt);
	tcase_add_test(tcase, single_message_has_nothing_pending);
	tcase_add_test(tcase,
		       pending_is_set_in_the_slot_that_a_post_finds_busy);
	tcase_add_test(tcase, pending_is_set_at_delivery_while_more_is_queued);
}

static void add_trigger_tests(TCase *tcase)
{
	tcase_add_test(tcase, messages_arrive_in_the_order_of_their_posts);
	tcase_add_test(tcase, nothing_arrives_without_a_trigger);
	tcase_add_loop_test(tcase,
			    trigger_brings_the_next_message_and_its_interrupt,
			    0, ROWS(triggers));
	tcase_add_loop_test(tcase, trigger_leaves_a_busy_slot_alone, 0,
			    ROWS(triggers));
	tcase_add_test(tcase, eoi_is_awaited_when_a_message_is_left_waiting);
	tcase_add_test(tcase, eoi_is_awaited_anew_as_long_as_messages_are_left);
	tcase_add_test(tcase, eoi_is_awaited_for_what_an_eom_leaves);
	tcase_add_test(tcase,
		       eoi_is_awaited_for_what_comes_after_those_that_a_port_took_along);
	tcase_add_test(tcase, eom_with_nothing_queued_does_nothing);
	tcase_add_test(tcase, eom_serves_every_sint_of_the_vp);
	tcase_add_test(tcase, eom_serves_no_other_vp);
	tcase_add_test(tcase, eom_of_a_masked_sint_drains_it);
	tcase_add_test(tcase, eoi_of_another_vector_does_nothing);
	tcase_add_test(tcase, eoi_serves_every_sint_of_its_vector);
	tcase_add_loop_test(tcase,
			    nothing_arrives_while_synic_or_sim_page_is_off, 0,
			    ROWS(switches));
	tcase_add_test(tcase, pending_messages_follow_the_sim_page);
}

static void add_buffer_tests(TCase *tcase)
{
	tcase_add_test(tcase, buffers_hold_16_behind_the_one_in_the_slot);
	tcase_add_test(tcase, buffer_returns_when_its_message_reaches_the_slot);
	tcase_add_test(tcase, post_that_is_its_own_trigger_needs_a_buffer_first);
	tcase_add_test(tcase, buffers_of_a_port_are_its_own);
	tcase_add_test(tcase, number_of_buffers_is_the_partitions);
	tcase_add_test(tcase, counters_tell_what_became_of_each_message);
	tcase_add_test(tcase, ports_that_share_a_sint_share_its_order);
}

static void add_any_vp_tests(TCase *tcase)
{
	tcase_add_test(tcase, message_to_any_vp_goes_to_one);
	tcase_add_test(tcase, message_to_any_vp_prefers_one_with_a_free_slot);
	tcase_add_test(tcase, message_to_any_vp_prefers_one_without_a_queue);
	tcase_add_test(tcase, message_to_any_vp_passes_by_those_that_are_off);
	tcase_add_test(tcase, message_to_any_vp_may_go_to_a_masked_one);
	tcase_add_test(tcase, messages_to_any_vp_are_shared_among_busy_ones);
}

static void add_loss_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase,
			    deleting_a_port_loses_its_queued_messages_only, 0,
			    2);
	tcase_add_test(tcase, deleting_a_port_loses_messages_at_every_vp);
	tcase_add_test(tcase, slot_of_a_deleted_port_stays_as_it_is);
	tcase_add_test(tcase, port_of_a_deleted_id_starts_with_nothing);
	tcase_add_test(tcase, disconnecting_keeps_queued_messages);
	tcase_add_test(tcase, reset_of_a_vp_loses_what_it_has_queued);
	tcase_add_test(tcase,
		       a_power_cycle_loses_what_is_queued_and_keeps_the_ports);
	tcase_add_test(tcase,
		       freeing_a_vp_loses_what_it_has_queued_and_returns_buffers);
	tcase_add_test(tcase, finalizing_takes_queued_messages_with_it);
	tcase_add_test(tcase, finalizing_the_sender_keeps_what_it_posted);
	tcase_add_test(tcase, each_vp_counts_its_own_losses);
	tcase_add_test(tcase, vp_counts_losses_of_deleted_ports_and_of_resets);
}

static void add_stuck_tests(TCase *tcase)
{
	tcase_add_test(tcase,
		       nothing_is_stuck_behind_a_slot_that_the_guest_will_empty);
	tcase_add_test(tcase, sint_whose_slot_was_emptied_without_eom_is_stuck);
	tcase_add_test(tcase, sint_with_nothing_queued_is_never_stuck);
	tcase_add_loop_test(tcase,
			    all_that_is_queued_is_stuck_while_synic_or_sim_page_is_off,
			    0, ROWS(switches));
}

static void add_case(Suite *suite, const char *name, void (*add)(TCase *tcase))
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, world_setup, world_teardown);
	add(tcase);
	suite_add_tcase(suite, tcase);
}

Suite *delivery_suite(void)
{
	Suite *suite = suite_create("delivery");

	add_case(suite, "slot", add_slot_tests);
	add_case(suite, "trigger", add_trigger_tests);
	add_case(suite, "buffer", add_buffer_tests);
	add_case(suite, "any_vp", add_any_vp_tests);
	add_case(suite, "loss", add_loss_tests);
	add_case(suite, "stuck", add_stuck_tests);
	return suite;
}
