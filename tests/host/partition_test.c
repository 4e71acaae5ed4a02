// SPDX-License-Identifier: MIT
/* Machines, partitions and VPs: how they come, change state and go. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "suites.h"
#include "world.h"

START_TEST(machine_refuses_unknown_flags)
{
	struct hvhost_machine_config config = { .flags = 1u << 2 };
	struct hvhost_machine *machine = (void *)&config;

	ck_assert_int_eq(hvhost_machine_new(&config, &machine), -EINVAL);
	ck_assert_ptr_null(machine);
}
END_TEST

START_TEST(machine_needs_no_config)
{
	struct hvhost_machine *machine;

	ck_assert_int_eq(hvhost_machine_new(NULL, &machine), 0);
	hvhost_machine_free(machine);
}
END_TEST

START_TEST(freeing_nothing_does_nothing)
{
	hvhost_machine_free(NULL);
	hvhost_partition_free(NULL);
	hvhost_vp_free(NULL);
}
END_TEST

static int try_config(const struct hvhost_partition_config *config)
{
	struct hvhost_partition *partition = (void *)&world;
	int err = hvhost_partition_new(world.machine, config, &partition);

	if (err)
		ck_assert_ptr_null(partition);
	hvhost_partition_free(partition);
	return err;
}

START_TEST(vp_count_must_be_between_1_and_4096)
{
	struct hvhost_partition_config config = guest_config(&world.sender);

	config.vp_count_max = 0;
	ck_assert_int_eq(try_config(&config), -EINVAL);
	config.vp_count_max = 4097;
	ck_assert_int_eq(try_config(&config), -EINVAL);
	config.vp_count_max = 1;
	ck_assert_int_eq(try_config(&config), 0);
	config.vp_count_max = 4096;
	ck_assert_int_eq(try_config(&config), 0);
}
END_TEST

START_TEST(message_buffers_go_up_to_65535)
{
	struct hvhost_partition_config config = guest_config(&world.sender);

	config.message_buffers = 65536;
	ck_assert_int_eq(try_config(&config), -EINVAL);
	config.message_buffers = 65535;
	ck_assert_int_eq(try_config(&config), 0);
}
END_TEST

START_TEST(tables_go_up_to_all_24_bit_ids)
{
	struct hvhost_partition_config config = guest_config(&world.sender);

	config.ports_max = HV_ID_MASK + 2;
	ck_assert_int_eq(try_config(&config), -EINVAL);
	config.ports_max = HV_ID_MASK + 1;
	ck_assert_int_eq(try_config(&config), 0);
	config.connections_max = HV_ID_MASK + 2;
	ck_assert_int_eq(try_config(&config), -EINVAL);
	config.connections_max = HV_ID_MASK + 1;
	ck_assert_int_eq(try_config(&config), 0);
}
END_TEST

START_TEST(callbacks_must_be_there)
{
	struct hvhost_partition_config config = guest_config(&world.sender);
	struct hvhost_partition_ops ops = *config.ops;

	config.ops = NULL;
	ck_assert_int_eq(try_config(&config), -EINVAL);

	config.ops = &ops;
	ops.read_memory = NULL;
	ck_assert_int_eq(try_config(&config), -EINVAL);
	ops = *guest_config(&world.sender).ops;
	ops.write_memory = NULL;
	ck_assert_int_eq(try_config(&config), -EINVAL);
	ops = *guest_config(&world.sender).ops;
	ops.assert_sint = NULL;
	ck_assert_int_eq(try_config(&config), -EINVAL);
	ops = *guest_config(&world.sender).ops;
	ops.set_overlay = NULL;
	ck_assert_int_eq(try_config(&config), 0);
}
END_TEST

START_TEST(overlay_callback_is_not_missed)
{
	struct hvhost_partition_config config = guest_config(&world.sender);
	struct hvhost_partition_ops ops = *config.ops;
	struct hvhost_partition *partition;
	struct hvhost_vp *vp;

	ops.set_overlay = NULL;
	config.ops = &ops;
	ck_assert_int_eq(hvhost_partition_new(world.machine, &config,
					      &partition), 0);
	ck_assert_int_eq(hvhost_vp_new(partition, 0, NULL, NULL, &vp), 0);
	ck_assert_int_eq(hvhost_vp_write_msr(vp, HV_MSR_SIMP, SIMP_ON(0)), 0);
	hvhost_vp_reset(vp);
	hvhost_partition_free(partition);
}
END_TEST

START_TEST(machine_has_1024_partitions_at_most)
{
	struct hvhost_partition_config config = guest_config(&world.sender);
	struct hvhost_partition *partition, *last = NULL;
	unsigned int count = 2;		/* the world's own */

	while (!hvhost_partition_new(world.machine, &config, &partition)) {
		last = partition;
		count++;
	}
	ck_assert_uint_eq(count, HVHOST_PARTITIONS_MAX);
	ck_assert_int_eq(hvhost_partition_new(world.machine, &config,
					      &partition), -ENOSPC);
	ck_assert_ptr_null(partition);
	hvhost_partition_free(last);
	ck_assert_int_eq(hvhost_partition_new(world.machine, &config,
					      &partition), 0);
}
END_TEST

START_TEST(partition_ids_are_never_given_out_twice)
{
	struct hvhost_partition_config config = guest_config(&world.sender);
	struct hvhost_partition *partition;
	uint64_t last = 0;

	for (int i = 0; i < 8; i++) {
		uint64_t id;

		ck_assert_int_eq(hvhost_partition_new(world.machine, &config,
						      &partition), 0);
		id = hvhost_partition_id(partition);
		ck_assert_uint_ne(id, HV_PARTITION_ID_INVALID);
		ck_assert_uint_ne(id, HV_PARTITION_ID_SELF);
		ck_assert_uint_gt(id, last);
		last = id;
		hvhost_partition_free(partition);
	}
}
END_TEST

START_TEST(partition_passes_through_its_states_in_order)
{
	struct hvhost_partition_config config = guest_config(&world.sender);
	struct hvhost_partition *partition;

	ck_assert_int_eq(hvhost_partition_new(world.machine, &config,
					      &partition), 0);
	ck_assert_int_eq(hvhost_partition_state(partition),
			 HVHOST_PARTITION_UNINITIALIZED);
	ck_assert_int_eq(hvhost_partition_begin_finalize(partition), -EBUSY);

	ck_assert_int_eq(hvhost_partition_activate(partition), 0);
	ck_assert_int_eq(hvhost_partition_state(partition),
			 HVHOST_PARTITION_ACTIVE);
	ck_assert_int_eq(hvhost_partition_activate(partition), -EBUSY);

	ck_assert_int_eq(hvhost_partition_begin_finalize(partition), 0);
	ck_assert_int_eq(hvhost_partition_state(partition),
			 HVHOST_PARTITION_FINALIZING);
	ck_assert_int_eq(hvhost_partition_begin_finalize(partition), -EBUSY);
	ck_assert_int_eq(hvhost_partition_activate(partition), -EBUSY);

	ck_assert_int_eq(hvhost_partition_finalize(partition), 0);
	ck_assert_int_eq(hvhost_partition_state(partition),
			 HVHOST_PARTITION_FINALIZED);
	ck_assert_int_eq(hvhost_partition_finalize(partition), 0);
	ck_assert_int_eq(hvhost_partition_activate(partition), -EBUSY);
	hvhost_partition_free(partition);
}
END_TEST

START_TEST(finalizing_partition_keeps_what_it_has)
{
	struct hvhost_port_counters counters;

	ck_assert_uint_eq(post(CONNECTION, 1), 0);
	ck_assert_uint_eq(post(CONNECTION, 2), 0);
	hvhost_partition_begin_finalize(world.receiver.partition);
	ck_assert_int_eq(hvhost_port_counters(world.receiver.partition, PORT,
					      &counters), 0);
	ck_assert_uint_eq(counters.queued, 1);
	ck_assert_uint_eq(take(0, SINT), 1);
	ck_assert_uint_eq(take(0, SINT), 2);
}
END_TEST

START_TEST(finalized_partition_has_no_ports)
{
	struct hvhost_port_counters counters;

	hvhost_partition_finalize(world.receiver.partition);
	ck_assert_int_eq(hvhost_port_counters(world.receiver.partition, PORT,
					      &counters), -ENOENT);
}
END_TEST

START_TEST(finalized_partition_takes_no_vp)
{
	struct hvhost_vp *vp;

	hvhost_partition_begin_finalize(world.receiver.partition);
	ck_assert_int_eq(hvhost_vp_new(world.receiver.partition, 3, NULL, NULL,
				       &vp), -EBUSY);
	hvhost_partition_finalize(world.receiver.partition);
	ck_assert_int_eq(hvhost_vp_new(world.receiver.partition, 3, NULL, NULL,
				       &vp), -EBUSY);
	ck_assert_ptr_null(vp);
}
END_TEST

START_TEST(port_for_a_finalized_sender_is_for_nobody_else)
{
	struct hv_connect_port_input input;
	struct guest *other = malloc(sizeof(*other));

	hvhost_partition_finalize(world.sender.partition);
	guest_make(other, guest_config(other).privileges);
	input = connect_to(CONNECTION, PORT, HV_PORT_TYPE_MESSAGE);
	ck_assert_uint_eq(host_connect(input), HV_STATUS_INVALID_PARTITION_STATE);
	input.connection_partition = other->id;
	ck_assert_uint_eq(host_connect(input), HV_STATUS_INVALID_PARTITION_ID);
	ck_assert_uint_eq(host_delete(PORT), 0);
	hvhost_partition_free(other->partition);
	free(other);
}
END_TEST

START_TEST(freed_partition_is_found_by_nobody)
{
	hvhost_partition_free(world.receiver.partition);
	ck_assert_uint_eq(host_create(message_port(1, 1, 0)),
			  HV_STATUS_INVALID_PARTITION_ID);
	ck_assert_uint_eq(post(CONNECTION, 1), HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(partition_is_found_by_its_id)
{
	ck_assert_ptr_eq(hvhost_partition_find(world.machine, world.sender.id),
			 world.sender.partition);
	ck_assert_ptr_eq(hvhost_partition_find(world.machine,
					       world.receiver.id),
			 world.receiver.partition);
	hvhost_partition_finalize(world.sender.partition);
	ck_assert_ptr_eq(hvhost_partition_find(world.machine, world.sender.id),
			 world.sender.partition);
}
END_TEST

START_TEST(partition_is_not_found_by_an_id_that_is_not_its_own)
{
	const uint64_t ids[] = {
		HV_PARTITION_ID_INVALID, HV_PARTITION_ID_SELF,
		world.receiver.id + 1, world.receiver.id | 1ull << 32,
	};

	for (int i = 0; i < ROWS(ids); i++)
		ck_assert_ptr_null(hvhost_partition_find(world.machine,
							 ids[i]));
	hvhost_partition_free(world.sender.partition);
	ck_assert_ptr_null(hvhost_partition_find(world.machine,
						 world.sender.id));
}
END_TEST

/* VPs */

START_TEST(vp_is_found_by_its_index)
{
	struct hvhost_vp *vp = guest_add_vp(&world.receiver, 3);

	ck_assert_ptr_eq(hvhost_vp_find(world.receiver.partition, 0),
			 world.receiver.vp[0]);
	ck_assert_ptr_eq(hvhost_vp_find(world.receiver.partition, 1),
			 world.receiver.vp[1]);
	ck_assert_ptr_eq(hvhost_vp_find(world.receiver.partition, 3), vp);
	ck_assert_ptr_eq(hvhost_vp_find(world.sender.partition, 0),
			 world.sender.vp[0]);
}
END_TEST

START_TEST(vp_is_not_found_where_there_is_none)
{
	struct hvhost_partition *receiver = world.receiver.partition;

	ck_assert_ptr_null(hvhost_vp_find(receiver, 2));
	guest_add_vp(&world.receiver, 3);
	ck_assert_ptr_null(hvhost_vp_find(receiver, 2));
	ck_assert_ptr_null(hvhost_vp_find(receiver, WORLD_VPS));
	ck_assert_ptr_null(hvhost_vp_find(receiver, HV_VP_SELF));
	ck_assert_ptr_null(hvhost_vp_find(receiver, HV_ANY_VP));
	hvhost_vp_free(world.receiver.vp[0]);
	ck_assert_ptr_null(hvhost_vp_find(receiver, 0));
	hvhost_partition_finalize(receiver);
	ck_assert_ptr_null(hvhost_vp_find(receiver, 1));
}
END_TEST

START_TEST(vp_index_lies_below_the_count)
{
	struct hvhost_vp *vp = (void *)&world;

	ck_assert_int_eq(hvhost_vp_new(world.receiver.partition, WORLD_VPS,
				       NULL, NULL, &vp), -EINVAL);
	ck_assert_ptr_null(vp);
	ck_assert_int_eq(hvhost_vp_new(world.receiver.partition, UINT32_MAX,
				       NULL, NULL, &vp), -EINVAL);
	ck_assert_int_eq(hvhost_vp_new(world.receiver.partition, WORLD_VPS - 1,
				       NULL, NULL, &vp), 0);
	ck_assert_uint_eq(hvhost_vp_index(vp), WORLD_VPS - 1);
}
END_TEST

START_TEST(vp_pages_must_be_aligned)
{
	uint8_t *pages = aligned_alloc(HV_PAGE_SIZE, 2 * HV_PAGE_SIZE);
	struct hvhost_vp *vp;

	ck_assert_int_eq(hvhost_vp_new(world.receiver.partition, 2, pages + 8,
				       NULL, &vp), -EINVAL);
	ck_assert_int_eq(hvhost_vp_new(world.receiver.partition, 2, NULL,
				       pages + 8, &vp), -EINVAL);
	free(pages);
}
END_TEST

START_TEST(vp_uses_and_zeroes_the_pages_it_is_given)
{
	uint8_t *pages = aligned_alloc(HV_PAGE_SIZE, 2 * HV_PAGE_SIZE);
	static const uint8_t zero[2 * HV_PAGE_SIZE];
	struct hvhost_vp *vp;

	memset(pages, 0xa5, 2 * HV_PAGE_SIZE);
	ck_assert_int_eq(hvhost_vp_new(world.receiver.partition, 2, pages,
				       pages + HV_PAGE_SIZE, &vp), 0);
	ck_assert_ptr_eq((void *)hvhost_vp_sim(vp), pages);
	ck_assert_ptr_eq((void *)hvhost_vp_sief(vp), pages + HV_PAGE_SIZE);
	ck_assert_mem_eq(pages, zero, sizeof(zero));
	hvhost_vp_free(vp);
	free(pages);
}
END_TEST

START_TEST(vp_takes_one_page_and_brings_the_other)
{
	uint8_t *page = aligned_alloc(HV_PAGE_SIZE, HV_PAGE_SIZE);
	struct hvhost_vp *vp;

	ck_assert_int_eq(hvhost_vp_new(world.receiver.partition, 2, NULL, page,
				       &vp), 0);
	ck_assert_ptr_eq((void *)hvhost_vp_sief(vp), page);
	ck_assert_uint_eq((uintptr_t)hvhost_vp_sim(vp) % HV_PAGE_SIZE, 0);
	hvhost_vp_free(vp);
	free(page);
}
END_TEST

START_TEST(second_vp_of_an_index_is_refused_and_leaves_the_pages_alone)
{
	struct hvhost_vp *vp;

	ck_assert_uint_eq(post(CONNECTION, 7), 0);
	ck_assert_int_eq(hvhost_vp_new(world.receiver.partition, 0,
				       hvhost_vp_sim(world.receiver.vp[0]),
				       hvhost_vp_sief(world.receiver.vp[0]),
				       &vp), -EEXIST);
	ck_assert_ptr_null(vp);
	ck_assert_uint_eq(take(0, SINT), 7);
}
END_TEST

START_TEST(freed_index_can_be_used_again)
{
	hvhost_vp_free(world.receiver.vp[0]);
	guest_add_vp(&world.receiver, 0);
	guest_start_synic(&world.receiver, 0);
	ck_assert_uint_eq(post(CONNECTION, 7), 0);
	ck_assert_uint_eq(take(0, SINT), 7);
}
END_TEST

Suite *partition_suite(void)
{
	Suite *suite = suite_create("partition");
	TCase *tcase = tcase_create("partition");

	tcase_add_checked_fixture(tcase, world_setup, world_teardown);
	tcase_add_test(tcase, machine_refuses_unknown_flags);
	tcase_add_test(tcase, machine_needs_no_config);
	tcase_add_test(tcase, freeing_nothing_does_nothing);
	tcase_add_test(tcase, vp_count_must_be_between_1_and_4096);
	tcase_add_test(tcase, message_buffers_go_up_to_65535);
	tcase_add_test(tcase, tables_go_up_to_all_24_bit_ids);
	tcase_add_test(tcase, callbacks_must_be_there);
	tcase_add_test(tcase, overlay_callback_is_not_missed);
	tcase_add_test(tcase, machine_has_1024_partitions_at_most);
	tcase_add_test(tcase, partition_ids_are_never_given_out_twice);
	tcase_add_test(tcase, partition_passes_through_its_states_in_order);
	tcase_add_test(tcase, finalizing_partition_keeps_what_it_has);
	tcase_add_test(tcase, finalized_partition_has_no_ports);
	tcase_add_test(tcase, finalized_partition_takes_no_vp);
	tcase_add_test(tcase, port_for_a_finalized_sender_is_for_nobody_else);
	tcase_add_test(tcase, freed_partition_is_found_by_nobody);
	tcase_add_test(tcase, partition_is_found_by_its_id);
	tcase_add_test(tcase,
		       partition_is_not_found_by_an_id_that_is_not_its_own);
	tcase_add_test(tcase, vp_is_found_by_its_index);
	tcase_add_test(tcase, vp_is_not_found_where_there_is_none);
	tcase_add_test(tcase, vp_index_lies_below_the_count);
	tcase_add_test(tcase, vp_pages_must_be_aligned);
	tcase_add_test(tcase, vp_uses_and_zeroes_the_pages_it_is_given);
	tcase_add_test(tcase, vp_takes_one_page_and_brings_the_other);
	tcase_add_test(tcase,
		       second_vp_of_an_index_is_refused_and_leaves_the_pages_alone);
	tcase_add_test(tcase, freed_index_can_be_used_again);
	suite_add_tcase(suite, tcase);
	return suite;
}
