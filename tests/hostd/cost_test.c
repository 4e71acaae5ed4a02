// SPDX-License-Identifier: MIT
/* What processes can cost at most, and what the engine really takes. */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <string.h>

#include <hvpost/hyperv.h>

#include "cli/hvhost/cost.h"
#include "daemon.h"
#include "suites.h"

#define PORTS	64u
#define BUFFERS	500u
#define SINT	5u

static const struct server_limits limits = {
	.clients = 1, .ports = PORTS, .connections = PORTS, .buffers = BUFFERS,
};

static struct hv_post_message_input post;

static int read_post(void *context, uint64_t gpa, void *to, size_t size)
{
	(void)context, (void)gpa;
	memcpy(to, &post, size);
	return 0;
}

static int write_nothing(void *context, uint64_t gpa, const void *from,
			 size_t size)
{
	(void)context, (void)gpa, (void)from, (void)size;
	return -EFAULT;
}

static void no_interrupt(void *context, uint32_t vp, unsigned int sint,
			 uint8_t vector)
{
	(void)context, (void)vp, (void)sint, (void)vector;
}

static struct hvhost_partition *add_partition(struct hvhost_machine *machine,
					      struct hvhost_vp **vp)
{
	static const struct hvhost_partition_ops ops = {
		.read_memory = read_post, .write_memory = write_nothing,
		.assert_sint = no_interrupt,
	};
	const struct hvhost_partition_config config = {
		.privileges = privileges_all(), .gpa_size = 1 << 16,
		.vp_count_max = 1, .message_buffers = BUFFERS,
		.ports_max = PORTS, .connections_max = PORTS, .ops = &ops,
	};
	struct hvhost_partition *partition;

	ck_assert_int_eq(hvhost_partition_new(machine, &config, &partition), 0);
	ck_assert_int_eq(hvhost_partition_activate(partition), 0);
	ck_assert_int_eq(hvhost_vp_new(partition, 0, NULL, NULL, vp), 0);
	ck_assert_int_eq(hvhost_vp_write_msr(*vp, HV_MSR_GUEST_OS_ID, 1), 0);
	ck_assert_int_eq(hvhost_vp_write_msr(*vp, HV_MSR_SCONTROL, 1), 0);
	ck_assert_int_eq(hvhost_vp_write_msr(*vp, HV_MSR_SIMP, 1), 0);
	ck_assert_int_eq(hvhost_vp_write_msr(*vp, HV_MSR_SINT0 + SINT, 0x50), 0);
	return partition;
}

/* No two ids have a table in common. */
static void connect(struct hvhost_machine *machine,
		    struct hvhost_partition *from, struct hvhost_partition *to,
		    uint32_t id)
{
	const struct hv_create_port_input port = {
		.port_partition = hvhost_partition_id(to), .port_id = id,
		.connection_partition = hvhost_partition_id(from),
		.port_info.port_type = HV_PORT_TYPE_MESSAGE,
		.port_info.u.message.target_sint = SINT,
	};
	const struct hv_connect_port_input connection = {
		.connection_partition = port.connection_partition,
		.connection_id = id, .port_partition = port.port_partition,
		.port_id = id,
		.connection_info.port_type = HV_PORT_TYPE_MESSAGE,
	};

	ck_assert_uint_eq(hvhost_create_port(machine, &port), 0);
	ck_assert_uint_eq(hvhost_connect_port(machine, &connection), 0);
}

static void fill(struct hvhost_vp *sender, uint32_t id)
{
	const struct hvhost_hypercall call = {
		.control = HV_CALL_POST_MESSAGE, .protected_mode = 1,
	};
	uint64_t result;

	post = (struct hv_post_message_input){
		.connection_id = id, .message_type = 1,
		.payload_size = HV_MESSAGE_PAYLOAD_SIZE_MAX,
	};
	do
		ck_assert_int_eq(hvhost_vp_hypercall(sender, &call, &result), 0);
	while (!result);
	ck_assert_uint_eq(result, HV_STATUS_INSUFFICIENT_BUFFERS);
}

/* All but what a sanitizer allocates, which tells nothing. */
static size_t in_use(void)
{
	const struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

/* One has all the ports that there may be, full, the other all connections. */
START_TEST(no_process_costs_more_than_is_said)
{
	struct hvhost_partition *receiver, *sender;
	struct hvhost_vp *receiver_vp, *sender_vp;
	struct hvhost_machine *machine;
	size_t before;

	ck_assert_int_eq(hvhost_machine_new(NULL, &machine), 0);
	receiver = add_partition(machine, &receiver_vp);
	sender = add_partition(machine, &sender_vp);
	before = in_use();
	for (uint32_t i = 1; i <= PORTS; i++)
		connect(machine, sender, receiver, i << 16);
	for (uint32_t i = 1; i <= PORTS; i++)
		fill(sender_vp, i << 16);
	ck_assert_uint_le(in_use() - before,
			  PORTS * BUFFERS * COST_BUFFER_BYTES / 2 +
			  2 * PORTS * COST_ID_BYTES);
	hvhost_machine_free(machine);
}
END_TEST

START_TEST(the_cost_of_all_is_that_of_each)
{
	struct names names = LIST_HEAD_INITIALIZER(names);
	struct server_limits three = limits;

	three.clients = 3;
	names_get(&names, "usual");
	names_get(&names, "large")->vp_count = 5;
	ck_assert_uint_eq(cost_of_all(&three, &names),
			  2 * cost_of_process(&limits, 1) +
			  cost_of_process(&limits, 5));
	names_free(&names);
}
END_TEST

static const struct {
	uint32_t buffers, ports;
} usual[] = {
	{ 1, 256 }, { 16, 256 }, { 256, 256 }, { 257, 255 }, { 1024, 64 },
	{ 4096, 16 }, { 65535, 16 },
};

START_TEST(who_has_many_buffers_has_fewer_ports)
{
	ck_assert_uint_eq(cost_usual_ports(usual[_i].buffers), usual[_i].ports);
}
END_TEST

/* As hvhost run says it */

static const char *const too_much[] = {
	"--buffers 65535", "--max-ports 60000", "--max-connections 65536",
	"--buffers 4096 --max-ports 256", "--max-memory 100M",
	"--max-clients 1024", "--buffers 2048 --max-memory 1G",
};

START_TEST(what_could_cost_too_much_does_not_begin)
{
	ck_assert_int_eq(daemon_fail(too_much[_i]), 1);
	ck_assert_uint_eq(daemon_said("than --max-memory"), 1);
	ck_assert_uint_eq(daemon_said("or allow it"), 1);
}
END_TEST

static const char *const enough[] = {
	"", "--buffers 4096", "--buffers 65535 --max-clients 4",
	"--max-ports 60000 --max-clients 2",
	"--max-clients 1024 --max-memory 16G",
};

START_TEST(what_costs_no_more_begins)
{
	daemon_start(enough[_i]);
}
END_TEST

Suite *cost_suite(void)
{
	Suite *suite = suite_create("cost");
	TCase *tcase = add_tcase(suite, "cost");

	tcase_add_test(tcase, no_process_costs_more_than_is_said);
	tcase_add_test(tcase, the_cost_of_all_is_that_of_each);
	tcase_add_loop_test(tcase, who_has_many_buffers_has_fewer_ports, 0,
			    ROWS(usual));
	tcase_add_loop_test(tcase, what_could_cost_too_much_does_not_begin, 0,
			    ROWS(too_much));
	tcase_add_loop_test(tcase, what_costs_no_more_begins, 0, ROWS(enough));
	return suite;
}
