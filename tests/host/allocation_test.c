// SPDX-License-Identifier: MIT
/*
 * No memory: each allocation of each function fails once, and the function must
 * refuse as it promises, change nothing, and give back what it had taken.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "suites.h"
#include "world.h"

#define NEW_ID	0x20304u	/* far from the ids in use */

/*
 * Attempt with the first allocation failing, then with the second, and so on
 * until none does, and then it must succeed. Return how often it was refused.
 */
static unsigned int refusals(int (*attempt)(void), int refusal)
{
	static struct look before;

	for (unsigned int number = 1;; number++) {
		long balance = allocation_balance();
		int result;

		look_at_world(&before);
		allocation_fail(number);
		result = attempt();
		if (!allocation_has_failed()) {
			ck_assert_int_eq(result, 0);
			return number - 1;
		}
		ck_assert_int_eq(result, refusal);
		ck_assert_int_eq(allocation_balance(), balance);
		assert_world_is(&before);
	}
}

static int attempt_machine(void)
{
	struct hvhost_machine *machine = world.machine;
	int err = hvhost_machine_new(NULL, &machine);

	ck_assert(!err == !!machine);
	hvhost_machine_free(machine);
	return err;
}

START_TEST(machine_without_memory_is_refused)
{
	ck_assert_uint_eq(refusals(attempt_machine, -ENOMEM), 1);
}
END_TEST

static int attempt_partition(void)
{
	struct hvhost_partition_config config = guest_config(&world.sender);
	struct hvhost_partition *partition = world.sender.partition;
	int err = hvhost_partition_new(world.machine, &config, &partition);

	ck_assert(!err == !!partition);
	hvhost_partition_free(partition);
	return err;
}

START_TEST(partition_without_memory_is_refused)
{
	ck_assert_uint_eq(refusals(attempt_partition, -ENOMEM), 2);
}
END_TEST

static int attempt_vp(void)
{
	struct hvhost_vp *vp = world.receiver.vp[0];
	int err = hvhost_vp_new(world.receiver.partition, 2, NULL, NULL, &vp);

	ck_assert(!err == !!vp);
	ck_assert_ptr_eq(hvhost_vp_find(world.receiver.partition, 2), vp);
	return err;
}

START_TEST(vp_without_memory_is_refused)
{
	ck_assert_uint_eq(refusals(attempt_vp, -ENOMEM), 2);
}
END_TEST

static int attempt_port(void)
{
	uint16_t status = host_create(message_port(NEW_ID, SINT, 0));
	struct hvhost_port_counters counters;

	ck_assert_int_eq(hvhost_port_counters(world.receiver.partition, NEW_ID,
					      &counters),
			 status ? -ENOENT : 0);
	return status;
}

/* The port, and two steps of the table that has its id */
START_TEST(port_without_memory_is_refused)
{
	ck_assert_uint_eq(refusals(attempt_port,
				   HV_STATUS_INSUFFICIENT_MEMORY), 3);
}
END_TEST

static int attempt_connection(void)
{
	uint16_t status = host_connect(connect_to(NEW_ID, NEW_ID,
						  HV_PORT_TYPE_MESSAGE));
	struct hvhost_connection_counters counters;

	ck_assert_int_eq(hvhost_connection_counters(world.sender.partition,
						    NEW_ID, &counters),
			 status ? -ENOENT : 0);
	return status;
}

START_TEST(connection_without_memory_is_refused)
{
	ck_assert_uint_eq(host_create(message_port(NEW_ID, SINT, 0)), 0);
	ck_assert_uint_eq(refusals(attempt_connection,
				   HV_STATUS_INSUFFICIENT_MEMORY), 3);
	/* The port is still free to be connected, and then works. */
	ck_assert_uint_eq(post(NEW_ID, 1), 0);
	ck_assert_uint_eq(take(0, SINT), 1);
}
END_TEST

static int attempt_post(void)
{
	return post(CONNECTION, 2);
}

/* A message that finds its slot free needs none. */
START_TEST(message_without_memory_is_refused_as_without_a_buffer)
{
	struct hv_post_message_input input = post_input(CONNECTION, 2);

	allocation_fail(1);
	ck_assert_uint_eq(post(CONNECTION, 1), 0);
	ck_assert(!allocation_has_failed());

	memcpy(world.sender.memory + INPUT_GPA, &input, sizeof(input));
	ck_assert_uint_eq(refusals(attempt_post,
				   HV_STATUS_INSUFFICIENT_BUFFERS), 1);
	ck_assert_uint_eq(counters_of(PORT).refused, 1);
	ck_assert_uint_eq(take(0, SINT), 1);
	ck_assert_uint_eq(take(0, SINT), 2);
}
END_TEST

/* Snapshots */

static int attempt_save(void)
{
	void *snapshot = &world;
	size_t size = 1;
	int err = hvhost_machine_save(world.machine, &snapshot, &size);

	ck_assert(!err == !!snapshot);
	ck_assert(!err == !!size);
	free(snapshot);
	return err;
}

START_TEST(snapshot_without_memory_is_refused)
{
	ck_assert_uint_eq(refusals(attempt_save, -ENOMEM), 1);
	allocation_fail_write();
	ck_assert_int_eq(attempt_save(), -ENOMEM);
	ck_assert_int_eq(attempt_save(), 0);
}
END_TEST

/* So little that all of it is still to be written when the stream is closed */
START_TEST(snapshot_of_an_empty_machine_without_memory_is_refused)
{
	void *snapshot = &world;
	struct hvhost_machine *machine;
	size_t size;

	ck_assert_int_eq(hvhost_machine_new(NULL, &machine), 0);
	allocation_fail_write();
	ck_assert_int_eq(hvhost_machine_save(machine, &snapshot, &size),
			 -ENOMEM);
	ck_assert_ptr_null(snapshot);
	ck_assert_uint_eq(size, 0);
	hvhost_machine_free(machine);
}
END_TEST

static int restore_partition(void *context, uint64_t id,
			     struct hvhost_partition_config *config)
{
	struct guest *guest = id == world.sender.id ? &world.sender :
						      &world.receiver;

	(void)context;
	config->ops = guest_config(guest).ops;
	config->context = guest;
	return 0;
}

static const struct hvhost_restore_ops restore_ops = {
	.restore_partition = restore_partition,
};

static void *snapshot;
static size_t snapshot_size;

static int attempt_restore(void)
{
	struct hvhost_machine *machine = world.machine;
	const char *reason = "";
	int err = hvhost_machine_restore(snapshot, snapshot_size, &restore_ops,
					 NULL, &machine, &reason);

	ck_assert(!err == !!machine);
	ck_assert_ptr_null(reason);
	/* The success, which tells of overlays, ends the attempts. */
	hvhost_machine_free(machine);
	return err;
}

/* Machine; partitions, VPs, ports, connections and a message as above */
START_TEST(restore_without_memory_is_refused)
{
	ck_assert_uint_eq(post(CONNECTION, 1), 0);
	ck_assert_uint_eq(post(CONNECTION, 2), 0);
	ck_assert_int_eq(hvhost_machine_save(world.machine, &snapshot,
					     &snapshot_size), 0);
	ck_assert_uint_ge(refusals(attempt_restore, -ENOMEM),
			  1 + 2 * 2 + 3 * 2 + 2 + 2 + 1);
	free(snapshot);
}
END_TEST

Suite *allocation_suite(void)
{
	Suite *suite = suite_create("allocation");
	TCase *tcase = tcase_create("allocation");

	tcase_add_checked_fixture(tcase, world_setup, world_teardown);
	tcase_add_test(tcase, machine_without_memory_is_refused);
	tcase_add_test(tcase, partition_without_memory_is_refused);
	tcase_add_test(tcase, vp_without_memory_is_refused);
	tcase_add_test(tcase, port_without_memory_is_refused);
	tcase_add_test(tcase, connection_without_memory_is_refused);
	tcase_add_test(tcase,
		       message_without_memory_is_refused_as_without_a_buffer);
	tcase_add_test(tcase, snapshot_without_memory_is_refused);
	tcase_add_test(tcase,
		       snapshot_of_an_empty_machine_without_memory_is_refused);
	tcase_add_test(tcase, restore_without_memory_is_refused);
	suite_add_tcase(suite, tcase);
	return suite;
}
