// SPDX-License-Identifier: MIT
/* The echo test device on a real machine, with a guest of our own making. */
#include <string.h>

#include "lib/vmm/testdev.h"
#include "suites.h"

#define MEMORY_SIZE	0x8000u
#define INPUT		0x1000u
#define VPS		2u
#define SINT		6u

#define COMMAND(control, id, vp, sint) \
	((uint32_t)(id) << 24 | (uint32_t)(control) << 16 | \
	 (uint32_t)(vp) << 8 | (sint))

static struct hvhost_machine *machine;
static struct hvhost_partition *guest;
static struct hvhost_vp *vps[VPS];
static struct testdev *testdev;
static _Alignas(8) uint8_t memory[MEMORY_SIZE];
static unsigned int asserted[VPS], raised[VPS];

static int read_memory(void *context, uint64_t gpa, void *to, size_t size)
{
	(void)context;
	if (gpa > MEMORY_SIZE || MEMORY_SIZE - gpa < size)
		return -1;
	memcpy(to, memory + gpa, size);
	return 0;
}

static int write_memory(void *context, uint64_t gpa, const void *from,
			size_t size)
{
	(void)context, (void)gpa, (void)from, (void)size;
	return -1;
}

static void assert_sint(void *context, uint32_t vp, unsigned int sint,
			uint8_t vector)
{
	(void)context, (void)vector;
	asserted[vp] |= 1u << sint;
}

static void raise_sint(void *context, uint32_t vp, unsigned int sint)
{
	(void)context;
	raised[vp] |= 1u << sint;
}

static const struct hvhost_partition_ops ops = {
	.read_memory = read_memory, .write_memory = write_memory,
	.assert_sint = assert_sint,
};

static void make(void)
{
	struct testdev_config config = {
		.partition = {
			.privileges = HV_ACCESS_SYNIC_REGS |
				      HV_ACCESS_HYPERCALL_MSRS |
				      HVHOST_PRIVILEGE(HV_POST_MESSAGES |
						       HV_SIGNAL_EVENTS),
			.gpa_size = MEMORY_SIZE, .vp_count_max = VPS,
			.ops = &ops,
		},
		.raise = raise_sint,
	};

	ck_assert_int_eq(hvhost_machine_new(NULL, &machine), 0);
	ck_assert_int_eq(hvhost_partition_new(machine, &config.partition,
					      &guest), 0);
	for (uint32_t i = 0; i < VPS; i++) {
		ck_assert_int_eq(hvhost_vp_new(guest, i, NULL, NULL, &vps[i]),
				 0);
		hvhost_vp_write_msr(vps[i], HV_MSR_SCONTROL, 1);
		hvhost_vp_write_msr(vps[i], HV_MSR_SIMP, 0x2001);
		hvhost_vp_write_msr(vps[i], HV_MSR_SIEFP, 0x3001);
		hvhost_vp_write_msr(vps[i], HV_MSR_SINT0 + SINT, 0x50);
	}
	hvhost_partition_activate(guest);
	config.machine = machine;
	config.guest = guest;
	ck_assert_int_eq(testdev_new(&config, &testdev), 0);
	memset(asserted, 0, sizeof(asserted));
	memset(raised, 0, sizeof(raised));
}

static void destroy(void)
{
	testdev_free(testdev);
	hvhost_partition_free(guest);
	hvhost_machine_free(machine);
}

static uint64_t post(uint32_t connection, const void *payload, uint32_t size)
{
	struct hv_post_message_input input = {
		.connection_id = connection, .message_type = 7,
		.payload_size = size,
	};
	const struct hvhost_hypercall call = {
		.control = HV_CALL_POST_MESSAGE, .input = INPUT,
		.protected_mode = 1,
	};

	memcpy(input.payload, payload, size);
	memcpy(memory + INPUT, &input, sizeof(input));
	return testdev_hypercall(testdev, &call);
}

static uint64_t signal_event(uint64_t connection)
{
	const struct hvhost_hypercall call = {
		.control = HV_CALL_SIGNAL_EVENT | HV_CONTROL_FAST,
		.input = connection, .protected_mode = 1,
	};

	return testdev_hypercall(testdev, &call);
}

static struct hv_slot *slot(uint32_t vp)
{
	return &hvhost_vp_sim(vps[vp])->slot[SINT];
}

START_TEST(a_message_of_240_bytes_comes_back_as_it_was)
{
	uint8_t payload[HV_MESSAGE_PAYLOAD_SIZE_MAX];

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7);
	ck_assert(testdev_command(testdev, COMMAND(4, 0x10, 1, SINT)));
	ck_assert_uint_eq(post(0x10, payload, sizeof(payload)), 0);
	ck_assert_uint_eq(slot(1)->message_type, 7);
	ck_assert_uint_eq(slot(1)->payload_size, sizeof(payload));
	ck_assert_mem_eq(slot(1)->payload, payload, sizeof(payload));
	ck_assert_uint_eq(asserted[1], 1u << SINT);
	ck_assert_uint_eq(asserted[0], 0);
}
END_TEST

START_TEST(sixteen_wait_behind_the_slot_and_no_more)
{
	ck_assert(testdev_command(testdev, COMMAND(4, 0x10, 0, SINT)));
	for (unsigned int i = 0; i < 17; i++)
		ck_assert_uint_eq(post(0x10, &i, sizeof(i)), 0);
	ck_assert_uint_eq(post(0x10, "", 1), HV_STATUS_INSUFFICIENT_BUFFERS);
	for (unsigned int i = 0; i < 17; i++) {
		ck_assert_mem_eq(slot(0)->payload, &i, sizeof(i));
		slot(0)->message_type = 0;
		hvhost_vp_eom(vps[0]);
	}
	ck_assert_uint_eq(slot(0)->message_type, 0);
}
END_TEST

START_TEST(a_signal_sets_the_flag_of_its_connection)
{
	ck_assert(testdev_command(testdev, COMMAND(6, 0x71, 1, SINT)));
	ck_assert_uint_eq(signal_event(0x71), 0);
	ck_assert_uint_eq(hvhost_vp_sief(vps[1])->sint[SINT].flags[0x71 / 8],
			  1u << 0x71 % 8);
	ck_assert_uint_eq(asserted[1], 1u << SINT);
	ck_assert_uint_eq(signal_event(0x71 | 1ull << 32),
			  HV_STATUS_INVALID_PARAMETER);
}
END_TEST

START_TEST(messages_and_events_may_have_the_same_id)
{
	ck_assert(testdev_command(testdev, COMMAND(4, 0x20, 0, SINT)));
	ck_assert(testdev_command(testdev, COMMAND(6, 0x20, 0, SINT)));
	ck_assert_uint_eq(post(0x20, "", 1), 0);
	ck_assert_uint_eq(signal_event(0x20), 0);
	ck_assert(testdev_command(testdev, COMMAND(5, 0x20, 0, 0)));
	ck_assert_uint_eq(post(0x20, "", 1), HV_STATUS_INVALID_CONNECTION_ID);
	ck_assert_uint_eq(signal_event(0x20), 0);
}
END_TEST

START_TEST(what_was_destroyed_can_be_made_again)
{
	for (int i = 0; i < 3; i++) {
		ck_assert(testdev_command(testdev, COMMAND(4, 9, 0, SINT)));
		ck_assert(testdev_command(testdev, COMMAND(5, 9, 0, 0)));
	}
	ck_assert_uint_eq(testdev_ignored(testdev), 0);
}
END_TEST

START_TEST(every_id_can_be_in_use_at_once)
{
	for (uint32_t id = 0; id < 256; id++) {
		ck_assert(testdev_command(testdev, COMMAND(4, id, 0, SINT)));
		ck_assert(testdev_command(testdev, COMMAND(6, id, 1, SINT)));
	}
	ck_assert_uint_eq(post(255, "", 1), 0);
	ck_assert_uint_eq(signal_event(255), 0);
}
END_TEST

START_TEST(routes_can_be_raised_while_they_are_there)
{
	ck_assert(!testdev_command(testdev, COMMAND(3, 0, 1, 14)));
	ck_assert(testdev_command(testdev, COMMAND(1, 0, 1, 14)));
	ck_assert(testdev_command(testdev, COMMAND(3, 0, 1, 14)));
	ck_assert_uint_eq(raised[1], 1u << 14);
	ck_assert(testdev_command(testdev, COMMAND(2, 0, 1, 14)));
	ck_assert(!testdev_command(testdev, COMMAND(3, 0, 1, 14)));
	ck_assert_uint_eq(raised[0], 0);
}
END_TEST

/* On each of these QEMU's device ends its guest, or reads what is not there. */
static const uint32_t ignored[] = {
	COMMAND(0, 0, 0, 0), COMMAND(8, 0x10, 0, SINT), COMMAND(255, 0, 0, 0),
	COMMAND(4, 0x10, 0, SINT),	/* there already */
	COMMAND(5, 0x11, 0, 0), COMMAND(6, 0x10, VPS, SINT),
	COMMAND(7, 0x10, 0, 0), COMMAND(4, 0x12, VPS, SINT),
	COMMAND(4, 0x12, 255, SINT), COMMAND(4, 0x12, 0, 0),
	COMMAND(4, 0x12, 0, 16), COMMAND(4, 0x12, 0, 255),
	COMMAND(1, 0, VPS, SINT), COMMAND(1, 0, 255, SINT),
	COMMAND(1, 0, 0, 16), COMMAND(1, 0, 0, 255), COMMAND(2, 0, 0, SINT),
	COMMAND(3, 0, 255, 255),
};

START_TEST(what_makes_no_sense_is_ignored_and_counted)
{
	ck_assert(testdev_command(testdev, COMMAND(4, 0x10, 0, SINT)));
	ck_assert(!testdev_command(testdev, ignored[_i]));
	ck_assert_uint_eq(testdev_ignored(testdev), 1);
	ck_assert_uint_eq(post(0x10, "x", 1), 0);
	ck_assert_uint_eq(post(0x12, "x", 1), HV_STATUS_INVALID_CONNECTION_ID);
}
END_TEST

START_TEST(refusals_are_those_of_any_connection)
{
	const struct hvhost_hypercall misaligned = {
		.control = HV_CALL_POST_MESSAGE, .input = INPUT + 4,
		.protected_mode = 1,
	};
	const struct hvhost_hypercall other = {
		.control = HV_CALL_CREATE_PORT, .input = INPUT,
		.protected_mode = 1,
	};
	struct hv_post_message_input *input = (void *)(memory + INPUT);

	ck_assert(testdev_command(testdev, COMMAND(4, 0x10, 0, SINT)));
	ck_assert_uint_eq(testdev_hypercall(testdev, &misaligned),
			  HV_STATUS_INVALID_ALIGNMENT);
	ck_assert_uint_eq(testdev_hypercall(testdev, &other),
			  HV_STATUS_INVALID_CONNECTION_ID);
	post(0x10, "x", 1);
	input->payload_size = HV_MESSAGE_PAYLOAD_SIZE_MAX + 1;
	ck_assert_uint_eq(testdev_hypercall(testdev, &(struct hvhost_hypercall){
				.control = HV_CALL_POST_MESSAGE,
				.input = INPUT, .protected_mode = 1,
			}), HV_STATUS_INVALID_PARAMETER);
}
END_TEST

Suite *testdev_suite(void)
{
	Suite *suite = suite_create("testdev");
	TCase *tests = tcase_create("testdev");

	tcase_add_checked_fixture(tests, make, destroy);
	tcase_add_test(tests, a_message_of_240_bytes_comes_back_as_it_was);
	tcase_add_test(tests, sixteen_wait_behind_the_slot_and_no_more);
	tcase_add_test(tests, a_signal_sets_the_flag_of_its_connection);
	tcase_add_test(tests, messages_and_events_may_have_the_same_id);
	tcase_add_test(tests, what_was_destroyed_can_be_made_again);
	tcase_add_test(tests, every_id_can_be_in_use_at_once);
	tcase_add_test(tests, routes_can_be_raised_while_they_are_there);
	tcase_add_loop_test(tests, what_makes_no_sense_is_ignored_and_counted,
			    0, ROWS(ignored));
	tcase_add_test(tests, refusals_are_those_of_any_connection);
	suite_add_tcase(suite, tests);
	return suite;
}
