/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * hyperv.h - the Hyper-V ABI that hvpost speaks: CPUID, MSRs, hypercall words,
 * messages, SIM and SIEF pages, ports and connections.
 *
 * The same text serves the driver, the libraries and the tests, in the kernel,
 * as C11 and as C++. Every layout is pinned by a static assertion beside it,
 * so a compiler that lays a structure out differently stops the build.
 *
 * Everything is little endian and naturally aligned; x86-64 only for now.
 * Numbers are quoted from the Hypervisor Top Level Functional Specification;
 * "TLFS" with a chapter name stands for its current online edition, "2.0a",
 * "5.0C" and "6.0b" for the PDF editions that still carry what that dropped.
 *
 * Linux's own <asm/mshyperv.h> defines some of the same names in its own way:
 * do not include both in one file. The driver keeps it to hypercall_linux.c.
 */
#ifndef HVPOST_HYPERV_H
#define HVPOST_HYPERV_H

#ifdef __KERNEL__
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>
#else
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#endif

#include "hyperv_status.h"

#define HV_ASSERT_SIZE(type, size) \
	static_assert(sizeof(type) == (size), #type " is " #size " bytes")
#define HV_ASSERT_OFFSET(type, field, offset) \
	static_assert(offsetof(type, field) == (offset), \
		      #type "." #field " is at " #offset)

/* CPUID (TLFS, Feature and Interface Discovery) */

/* Leaf 1, ECX: some hypervisor is present and 0x40000000 may be asked. */
#define HV_CPUID_PRESENT_LEAF		0x00000001
#define HV_CPUID_PRESENT_ECX		(1u << 31)

#define HV_CPUID_VENDOR			0x40000000
#define HV_CPUID_INTERFACE		0x40000001
#define HV_CPUID_VERSION		0x40000002
#define HV_CPUID_FEATURES		0x40000003
#define HV_CPUID_RECOMMENDATIONS	0x40000004
#define HV_CPUID_LIMITS			0x40000005
#define HV_CPUID_ISOLATION		0x4000000c

/* The highest leaf a conforming hypervisor reports is at least this. */
#define HV_CPUID_LEAF_MIN		0x40000005

/* HV_CPUID_INTERFACE, EAX: "Hv#1". The vendor string decides nothing. */
#define HV_CPUID_INTERFACE_HV1		0x31237648

/* HV_CPUID_FEATURES, EAX: privileges 31:0 */
#define HV_ACCESS_VP_RUNTIME_REG	(1u << 0)
#define HV_ACCESS_REFERENCE_COUNTER	(1u << 1)
#define HV_ACCESS_SYNIC_REGS		(1u << 2)
#define HV_ACCESS_SYNTHETIC_TIMERS	(1u << 3)
#define HV_ACCESS_INTR_CTRL_REGS	(1u << 4)
#define HV_ACCESS_HYPERCALL_MSRS	(1u << 5)
#define HV_ACCESS_VP_INDEX		(1u << 6)

/* HV_CPUID_FEATURES, EBX: privileges 63:32 */
#define HV_CREATE_PARTITIONS		(1u << 0)
#define HV_ACCESS_PARTITION_ID		(1u << 1)
#define HV_ACCESS_MEMORY_POOL		(1u << 2)
#define HV_ADJUST_MESSAGE_BUFFERS	(1u << 3)
#define HV_POST_MESSAGES		(1u << 4)
#define HV_SIGNAL_EVENTS		(1u << 5)
#define HV_CREATE_PORT			(1u << 6)
#define HV_CONNECT_PORT			(1u << 7)
#define HV_ACCESS_STATS			(1u << 8)

/* HV_CPUID_FEATURES, EDX: features */
#define HV_FEATURE_XMM_INPUT		(1u << 4)
#define HV_FEATURE_XMM_OUTPUT		(1u << 15)
#define HV_FEATURE_SINT_POLLING		(1u << 17)

/* HV_CPUID_RECOMMENDATIONS, EAX */
#define HV_RECOMMEND_NO_AUTO_EOI	(1u << 9)

/* HV_CPUID_ISOLATION, EBX */
#define HV_ISOLATION_TYPE_MASK		0xfu
#define HV_ISOLATION_TYPE_NONE		0u
#define HV_ISOLATION_TYPE_VBS		1u
#define HV_ISOLATION_TYPE_SNP		2u
#define HV_ISOLATION_TYPE_TDX		3u

/* MSRs (TLFS, Virtual Interrupt Controller and Hypercall Interface) */

#define HV_MSR_GUEST_OS_ID		0x40000000
#define HV_MSR_HYPERCALL		0x40000001
#define HV_MSR_VP_INDEX			0x40000002
#define HV_MSR_EOI			0x40000070
#define HV_MSR_SCONTROL			0x40000080
#define HV_MSR_SVERSION			0x40000081
#define HV_MSR_SIEFP			0x40000082
#define HV_MSR_SIMP			0x40000083
#define HV_MSR_EOM			0x40000084
#define HV_MSR_SINT0			0x40000090

/* GUEST_OS_ID, the form for open source systems */
#define HV_GUEST_OS_ID_OPEN_SOURCE	(1ull << 63)
#define HV_GUEST_OS_ID_TYPE_SHIFT	56
#define HV_GUEST_OS_ID_TYPE_LINUX	1ull
#define HV_GUEST_OS_ID_VERSION_SHIFT	16

/* HYPERCALL, SIMP and SIEFP: bit 0 switches the page on, 63:12 place it. */
#define HV_PAGE_ENABLE			(1ull << 0)
#define HV_PAGE_SHIFT			12
#define HV_PAGE_SIZE			4096u
#define HV_PAGE_ADDRESS_MASK		(~0xfffull)
#define HV_HYPERCALL_LOCKED		(1ull << 1)

#define HV_SCONTROL_ENABLE		(1ull << 0)

/* SINTn: RsvdP bits are kept by read-modify-write. */
#define HV_SINT_VECTOR_MASK		0xffull
#define HV_SINT_MASKED			(1ull << 16)
#define HV_SINT_AUTO_EOI		(1ull << 17)
#define HV_SINT_POLLING			(1ull << 18)
#define HV_SINT_RESET			HV_SINT_MASKED
/* A lower vector raises #GP in an unmasked SINT, on some hosts in any. */
#define HV_SINT_VECTOR_MIN		16u

#define HV_SINT_COUNT			16u
#define HV_SINT_INTERCEPT		0u
#define HV_SINT_VMBUS			2u

/* Hypercall words (TLFS, Hypercall Interface) */

#define HV_CALL_POST_MESSAGE		0x005cu
#define HV_CALL_SIGNAL_EVENT		0x005du
#define HV_CALL_CREATE_PORT_LEGACY	0x0057u
#define HV_CALL_DELETE_PORT		0x0058u
#define HV_CALL_CONNECT_PORT_LEGACY	0x0059u
#define HV_CALL_GET_PORT_PROPERTY	0x005au
#define HV_CALL_DISCONNECT_PORT		0x005bu
#define HV_CALL_CREATE_PORT		0x0095u
#define HV_CALL_CONNECT_PORT		0x0096u

/* The 64-bit control word */
#define HV_CONTROL_CODE_MASK		0xffffull
#define HV_CONTROL_FAST			(1ull << 16)
#define HV_CONTROL_VARIABLE_HEADER_MASK	(0x3ffull << 17)
#define HV_CONTROL_NESTED		(1ull << 31)
#define HV_CONTROL_REP_COUNT_MASK	(0xfffull << 32)
#define HV_CONTROL_REP_START_MASK	(0xfffull << 48)
#define HV_CONTROL_RSVDZ_MASK \
	((0xfull << 27) | (0xfull << 44) | (0xfull << 60))

/* The 64-bit result word */
#define HV_RESULT_STATUS_MASK		0xffffull
#define HV_RESULT_REPS_SHIFT		32
#define HV_RESULT_REPS_MASK		(0xfffull << HV_RESULT_REPS_SHIFT)

/* The instructions behind the hypercall page, by processor vendor */
#define HV_OPCODE_VMCALL		{ 0x0f, 0x01, 0xc1 }
#define HV_OPCODE_VMMCALL		{ 0x0f, 0x01, 0xd9 }

#define HV_INPUT_ALIGNMENT		8u

/* Identifiers */

/* Port and connection ids are 24 bits wide; 31:24 must be zero. */
#define HV_ID_MASK			0x00ffffffu
#define HV_PARTITION_ID_INVALID		0ull
#define HV_PARTITION_ID_SELF		(~0ull)
#define HV_ANY_VP			0xffffffffu
#define HV_VP_SELF			0xfffffffeu

/*
 * Connections every Hyper-V host keeps for VMBus, by convention of host and
 * guests; the specification reserves none.
 */
#define HV_CONNECTION_VMBUS_MESSAGE	1u
#define HV_CONNECTION_VMBUS_EVENT	2u
#define HV_CONNECTION_VMBUS_MONITOR	3u
#define HV_CONNECTION_VMBUS_MESSAGE_5	4u

/* Messages (TLFS, Inter-Partition Communication) */

#define HV_MESSAGE_SIZE			256u
#define HV_MESSAGE_PAYLOAD_SIZE_MAX	240u

#define HV_MESSAGE_TYPE_NONE		0u
/* Types with this bit belong to the hypervisor; a guest may not post them. */
#define HV_MESSAGE_TYPE_HYPERVISOR	0x80000000u
#define HV_MESSAGE_TYPE_GUEST_MAX	0x7fffffffu
#define HV_MESSAGE_TYPE_VMBUS		1u
#define HV_MESSAGE_TYPE_TIMER_EXPIRED	0x80000010u

/* Bit 0 of message_flags: more is queued behind this slot, so write EOM. */
#define HV_MESSAGE_PENDING		(1u << 0)

/* One slot of a SIM page: what the hypervisor writes and the guest takes. */
struct hv_slot {
	uint32_t message_type;	/* 0: empty. Written last, cleared by the guest */
	uint8_t  payload_size;	/* 0..240 */
	uint8_t  message_flags;
	uint8_t  reserved[2];
	uint64_t origin;	/* port id, partition id, or 0 */
	uint8_t  payload[HV_MESSAGE_PAYLOAD_SIZE_MAX];
};
HV_ASSERT_SIZE(struct hv_slot, 256);
HV_ASSERT_OFFSET(struct hv_slot, message_type, 0);
HV_ASSERT_OFFSET(struct hv_slot, payload_size, 4);
HV_ASSERT_OFFSET(struct hv_slot, message_flags, 5);
HV_ASSERT_OFFSET(struct hv_slot, origin, 8);
HV_ASSERT_OFFSET(struct hv_slot, payload, 16);

struct hv_sim_page {
	struct hv_slot slot[HV_SINT_COUNT];
};
HV_ASSERT_SIZE(struct hv_sim_page, 4096);

/* Event flag f of a SINT is bit f % 8 of byte f / 8. */
#define HV_EVENT_FLAG_COUNT		2048u

struct hv_event_flags {
	uint8_t flags[HV_EVENT_FLAG_COUNT / 8];
};
HV_ASSERT_SIZE(struct hv_event_flags, 256);

struct hv_sief_page {
	struct hv_event_flags sint[HV_SINT_COUNT];
};
HV_ASSERT_SIZE(struct hv_sief_page, 4096);

/* HvCallPostMessage, memory form only: the whole 256 bytes must be readable. */
struct hv_post_message_input {
	uint32_t connection_id;
	uint32_t rsvdz;
	uint32_t message_type;
	uint32_t payload_size;
	uint8_t  payload[HV_MESSAGE_PAYLOAD_SIZE_MAX];
};
HV_ASSERT_SIZE(struct hv_post_message_input, 256);
HV_ASSERT_OFFSET(struct hv_post_message_input, connection_id, 0);
HV_ASSERT_OFFSET(struct hv_post_message_input, rsvdz, 4);
HV_ASSERT_OFFSET(struct hv_post_message_input, message_type, 8);
HV_ASSERT_OFFSET(struct hv_post_message_input, payload_size, 12);
HV_ASSERT_OFFSET(struct hv_post_message_input, payload, 16);

/* HvCallSignalEvent; in the fast form these 8 bytes are the first register. */
struct hv_signal_event_input {
	uint32_t connection_id;
	uint16_t flag_number;	/* relative to the port's base flag */
	uint16_t rsvdz;
};
HV_ASSERT_SIZE(struct hv_signal_event_input, 8);
HV_ASSERT_OFFSET(struct hv_signal_event_input, flag_number, 4);
#define HV_SIGNAL_EVENT_FLAG_SHIFT	32

/* Ports and connections (2.0a, Inter-Partition Communication; TLFS) */

#define HV_PORT_MESSAGE_BUFFERS		16u

enum hv_port_type {
	HV_PORT_TYPE_MESSAGE = 1,
	HV_PORT_TYPE_EVENT = 2,
	HV_PORT_TYPE_MONITOR = 3,
	HV_PORT_TYPE_DOORBELL = 4
};

struct hv_port_info_message {
	uint32_t target_sint;
	uint32_t target_vp;
	uint64_t rsvdz;
};

struct hv_port_info_event {
	uint32_t target_sint;
	uint32_t target_vp;
	uint16_t base_flag_number;
	uint16_t flag_count;
	uint32_t rsvdz;
};

struct hv_port_info_monitor {
	uint64_t monitor_gpa;
	uint64_t rsvdz;
};

struct hv_port_info {
	uint32_t port_type;
	uint32_t rsvdz;
	union {
		struct hv_port_info_message message;
		struct hv_port_info_event event;
		struct hv_port_info_monitor monitor;
		struct hv_port_info_message doorbell;
	} u;
};
HV_ASSERT_SIZE(struct hv_port_info, 24);
HV_ASSERT_OFFSET(struct hv_port_info, u.message.target_sint, 8);
HV_ASSERT_OFFSET(struct hv_port_info, u.message.target_vp, 12);
HV_ASSERT_OFFSET(struct hv_port_info, u.event.base_flag_number, 16);
HV_ASSERT_OFFSET(struct hv_port_info, u.event.flag_count, 18);
HV_ASSERT_OFFSET(struct hv_port_info, u.monitor.monitor_gpa, 8);

struct hv_connection_info_doorbell {
	uint64_t gpa;
	uint64_t trigger_value;
	uint64_t flags;
};

struct hv_connection_info {
	uint32_t port_type;
	uint32_t rsvdz;
	union {
		uint64_t rsvdz_message;
		uint64_t rsvdz_event;
		uint64_t monitor_gpa;
		struct hv_connection_info_doorbell doorbell;
	} u;
};
HV_ASSERT_SIZE(struct hv_connection_info, 32);
HV_ASSERT_OFFSET(struct hv_connection_info, u, 8);

struct hv_proximity_domain_info {
	uint32_t id;
	uint32_t flags;		/* bit 0 preferred, bit 31 valid */
};
HV_ASSERT_SIZE(struct hv_proximity_domain_info, 8);

struct hv_create_port_input {
	uint64_t port_partition;
	uint32_t port_id;
	uint8_t  port_vtl;
	uint8_t  min_connection_vtl;
	uint16_t rsvdz;
	uint64_t connection_partition;
	struct hv_port_info port_info;
	struct hv_proximity_domain_info proximity;
};
HV_ASSERT_SIZE(struct hv_create_port_input, 56);
HV_ASSERT_OFFSET(struct hv_create_port_input, connection_partition, 16);
HV_ASSERT_OFFSET(struct hv_create_port_input, port_info, 24);
HV_ASSERT_OFFSET(struct hv_create_port_input, proximity, 48);

struct hv_delete_port_input {
	uint64_t port_partition;
	uint32_t port_id;
	uint32_t rsvdz;
};
HV_ASSERT_SIZE(struct hv_delete_port_input, 16);

struct hv_connect_port_input {
	uint64_t connection_partition;
	uint32_t connection_id;
	uint8_t  connection_vtl;
	uint8_t  rsvdz0;
	uint16_t rsvdz1;
	uint64_t port_partition;
	uint32_t port_id;
	uint32_t rsvdz2;
	struct hv_connection_info connection_info;
	struct hv_proximity_domain_info proximity;
};
HV_ASSERT_SIZE(struct hv_connect_port_input, 72);
HV_ASSERT_OFFSET(struct hv_connect_port_input, port_partition, 16);
HV_ASSERT_OFFSET(struct hv_connect_port_input, port_id, 24);
HV_ASSERT_OFFSET(struct hv_connect_port_input, connection_info, 32);
HV_ASSERT_OFFSET(struct hv_connect_port_input, proximity, 64);

struct hv_disconnect_port_input {
	uint64_t connection_partition;
	uint32_t connection_id;
	uint32_t padding;
};
HV_ASSERT_SIZE(struct hv_disconnect_port_input, 16);

enum hv_port_property {
	HV_PORT_PROPERTY_POST_COUNT = 0,
	HV_PORT_PROPERTY_PREFERRED_TARGET_VP = 1
};

struct hv_get_port_property_input {
	uint64_t port_partition;
	uint32_t port_id;
	uint32_t padding0;
	uint32_t property;
	uint32_t padding1;
};
HV_ASSERT_SIZE(struct hv_get_port_property_input, 24);
HV_ASSERT_OFFSET(struct hv_get_port_property_input, property, 16);

#endif /* HVPOST_HYPERV_H */
