// SPDX-License-Identifier: MIT
/* What conformance.h promises, seen from the prober: the sender of the world. */
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include <hvpost/conformance.h>

#include "suites.h"
#include "world.h"

#define BASE		HVPOST_CONFORMANCE_BASE
#define OTHER_BASE	0x4000u
#define SPARE_PORTS	5u
#define SPARE_PORTS_MANY 1000u

static struct guest other;

static int prepare(struct hvhost_partition *prober, uint32_t base)
{
	const struct hvhost_conformance config = {
		.base = base, .spare_ports = SPARE_PORTS,
	};

	return hvhost_conformance_prepare(prober, &config);
}

static void set_up(void)
{
	world_setup();
	ck_assert_int_eq(prepare(world.sender.partition, 0), 0);
}

/* Each connection */

static const struct {
	uint32_t offset;
	uint16_t status;
} posts[] = {
	{ HVPOST_CONFORM_MESSAGE, HV_STATUS_SUCCESS },
	{ HVPOST_CONFORM_FULL, HV_STATUS_SUCCESS },
	{ HVPOST_CONFORM_PORT_DELETED, HV_STATUS_INVALID_PORT_ID },
	{ HVPOST_CONFORM_OWNER_INACTIVE, HV_STATUS_INVALID_PORT_ID },
	{ HVPOST_CONFORM_VP_GONE, HV_STATUS_INVALID_VP_INDEX },
	{ HVPOST_CONFORM_NO_VP, HV_STATUS_INVALID_VP_INDEX },
	{ HVPOST_CONFORM_SYNIC_OFF, HV_STATUS_INVALID_SYNIC_STATE },
	{ HVPOST_CONFORM_PAGE_OFF, HV_STATUS_INVALID_SYNIC_STATE },
	{ HVPOST_CONFORM_ANY, HV_STATUS_SUCCESS },
	{ HVPOST_CONFORM_ANY_SYNIC_OFF, HV_STATUS_INVALID_SYNIC_STATE },
	{ HVPOST_CONFORM_ANY_PAGE_OFF, HV_STATUS_INVALID_SYNIC_STATE },
	{ HVPOST_CONFORM_EVENT, HV_STATUS_INVALID_PORT_ID },
	{ HVPOST_CONFORM_NEVER, HV_STATUS_INVALID_CONNECTION_ID },
	{ HVPOST_CONFORM_FOREIGN, HV_STATUS_INVALID_CONNECTION_ID },
	{ HVPOST_CONFORM_SPARE, HV_STATUS_INVALID_CONNECTION_ID },
}, signals[] = {
	{ HVPOST_CONFORM_EVENT, HV_STATUS_SUCCESS },
	{ HVPOST_CONFORM_EVENT + HVPOST_CONFORM_PORT_DELETED,
	  HV_STATUS_INVALID_PORT_ID },
	{ HVPOST_CONFORM_EVENT + HVPOST_CONFORM_OWNER_INACTIVE,
	  HV_STATUS_INVALID_PORT_ID },
	{ HVPOST_CONFORM_EVENT + HVPOST_CONFORM_VP_GONE,
	  HV_STATUS_INVALID_VP_INDEX },
	{ HVPOST_CONFORM_EVENT + HVPOST_CONFORM_NO_VP,
	  HV_STATUS_INVALID_VP_INDEX },
	{ HVPOST_CONFORM_EVENT + HVPOST_CONFORM_SYNIC_OFF,
	  HV_STATUS_INVALID_SYNIC_STATE },
	{ HVPOST_CONFORM_EVENT + HVPOST_CONFORM_PAGE_OFF,
	  HV_STATUS_INVALID_SYNIC_STATE },
	{ HVPOST_CONFORM_EVENT + HVPOST_CONFORM_ANY, HV_STATUS_SUCCESS },
	{ HVPOST_CONFORM_EVENT + HVPOST_CONFORM_ANY_SYNIC_OFF,
	  HV_STATUS_INVALID_SYNIC_STATE },
	{ HVPOST_CONFORM_EVENT + HVPOST_CONFORM_ANY_PAGE_OFF,
	  HV_STATUS_INVALID_SYNIC_STATE },
	{ HVPOST_CONFORM_MASKED, HV_STATUS_INVALID_SYNIC_STATE },
	{ HVPOST_CONFORM_ANY_MASKED, HV_STATUS_INVALID_SYNIC_STATE },
	{ HVPOST_CONFORM_MESSAGE, HV_STATUS_INVALID_PORT_ID },
	{ HVPOST_CONFORM_NEVER, HV_STATUS_INVALID_CONNECTION_ID },
};

START_TEST(post_gets_the_status_of_its_cause)
{
	ck_assert_uint_eq(post(BASE + posts[_i].offset, 1), posts[_i].status);
}
END_TEST

START_TEST(signal_gets_the_status_of_its_cause)
{
	ck_assert_uint_eq(guest_signal(BASE + signals[_i].offset, 0),
			  signals[_i].status);
}
END_TEST

START_TEST(event_ports_have_as_many_flags_as_promised)
{
	ck_assert_uint_eq(guest_signal(BASE + HVPOST_CONFORM_EVENT,
				       HVPOST_CONFORMANCE_FLAGS - 1), 0);
	ck_assert_uint_eq(guest_signal(BASE + HVPOST_CONFORM_EVENT,
				       HVPOST_CONFORMANCE_FLAGS),
			  HV_STATUS_INVALID_PARAMETER);
}
END_TEST

static const uint32_t taken[] = { HVPOST_CONFORM_MESSAGE, HVPOST_CONFORM_ANY };

START_TEST(what_is_to_be_taken_is_taken_without_end)
{
	for (uint32_t i = 1; i <= 1000; i++)
		ck_assert_uint_eq(post(BASE + taken[_i], i), 0);
}
END_TEST

/* VP 0 of the peer: the partition that was made next after @last. */
static struct hvhost_vp *peer_vp(struct hvhost_partition *last)
{
	uint64_t id = hvhost_partition_id(last) + 1;

	return hvhost_vp_find(hvhost_partition_find(world.machine, id), 0);
}

/* @vp does not take what comes to SINT 1 from now on. Return its register. */
static uint64_t mask_taken_sint(struct hvhost_vp *vp)
{
	uint64_t sint;

	ck_assert_int_eq(hvhost_vp_read_msr(vp, HV_MSR_SINT0 + 1, &sint), 0);
	ck_assert_int_eq(hvhost_vp_write_msr(vp, HV_MSR_SINT0 + 1,
					     sint | HV_SINT_MASKED), 0);
	return sint;
}

/* As if the interrupt of all that is queued, @count messages, came only now. */
static void assert_one_interrupt_takes(struct hvhost_vp *vp, uint64_t sint,
				       uint32_t count)
{
	struct hvhost_vp_state state;

	ck_assert_int_eq(hvhost_vp_write_msr(vp, HV_MSR_SINT0 + 1, sint), 0);
	hvhost_vp_inspect(vp, &state);
	ck_assert_uint_eq(state.queued[1], count);

	hvhost_vp_sim(vp)->slot[1].message_type = HV_MESSAGE_TYPE_NONE;
	hvhost_vp_eom(vp);
	hvhost_vp_inspect(vp, &state);
	ck_assert_uint_eq(state.queued[1], 0);
	ck_assert_uint_eq(state.slots_occupied, 0);
}

START_TEST(what_is_queued_is_taken_by_one_interrupt)
{
	struct hvhost_vp *vp = peer_vp(world.receiver.partition);
	uint64_t sint = mask_taken_sint(vp);

	for (uint32_t i = 0; i <= BUFFERS; i++)
		ck_assert_uint_eq(post(BASE + HVPOST_CONFORM_MESSAGE, 1), 0);
	assert_one_interrupt_takes(vp, sint, BUFFERS);
}
END_TEST

/* Connect the sender to all of its spare ports, and fill them. */
static void fill_spare_ports(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t id = BASE + HVPOST_CONFORM_SPARE + i;
		struct hv_connect_port_input input =
			connect_to(id, id, HV_PORT_TYPE_MESSAGE);

		input.port_partition = world.receiver.id + 1;
		ck_assert_uint_eq(host_connect(input), 0);
		for (uint32_t j = 0; j < BUFFERS; j++)
			ck_assert_uint_eq(post(id, 1), 0);
	}
}

static void *take_all(void *sint)
{
	assert_one_interrupt_takes(peer_vp(world.receiver.partition),
				   *(const uint64_t *)sint,
				   SPARE_PORTS_MANY * BUFFERS - 1);
	return NULL;
}

/* So many that a call for each of them would not fit on it. */
START_TEST(messages_of_many_ports_are_taken_on_a_small_stack)
{
	const struct hvhost_conformance config = {
		.spare_ports = SPARE_PORTS_MANY,
	};
	uint64_t sint;
	pthread_attr_t attributes;
	pthread_t thread;

	ck_assert_int_eq(hvhost_conformance_prepare(world.sender.partition,
						    &config), 0);
	sint = mask_taken_sint(peer_vp(world.receiver.partition));
	fill_spare_ports(SPARE_PORTS_MANY);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 256 * 1024);
	ck_assert_int_eq(pthread_create(&thread, &attributes, take_all, &sint),
			 0);
	pthread_join(thread, NULL);
	pthread_attr_destroy(&attributes);
}
END_TEST

#define THREADS		4u
#define POSTS		5000u

/* Memory that many VPs may read at a time: the same post everywhere. */
static const struct hv_post_message_input shared_input = {
	.connection_id = BASE + HVPOST_CONFORM_MESSAGE, .message_type = 1,
};

static int read_shared_input(void *context, uint64_t gpa, void *to, size_t size)
{
	(void)context, (void)gpa;
	memcpy(to, &shared_input, size);
	return 0;
}

static void *post_many(void *vp)
{
	const struct hvhost_hypercall call = {
		.control = HV_CALL_POST_MESSAGE, .protected_mode = 1,
	};

	for (uint32_t i = 0; i < POSTS; i++) {
		uint64_t status;

		ck_assert_int_eq(hvhost_vp_hypercall(vp, &call, &status), 0);
		ck_assert(status == HV_STATUS_SUCCESS ||
			  status == HV_STATUS_INSUFFICIENT_BUFFERS);
	}
	return NULL;
}

START_TEST(what_several_vps_post_at_once_is_taken_to_the_last)
{
	struct hvhost_partition_config config = guest_config(&other);
	struct hvhost_partition_ops ops = *config.ops;
	struct hvhost_vp_state state;
	pthread_t threads[THREADS];

	ops.read_memory = read_shared_input;
	config.ops = &ops;
	ck_assert_int_eq(hvhost_partition_new(world.machine, &config,
					      &other.partition), 0);
	hvhost_partition_activate(other.partition);
	ck_assert_int_eq(prepare(other.partition, 0), 0);
	for (uint32_t i = 0; i < THREADS; i++)
		guest_add_vp(&other, i);
	guest_write_msr(&other, 0, HV_MSR_GUEST_OS_ID, 1);

	for (unsigned int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, post_many,
						other.vp[i]), 0);
	for (unsigned int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	hvhost_vp_inspect(peer_vp(other.partition), &state);
	ck_assert_uint_gt(state.delivered, POSTS);
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++)
		ck_assert_uint_eq(state.queued[sint], 0);
	ck_assert_uint_eq(state.slots_occupied, 0);
}
END_TEST

START_TEST(full_port_is_full_for_good)
{
	for (uint32_t i = 0; i <= BUFFERS; i++)
		ck_assert_uint_eq(post(BASE + HVPOST_CONFORM_FULL, 1), 0);
	for (uint32_t i = 0; i < 3; i++)
		ck_assert_uint_eq(post(BASE + HVPOST_CONFORM_FULL, 1),
				  HV_STATUS_INSUFFICIENT_BUFFERS);
	/* The other port at the same VP does not care. */
	ck_assert_uint_eq(post(BASE + HVPOST_CONFORM_MESSAGE, 1), 0);
}
END_TEST

START_TEST(interrupts_of_the_peer_reach_nobody)
{
	post(BASE + HVPOST_CONFORM_MESSAGE, 1);
	guest_signal(BASE + HVPOST_CONFORM_EVENT, 1);
	ck_assert_uint_eq(world.sender.interrupts, 0);
	ck_assert_uint_eq(world.receiver.interrupts, 0);
}
END_TEST

/* Ports that nobody is connected to */

static uint16_t guest_connect(struct guest *guest, uint64_t peer, uint32_t port)
{
	const struct hv_connect_port_input input = {
		.connection_partition = HV_PARTITION_ID_SELF,
		.connection_id = BASE + HVPOST_CONFORM_SPARE,
		.port_partition = peer,
		.port_id = port,
		.connection_info.port_type = HV_PORT_TYPE_MESSAGE,
	};

	return guest_call_with(guest, HV_CALL_CONNECT_PORT, &input,
			       sizeof(input));
}

/* The one partition that @port can be connected to; 0: none. */
static uint64_t find_peer(uint32_t port)
{
	for (uint64_t id = 1; id < 16; id++)
		if (!guest_connect(&world.sender, id, port))
			return id;
	return 0;
}

START_TEST(peer_is_found_by_its_spare_ports)
{
	uint32_t spare = BASE + HVPOST_CONFORM_SPARE;
	uint64_t peer = find_peer(spare);

	ck_assert_uint_ne(peer, 0);
	ck_assert_uint_ne(peer, world.receiver.id);
	for (uint32_t i = 0; i < SPARE_PORTS; i++) {
		host_disconnect(spare);
		ck_assert_uint_eq(guest_connect(&world.sender, peer, spare + i),
				  0);
	}
	host_disconnect(spare);
	ck_assert_uint_eq(guest_connect(&world.sender, peer,
					spare + SPARE_PORTS),
			  HV_STATUS_INVALID_PORT_ID);
}
END_TEST

START_TEST(foreign_port_is_there_for_somebody_else)
{
	uint64_t peer = find_peer(BASE + HVPOST_CONFORM_SPARE);

	host_disconnect(BASE + HVPOST_CONFORM_SPARE);
	ck_assert_uint_eq(guest_connect(&world.sender, peer,
					BASE + HVPOST_CONFORM_FOREIGN),
			  HV_STATUS_INVALID_PARTITION_ID);
}
END_TEST

START_TEST(one_partition_is_not_active)
{
	unsigned int inactive = 0;

	for (uint64_t id = 1; id < 16; id++)
		if (guest_connect(&world.sender, id, BASE) ==
		    HV_STATUS_INVALID_PARTITION_STATE)
			inactive++;
	ck_assert_uint_eq(inactive, 1);
}
END_TEST

/* Preparing */

START_TEST(one_machine_may_have_several_probers)
{
	struct hv_post_message_input input =
		post_input(BASE + HVPOST_CONFORM_MESSAGE, 1);

	guest_make(&other, ~0ull);
	guest_add_vp(&other, 0);
	guest_write_msr(&other, 0, HV_MSR_GUEST_OS_ID, 1);
	ck_assert_int_eq(prepare(other.partition, 0), 0);
	ck_assert_uint_eq(guest_call_with(&other, HV_CALL_POST_MESSAGE, &input,
					  sizeof(input)), 0);
	ck_assert_uint_eq(post(BASE + HVPOST_CONFORM_MESSAGE, 1), 0);
}
END_TEST

START_TEST(base_moves_all_ids)
{
	ck_assert_int_eq(prepare(world.sender.partition, OTHER_BASE), 0);
	ck_assert_uint_eq(post(OTHER_BASE + HVPOST_CONFORM_MESSAGE, 1), 0);
	ck_assert_uint_eq(post(OTHER_BASE + HVPOST_CONFORM_VP_GONE, 1),
			  HV_STATUS_INVALID_VP_INDEX);
	ck_assert_uint_ne(find_peer(OTHER_BASE + HVPOST_CONFORM_SPARE), 0);
}
END_TEST

START_TEST(configuration_may_be_left_out)
{
	guest_make(&other, ~0ull);
	guest_add_vp(&other, 0);
	ck_assert_int_eq(hvhost_conformance_prepare(other.partition, NULL), 0);
}
END_TEST

START_TEST(numbers_out_of_range_are_einval)
{
	struct hvhost_conformance config = {
		.base = HVPOST_CONFORMANCE_BASE_MAX + 1,
	};

	ck_assert_int_eq(hvhost_conformance_prepare(world.sender.partition,
						    &config), -EINVAL);
	config.base = OTHER_BASE;
	config.spare_ports = 65537;
	ck_assert_int_eq(hvhost_conformance_prepare(world.sender.partition,
						    &config), -EINVAL);
	config.base = HVPOST_CONFORMANCE_BASE_MAX;
	config.spare_ports = 65536;
	ck_assert_int_eq(hvhost_conformance_prepare(world.sender.partition,
						    &config), 0);
}
END_TEST

START_TEST(prober_that_is_not_active_is_ebusy)
{
	hvhost_partition_begin_finalize(world.sender.partition);
	ck_assert_int_eq(prepare(world.sender.partition, OTHER_BASE), -EBUSY);
}
END_TEST

static bool has_connection(struct hvhost_partition *partition, uint32_t id)
{
	struct hvhost_connection_counters counters;

	return !hvhost_connection_counters(partition, id, &counters);
}

START_TEST(id_in_use_is_eexist_and_what_uses_it_stays)
{
	make_link(OTHER_BASE + HVPOST_CONFORM_ANY_MASKED, 0x99, SINT, 0);
	ck_assert_int_eq(prepare(world.sender.partition, OTHER_BASE), -EEXIST);
	ck_assert_int_eq(prepare(world.sender.partition, 0), -EEXIST);
	ck_assert_uint_eq(post(OTHER_BASE + HVPOST_CONFORM_ANY_MASKED, 1), 0);
	ck_assert_uint_eq(post(BASE + HVPOST_CONFORM_MESSAGE, 1), 0);
}
END_TEST

START_TEST(connection_where_none_must_be_is_eexist)
{
	make_link(OTHER_BASE + HVPOST_CONFORM_NEVER, 0x99, SINT, 0);
	ck_assert_int_eq(prepare(world.sender.partition, OTHER_BASE), -EEXIST);
	ck_assert_uint_eq(post(OTHER_BASE + HVPOST_CONFORM_NEVER, 1), 0);
}
END_TEST

/* Each number of connections that is too small, and what is left then. */
START_TEST(too_few_connections_are_enospc_and_nothing_is_left)
{
	struct hvhost_partition_config config = guest_config(&other);
	uint64_t last_id;

	config.connections_max = (uint32_t)_i;
	ck_assert_int_eq(hvhost_partition_new(world.machine, &config,
					      &other.partition), 0);
	hvhost_partition_activate(other.partition);
	last_id = hvhost_partition_id(other.partition);
	ck_assert_int_eq(prepare(other.partition, 0), -ENOSPC);
	for (uint32_t offset = 0; offset < 0x200; offset++)
		ck_assert(!has_connection(other.partition, BASE + offset));
	for (uint64_t id = last_id + 1; id < last_id + 16; id++)
		ck_assert_ptr_null(hvhost_partition_find(world.machine, id));
}
END_TEST

Suite *conformance_suite(void)
{
	Suite *suite = suite_create("conformance");
	TCase *links = tcase_create("links");
	TCase *stack = tcase_create("stack");
	TCase *preparing = tcase_create("preparing");

	suite_add_tcase(suite, links);
	tcase_add_checked_fixture(links, set_up, world_teardown);
	tcase_add_loop_test(links, post_gets_the_status_of_its_cause, 0,
			    ROWS(posts));
	tcase_add_loop_test(links, signal_gets_the_status_of_its_cause, 0,
			    ROWS(signals));
	tcase_add_test(links, event_ports_have_as_many_flags_as_promised);
	tcase_add_loop_test(links, what_is_to_be_taken_is_taken_without_end, 0,
			    ROWS(taken));
	tcase_add_test(links, what_is_queued_is_taken_by_one_interrupt);
	tcase_add_test(links, what_several_vps_post_at_once_is_taken_to_the_last);
	tcase_add_test(links, full_port_is_full_for_good);
	tcase_add_test(links, interrupts_of_the_peer_reach_nobody);
	tcase_add_test(links, peer_is_found_by_its_spare_ports);
	tcase_add_test(links, foreign_port_is_there_for_somebody_else);
	tcase_add_test(links, one_partition_is_not_active);

	suite_add_tcase(suite, stack);
	tcase_add_checked_fixture(stack, world_setup, world_teardown);
	tcase_add_test(stack, messages_of_many_ports_are_taken_on_a_small_stack);

	suite_add_tcase(suite, preparing);
	tcase_add_checked_fixture(preparing, set_up, world_teardown);
	tcase_add_test(preparing, one_machine_may_have_several_probers);
	tcase_add_test(preparing, base_moves_all_ids);
	tcase_add_test(preparing, configuration_may_be_left_out);
	tcase_add_test(preparing, numbers_out_of_range_are_einval);
	tcase_add_test(preparing, prober_that_is_not_active_is_ebusy);
	tcase_add_test(preparing, id_in_use_is_eexist_and_what_uses_it_stays);
	tcase_add_test(preparing, connection_where_none_must_be_is_eexist);
	tcase_add_loop_test(preparing,
			    too_few_connections_are_enospc_and_nothing_is_left,
			    1, 23);
	return suite;
}
