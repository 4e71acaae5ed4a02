// SPDX-License-Identifier: MIT
/* What every call goes through before its own work begins. */
#include <errno.h>
#include <string.h>

#include "suites.h"
#include "world.h"

static struct guest other;

static uint16_t good_post_at(uint64_t gpa)
{
	struct hv_post_message_input input = post_input(CONNECTION, 1);

	memcpy(world.sender.memory + gpa, &input, sizeof(input));
	return guest_call(&world.sender, HV_CALL_POST_MESSAGE, gpa, 0);
}

static void assert_no_call(const struct hvhost_hypercall *call)
{
	uint64_t result = 1;

	ck_assert_int_eq(hvhost_vp_hypercall(world.sender.vp[0], call, &result),
			 -EPERM);
	ck_assert_uint_eq(result, 0);
	ck_assert_uint_eq(world.sender.reads, 0);
}

START_TEST(only_cpl_0_may_call)
{
	assert_no_call(&(struct hvhost_hypercall){
			.control = HV_CALL_POST_MESSAGE, .input = INPUT_GPA,
			.cpl = (uint8_t)_i, .protected_mode = 1 });
}
END_TEST

START_TEST(only_protected_mode_may_call)
{
	assert_no_call(&(struct hvhost_hypercall){
			.control = HV_CALL_POST_MESSAGE, .input = INPUT_GPA });
}
END_TEST

START_TEST(only_a_guest_with_an_os_id_may_call)
{
	guest_write_msr(&world.sender, 0, HV_MSR_GUEST_OS_ID, 0);
	assert_no_call(&(struct hvhost_hypercall){
			.control = HV_CALL_POST_MESSAGE, .input = INPUT_GPA,
			.protected_mode = 1 });
}
END_TEST

static const uint16_t unknown_codes[] = {
	0, 1, 0x56, 0x57, 0x59, 0x5e, 0x70, 0x94, 0x97, 0xc0, 0xc1, 0xffff,
};

START_TEST(unknown_code_is_refused)
{
	ck_assert_uint_eq(guest_call(&world.sender, unknown_codes[_i], 0, 0),
			  HV_STATUS_INVALID_HYPERCALL_CODE);
	ck_assert_uint_eq(world.sender.reads, 0);
}
END_TEST

static const struct {
	uint16_t code;
	uint16_t size;
	uint32_t privilege;
	bool fast;
} calls[] = {
	{ HV_CALL_POST_MESSAGE, 256, HV_POST_MESSAGES, false },
	{ HV_CALL_SIGNAL_EVENT, 8, HV_SIGNAL_EVENTS, true },
	{ HV_CALL_CREATE_PORT, 56, HV_CREATE_PORT, false },
	{ HV_CALL_DELETE_PORT, 16, HV_CREATE_PORT, true },
	{ HV_CALL_CONNECT_PORT, 72, HV_CONNECT_PORT, false },
	{ HV_CALL_DISCONNECT_PORT, 16, HV_CONNECT_PORT, true },
	{ HV_CALL_GET_PORT_PROPERTY, 24, HV_CREATE_PORT, false },
};

static void make_other(uint64_t privileges)
{
	guest_make(&other, privileges | HV_ACCESS_HYPERCALL_MSRS);
	guest_add_vp(&other, 0);
	guest_write_msr(&other, 0, HV_MSR_GUEST_OS_ID, 1);
}

START_TEST(call_without_its_privilege_is_refused_before_anything_is_read)
{
	make_other(~HVHOST_PRIVILEGE(calls[_i].privilege));
	ck_assert_uint_eq(guest_call(&other, calls[_i].code, 1, 1),
			  HV_STATUS_ACCESS_DENIED);
	ck_assert_uint_eq(other.reads, 0);
}
END_TEST

START_TEST(call_needs_no_other_privilege)
{
	make_other(HVHOST_PRIVILEGE(calls[_i].privilege));
	ck_assert_uint_ne(guest_call(&other, calls[_i].code, INPUT_GPA,
				     OUTPUT_GPA), HV_STATUS_ACCESS_DENIED);
	ck_assert_uint_eq(other.reads, 1);
}
END_TEST

START_TEST(input_of_a_call_has_its_documented_size)
{
	guest_call(&world.sender, calls[_i].code,
		   INPUT_GPA + HV_PAGE_SIZE - calls[_i].size, OUTPUT_GPA);
	ck_assert_uint_eq(world.sender.reads, 1);
	ck_assert_uint_eq(world.sender.bytes_read, calls[_i].size);
}
END_TEST

START_TEST(fast_form_is_taken_only_where_it_is_documented)
{
	uint16_t status = guest_call(&world.sender,
				     calls[_i].code | HV_CONTROL_FAST, 0, 0);

	if (calls[_i].fast)
		ck_assert_uint_ne(status, HV_STATUS_INVALID_HYPERCALL_INPUT);
	else
		ck_assert_uint_eq(status, HV_STATUS_INVALID_HYPERCALL_INPUT);
	ck_assert_uint_eq(world.sender.reads, 0);
}
END_TEST

/* Of every call: variable header, reserved, nested, repetitions. */
START_TEST(control_bit_that_no_simple_call_has_is_refused)
{
	for (int i = 0; i < ROWS(calls); i++)
		ck_assert_uint_eq(guest_call(&world.sender, calls[i].code |
					     1ull << _i, INPUT_GPA, OUTPUT_GPA),
				  HV_STATUS_INVALID_HYPERCALL_INPUT);
	ck_assert_uint_eq(world.sender.reads, 0);
}
END_TEST

START_TEST(input_must_be_8_aligned)
{
	ck_assert_uint_eq(guest_call(&world.sender, HV_CALL_POST_MESSAGE,
				     INPUT_GPA + (uint64_t)_i, 0),
			  HV_STATUS_INVALID_ALIGNMENT);
	ck_assert_uint_eq(world.sender.reads, 0);
}
END_TEST

START_TEST(input_need_not_be_256_aligned)
{
	ck_assert_uint_eq(good_post_at(INPUT_GPA + 8), 0);
}
END_TEST

START_TEST(input_may_end_with_a_page)
{
	ck_assert_uint_eq(good_post_at(INPUT_GPA + HV_PAGE_SIZE - 256), 0);
}
END_TEST

/* An input of 8 aligned bytes cannot. */
START_TEST(input_of_no_call_may_cross_a_page)
{
	for (int i = 0; i < ROWS(calls); i++)
		if (calls[i].size > 8)
			ck_assert_uint_eq(guest_call(&world.sender,
						     calls[i].code,
						     INPUT_GPA + HV_PAGE_SIZE -
						     calls[i].size + 8,
						     OUTPUT_GPA),
					  HV_STATUS_INVALID_ALIGNMENT);
	ck_assert_uint_eq(world.sender.reads, 0);
}
END_TEST

START_TEST(input_must_not_cross_a_page)
{
	ck_assert_uint_eq(good_post_at(INPUT_GPA + HV_PAGE_SIZE - 248),
			  HV_STATUS_INVALID_ALIGNMENT);
	ck_assert_uint_eq(good_post_at(INPUT_GPA + HV_PAGE_SIZE - 8),
			  HV_STATUS_INVALID_ALIGNMENT);
}
END_TEST

START_TEST(input_may_end_with_memory)
{
	ck_assert_uint_eq(good_post_at(WORLD_MEMORY_SIZE - 256), 0);
}
END_TEST

static const uint64_t past_the_end[] = {
	WORLD_MEMORY_SIZE, WORLD_MEMORY_SIZE + HV_PAGE_SIZE, 1ull << 52,
	1ull << 63, UINT64_MAX & ~0xfffull, UINT64_MAX & ~0xffull,
};

START_TEST(input_past_the_end_of_memory_is_refused)
{
	ck_assert_uint_eq(guest_call(&world.sender, HV_CALL_POST_MESSAGE,
				     past_the_end[_i], 0),
			  HV_STATUS_INVALID_ALIGNMENT);
	ck_assert_uint_eq(world.sender.reads, 0);
}
END_TEST

START_TEST(input_that_memory_ends_in_is_refused)
{
	struct hvhost_partition_config config = guest_config(&other);

	config.gpa_size = INPUT_GPA + 248;
	ck_assert_int_eq(hvhost_partition_new(world.machine, &config,
					      &other.partition), 0);
	guest_add_vp(&other, 0);
	guest_write_msr(&other, 0, HV_MSR_GUEST_OS_ID, 1);
	ck_assert_uint_eq(guest_call(&other, HV_CALL_POST_MESSAGE, INPUT_GPA, 0),
			  HV_STATUS_INVALID_ALIGNMENT);
}
END_TEST

START_TEST(unreadable_input_is_refused)
{
	world.sender.page_unreadable = INPUT_GPA;
	ck_assert_uint_eq(good_post_at(INPUT_GPA),
			  HV_STATUS_INVALID_HYPERCALL_INPUT);
}
END_TEST

START_TEST(input_is_read_once)
{
	ck_assert_uint_eq(good_post_at(INPUT_GPA), 0);
	ck_assert_uint_eq(world.sender.reads, 1);
}
END_TEST

START_TEST(fast_call_reads_no_memory)
{
	ck_assert_uint_eq(guest_call(&world.sender, HV_CALL_SIGNAL_EVENT |
				     HV_CONTROL_FAST, EVENT_CONNECTION, 0), 0);
	ck_assert_uint_eq(world.sender.reads, 0);
}
END_TEST

START_TEST(output_of_a_call_without_one_is_ignored)
{
	struct hv_post_message_input input = post_input(CONNECTION, 1);

	memcpy(world.sender.memory + INPUT_GPA, &input, sizeof(input));
	ck_assert_uint_eq(guest_call(&world.sender, HV_CALL_POST_MESSAGE,
				     INPUT_GPA, UINT64_MAX), 0);
	ck_assert_uint_eq(world.sender.writes, 0);
}
END_TEST

/* Output: GetPortProperty alone has it. */

static uint16_t ask_property(uint32_t property, uint64_t output)
{
	struct hv_get_port_property_input input = {
		.port_partition = HV_PARTITION_ID_SELF,
		.port_id = PORT,
		.property = property,
	};

	memcpy(world.receiver.memory + INPUT_GPA, &input, sizeof(input));
	return guest_call(&world.receiver, HV_CALL_GET_PORT_PROPERTY, INPUT_GPA,
			  output);
}

static const uint64_t bad_outputs[] = {
	OUTPUT_GPA + 1, OUTPUT_GPA + 4, OUTPUT_GPA + 7, WORLD_MEMORY_SIZE,
	UINT64_MAX, UINT64_MAX & ~7ull,
};

START_TEST(output_must_be_aligned_and_in_memory)
{
	ck_assert_uint_eq(ask_property(HV_PORT_PROPERTY_POST_COUNT,
				       bad_outputs[_i]),
			  HV_STATUS_INVALID_ALIGNMENT);
	ck_assert_uint_eq(world.receiver.writes, 0);
}
END_TEST

START_TEST(output_is_8_bytes_and_no_more)
{
	static const uint8_t expected[24] = {
		0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5,
		2, 0, 0, 0, 0, 0, 0, 0,
		0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5,
	};

	post(CONNECTION, 1);
	post(CONNECTION, 2);
	memset(world.receiver.memory + OUTPUT_GPA, 0xa5, 24);
	ck_assert_uint_eq(ask_property(HV_PORT_PROPERTY_POST_COUNT,
				       OUTPUT_GPA + 8), 0);
	ck_assert_mem_eq(world.receiver.memory + OUTPUT_GPA, expected, 24);
}
END_TEST

START_TEST(output_may_end_with_memory)
{
	ck_assert_uint_eq(ask_property(HV_PORT_PROPERTY_POST_COUNT,
				       WORLD_MEMORY_SIZE - 8), 0);
}
END_TEST

START_TEST(unwritable_output_is_refused)
{
	world.receiver.page_unwritable = OUTPUT_GPA;
	ck_assert_uint_eq(ask_property(HV_PORT_PROPERTY_POST_COUNT, OUTPUT_GPA),
			  HV_STATUS_INVALID_HYPERCALL_INPUT);
}
END_TEST

START_TEST(refused_call_writes_no_output)
{
	ck_assert_uint_eq(ask_property(9, OUTPUT_GPA),
			  HV_STATUS_UNKNOWN_PROPERTY);
	ck_assert_uint_eq(world.receiver.writes, 0);
}
END_TEST

static void add_layer_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, only_cpl_0_may_call, 1, 4);
	tcase_add_test(tcase, only_protected_mode_may_call);
	tcase_add_test(tcase, only_a_guest_with_an_os_id_may_call);
	tcase_add_loop_test(tcase, unknown_code_is_refused, 0,
			    ROWS(unknown_codes));
	tcase_add_loop_test(tcase,
			    call_without_its_privilege_is_refused_before_anything_is_read,
			    0, ROWS(calls));
	tcase_add_loop_test(tcase, call_needs_no_other_privilege, 0,
			    ROWS(calls));
	tcase_add_loop_test(tcase, fast_form_is_taken_only_where_it_is_documented,
			    0, ROWS(calls));
	tcase_add_loop_test(tcase,
			    control_bit_that_no_simple_call_has_is_refused, 17,
			    64);
}

static void add_memory_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, input_of_a_call_has_its_documented_size, 0,
			    ROWS(calls));
	tcase_add_loop_test(tcase, input_must_be_8_aligned, 1, 8);
	tcase_add_test(tcase, input_need_not_be_256_aligned);
	tcase_add_test(tcase, input_may_end_with_a_page);
	tcase_add_test(tcase, input_of_no_call_may_cross_a_page);
	tcase_add_test(tcase, input_must_not_cross_a_page);
	tcase_add_test(tcase, input_may_end_with_memory);
	tcase_add_loop_test(tcase, input_past_the_end_of_memory_is_refused, 0,
			    ROWS(past_the_end));
	tcase_add_test(tcase, input_that_memory_ends_in_is_refused);
	tcase_add_test(tcase, unreadable_input_is_refused);
	tcase_add_test(tcase, input_is_read_once);
	tcase_add_test(tcase, fast_call_reads_no_memory);
	tcase_add_test(tcase, output_of_a_call_without_one_is_ignored);
	tcase_add_loop_test(tcase, output_must_be_aligned_and_in_memory, 0,
			    ROWS(bad_outputs));
	tcase_add_test(tcase, output_is_8_bytes_and_no_more);
	tcase_add_test(tcase, output_may_end_with_memory);
	tcase_add_test(tcase, unwritable_output_is_refused);
	tcase_add_test(tcase, refused_call_writes_no_output);
}

Suite *hypercall_suite(void)
{
	Suite *suite = suite_create("hypercall");
	TCase *layer = tcase_create("layer");
	TCase *memory = tcase_create("memory");

	tcase_add_checked_fixture(layer, world_setup, world_teardown);
	add_layer_tests(layer);
	suite_add_tcase(suite, layer);
	tcase_add_checked_fixture(memory, world_setup, world_teardown);
	add_memory_tests(memory);
	suite_add_tcase(suite, memory);
	return suite;
}
