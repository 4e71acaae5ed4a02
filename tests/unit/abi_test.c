// SPDX-License-Identifier: MIT
/* The layouts again, at run time, with numbers typed from the specification. */
#include <hvpost/device.h>
#include <hvpost/hvpost.h>
#include <hvpost/hyperv.h>

#include <string.h>

#include "suites.h"

struct number {
	const char *what;
	uint64_t is;
	uint64_t should_be;
};

#define SIZE(type, should_be)                             \
	{                                                 \
		"size of " #type, sizeof(type), should_be \
	}
#define OFFSET(type, member, should_be)                                 \
	{                                                               \
		"offset of " #type "." #member, offsetof(type, member), \
			should_be                                       \
	}
#define VALUE(name, should_be)         \
	{                              \
#name, name, should_be \
	}

static const struct number layouts[] = {
	SIZE(struct hv_slot, 256),
	OFFSET(struct hv_slot, message_type, 0),
	OFFSET(struct hv_slot, payload_size, 4),
	OFFSET(struct hv_slot, message_flags, 5),
	OFFSET(struct hv_slot, origin, 8),
	OFFSET(struct hv_slot, payload, 16),
	SIZE(struct hv_sim_page, 4096),
	SIZE(struct hv_event_flags, 256),
	SIZE(struct hv_sief_page, 4096),
	SIZE(struct hv_post_message_input, 256),
	OFFSET(struct hv_post_message_input, connection_id, 0),
	OFFSET(struct hv_post_message_input, rsvdz, 4),
	OFFSET(struct hv_post_message_input, message_type, 8),
	OFFSET(struct hv_post_message_input, payload_size, 12),
	OFFSET(struct hv_post_message_input, payload, 16),
	SIZE(struct hv_signal_event_input, 8),
	OFFSET(struct hv_signal_event_input, connection_id, 0),
	OFFSET(struct hv_signal_event_input, flag_number, 4),
	OFFSET(struct hv_signal_event_input, rsvdz, 6),
	SIZE(struct hv_port_info, 24),
	OFFSET(struct hv_port_info, u.message.target_sint, 8),
	OFFSET(struct hv_port_info, u.message.target_vp, 12),
	OFFSET(struct hv_port_info, u.event.base_flag_number, 16),
	OFFSET(struct hv_port_info, u.event.flag_count, 18),
	SIZE(struct hv_connection_info, 32),
	SIZE(struct hv_create_port_input, 56),
	OFFSET(struct hv_create_port_input, port_id, 8),
	OFFSET(struct hv_create_port_input, connection_partition, 16),
	OFFSET(struct hv_create_port_input, port_info, 24),
	SIZE(struct hv_delete_port_input, 16),
	SIZE(struct hv_connect_port_input, 72),
	OFFSET(struct hv_connect_port_input, connection_id, 8),
	OFFSET(struct hv_connect_port_input, port_partition, 16),
	OFFSET(struct hv_connect_port_input, port_id, 24),
	OFFSET(struct hv_connect_port_input, connection_info, 32),
	SIZE(struct hv_disconnect_port_input, 16),
	SIZE(struct hv_get_port_property_input, 24),
};

START_TEST(layout_is_the_specified_one)
{
	const struct number *row = &layouts[_i];

	ck_assert_msg(row->is == row->should_be, "%s is %lu, not %lu",
		      row->what, (unsigned long)row->is,
		      (unsigned long)row->should_be);
}
END_TEST

static const struct number constants[] = {
	VALUE(HV_CALL_POST_MESSAGE, 0x5c),
	VALUE(HV_CALL_SIGNAL_EVENT, 0x5d),
	VALUE(HV_CALL_CREATE_PORT, 0x95),
	VALUE(HV_CALL_CONNECT_PORT, 0x96),
	VALUE(HV_CALL_DELETE_PORT, 0x58),
	VALUE(HV_CALL_DISCONNECT_PORT, 0x5b),
	VALUE(HV_CALL_GET_PORT_PROPERTY, 0x5a),
	VALUE(HV_CONTROL_FAST, 0x10000),
	VALUE(HV_RESULT_STATUS_MASK, 0xffff),
	VALUE(HV_MESSAGE_SIZE, 256),
	VALUE(HV_MESSAGE_PAYLOAD_SIZE_MAX, 240),
	VALUE(HVPOST_PAYLOAD_SIZE_MAX, 240),
	VALUE(HV_MESSAGE_TYPE_HYPERVISOR, 0x80000000),
	VALUE(HV_MESSAGE_PENDING, 1),
	VALUE(HV_EVENT_FLAG_COUNT, 2048),
	VALUE(HV_SINT_COUNT, 16),
	VALUE(HV_SINT_VMBUS, 2),
	VALUE(HV_SINT_MASKED, 0x10000),
	VALUE(HV_SINT_AUTO_EOI, 0x20000),
	VALUE(HV_SINT_VECTOR_MASK, 0xff),
	VALUE(HV_ID_MASK, 0xffffff),
	VALUE(HV_PORT_MESSAGE_BUFFERS, 16),
	VALUE(HV_MSR_GUEST_OS_ID, 0x40000000),
	VALUE(HV_MSR_HYPERCALL, 0x40000001),
	VALUE(HV_MSR_VP_INDEX, 0x40000002),
	VALUE(HV_MSR_SCONTROL, 0x40000080),
	VALUE(HV_MSR_SIEFP, 0x40000082),
	VALUE(HV_MSR_SIMP, 0x40000083),
	VALUE(HV_MSR_EOM, 0x40000084),
	VALUE(HV_MSR_SINT0, 0x40000090),
	VALUE(HV_CPUID_INTERFACE_HV1, 0x31237648),
	VALUE(HV_ACCESS_SYNIC_REGS, 1 << 2),
	VALUE(HV_ACCESS_HYPERCALL_MSRS, 1 << 5),
	VALUE(HV_ACCESS_VP_INDEX, 1 << 6),
	VALUE(HV_POST_MESSAGES, 1 << 4),
	VALUE(HV_SIGNAL_EVENTS, 1 << 5),
};

START_TEST(constant_is_the_specified_one)
{
	const struct number *row = &constants[_i];

	ck_assert_msg(row->is == row->should_be, "%s is 0x%lx, not 0x%lx",
		      row->what, (unsigned long)row->is,
		      (unsigned long)row->should_be);
}
END_TEST

/* A program built today must work with the driver of any later day. */
static const struct number device_abi[] = {
	SIZE(struct hvpost_ioc_info, 104),
	OFFSET(struct hvpost_ioc_info, sints_bound, 16),
	OFFSET(struct hvpost_ioc_info, guest_os_id, 32),
	OFFSET(struct hvpost_ioc_info, version, 40),
	OFFSET(struct hvpost_ioc_info, reserved, 72),
	SIZE(struct hvpost_ioc_post, 48),
	OFFSET(struct hvpost_ioc_post, payload, 16),
	OFFSET(struct hvpost_ioc_post, deadline_ns, 24),
	OFFSET(struct hvpost_ioc_post, status, 32),
	OFFSET(struct hvpost_ioc_post, reserved, 40),
	SIZE(struct hvpost_ioc_post_many, 40),
	OFFSET(struct hvpost_ioc_post_many, posts, 8),
	OFFSET(struct hvpost_ioc_post_many, deadline_ns, 16),
	OFFSET(struct hvpost_ioc_post_many, done, 24),
	OFFSET(struct hvpost_ioc_post_many, reserved, 32),
	SIZE(struct hvpost_ioc_signal, 24),
	OFFSET(struct hvpost_ioc_signal, flag_number, 8),
	OFFSET(struct hvpost_ioc_signal, status, 12),
	SIZE(struct hvpost_ioc_bind, 24),
	OFFSET(struct hvpost_ioc_bind, ring_records, 8),
	SIZE(struct hvpost_ioc_counters, 128),
	OFFSET(struct hvpost_ioc_counters, oversize, 40),
	OFFSET(struct hvpost_ioc_counters, filtered, 64),
	OFFSET(struct hvpost_ioc_counters, losses, 72),
	SIZE(struct hvpost_filter_rule, 24),
	SIZE(struct hvpost_ioc_filter, 208),
	OFFSET(struct hvpost_ioc_filter, rules, 16),
	SIZE(struct hvpost_ioc_rings, 64),
	OFFSET(struct hvpost_ioc_rings, words_offset, 8),
	OFFSET(struct hvpost_ioc_rings, ring_stride, 40),
	SIZE(struct hvpost_ring_words, 128),
	OFFSET(struct hvpost_ring_words, head, 0),
	OFFSET(struct hvpost_ring_words, stalled, 4),
	OFFSET(struct hvpost_ring_words, tail, 64),
	SIZE(struct hvpost_record, 280),
	OFFSET(struct hvpost_record, sequence, 0),
	OFFSET(struct hvpost_record, time_ns, 8),
	OFFSET(struct hvpost_record, origin, 16),
	OFFSET(struct hvpost_record, vp_index, 24),
	OFFSET(struct hvpost_record, message_type, 28),
	OFFSET(struct hvpost_record, sint, 32),
	OFFSET(struct hvpost_record, payload_size, 33),
	OFFSET(struct hvpost_record, message_flags, 34),
	OFFSET(struct hvpost_record, flags, 35),
	OFFSET(struct hvpost_record, payload, 40),
	VALUE(HVPOST_IOC_INFO, 0x8068bc00),
	VALUE(HVPOST_IOC_RINGS, 0x8040bc06),
	VALUE(HVPOST_IOC_RESUME, 0x0000bc07),
	VALUE(HVPOST_IOC_FILTER, 0x40d0bc08),
	VALUE(HVPOST_IOC_POST, 0xc030bc01),
	VALUE(HVPOST_IOC_SIGNAL, 0xc018bc02),
	VALUE(HVPOST_IOC_BIND, 0xc018bc03),
	VALUE(HVPOST_IOC_COUNTERS, 0x8080bc04),
	VALUE(HVPOST_IOC_POST_MANY, 0xc028bc05),
};

START_TEST(device_abi_does_not_move)
{
	const struct number *row = &device_abi[_i];

	ck_assert_msg(row->is == row->should_be, "%s is 0x%lx, not 0x%lx",
		      row->what, (unsigned long)row->is,
		      (unsigned long)row->should_be);
}
END_TEST

/* What hosts are known not to survive is at least laid out right here. */
START_TEST(payload_of_240_bytes_fills_the_post_input_to_its_end)
{
	struct hv_post_message_input input;
	const uint8_t *bytes = (const uint8_t *)&input;

	memset(&input, 0, sizeof(input));
	memset(input.payload, 0xa5, 240);
	ck_assert_uint_eq(bytes[15], 0);
	for (int i = 16; i < 256; i++)
		ck_assert_uint_eq(bytes[i], 0xa5);
}
END_TEST

START_TEST(payload_of_240_bytes_fills_the_slot_to_its_end)
{
	struct hv_slot slot;
	const uint8_t *bytes = (const uint8_t *)&slot;

	memset(&slot, 0, sizeof(slot));
	memset(slot.payload, 0x5a, 240);
	ck_assert_uint_eq(bytes[15], 0);
	for (int i = 16; i < 256; i++)
		ck_assert_uint_eq(bytes[i], 0x5a);
}
END_TEST

START_TEST(slot_of_sint_6_lies_at_1536)
{
	ck_assert_uint_eq(offsetof(struct hv_sim_page, slot[6]), 1536);
}
END_TEST

START_TEST(post_input_bytes_are_little_endian_fields_in_order)
{
	struct hv_post_message_input input = {
		.connection_id = 0x00c0ffee,
		.message_type = 0x01020304,
		.payload_size = 5,
		.payload = { 'h', 'e', 'l', 'l', 'o' },
	};
	static const uint8_t expected[] = {
		0xee, 0xff, 0xc0, 0x00, 0, 0,   0,   0,   0x04, 0x03, 0x02,
		0x01, 5,    0,    0,    0, 'h', 'e', 'l', 'l',  'o',  0,
	};

	ck_assert_mem_eq(&input, expected, sizeof(expected));
}
END_TEST

START_TEST(vmcall_is_0f_01_c1)
{
	static const uint8_t opcode[] = HV_OPCODE_VMCALL;
	static const uint8_t expected[] = { 0x0f, 0x01, 0xc1 };

	ck_assert_uint_eq(sizeof(opcode), 3);
	ck_assert_mem_eq(opcode, expected, 3);
}
END_TEST

START_TEST(vmmcall_is_0f_01_d9)
{
	static const uint8_t opcode[] = HV_OPCODE_VMMCALL;
	static const uint8_t expected[] = { 0x0f, 0x01, 0xd9 };

	ck_assert_uint_eq(sizeof(opcode), 3);
	ck_assert_mem_eq(opcode, expected, 3);
}
END_TEST

/* The library says "vmcall" as bytes; the assembler has the last word. */
START_TEST(opcodes_are_what_the_assembler_makes)
{
	static const uint8_t vmcall[] = HV_OPCODE_VMCALL;
	static const uint8_t vmmcall[] = HV_OPCODE_VMMCALL;
	const uint8_t *assembled;

	__asm__("jmp 2f\n1:\tvmcall\n\tvmmcall\n2:\tlea 1b(%%rip), %0"
		: "=r"(assembled));
	ck_assert_mem_eq(assembled, vmcall, 3);
	ck_assert_mem_eq(assembled + 3, vmmcall, 3);
}
END_TEST

Suite *abi_suite(void)
{
	Suite *suite = suite_create("abi");
	TCase *tcase = tcase_create("abi");

	suite_add_tcase(suite, tcase);
	tcase_add_loop_test(tcase, layout_is_the_specified_one, 0,
			    ROWS(layouts));
	tcase_add_loop_test(tcase, constant_is_the_specified_one, 0,
			    ROWS(constants));
	tcase_add_loop_test(tcase, device_abi_does_not_move, 0,
			    ROWS(device_abi));
	tcase_add_test(tcase,
		       payload_of_240_bytes_fills_the_post_input_to_its_end);
	tcase_add_test(tcase, payload_of_240_bytes_fills_the_slot_to_its_end);
	tcase_add_test(tcase, slot_of_sint_6_lies_at_1536);
	tcase_add_test(tcase,
		       post_input_bytes_are_little_endian_fields_in_order);
	tcase_add_test(tcase, vmcall_is_0f_01_c1);
	tcase_add_test(tcase, vmmcall_is_0f_01_d9);
	tcase_add_test(tcase, opcodes_are_what_the_assembler_makes);
	return suite;
}
