// SPDX-License-Identifier: MIT
/*
 * Sources are the TLFS, its chapters Hypercall Interface and Inter-Partition
 * Communication, and 2.0a for the calls that manage ports.
 *
 * Left out: what no guest can bring about or see (INSUFFICIENT_MEMORY, and the
 * exceptions that take the place of a status), and monitor ports.
 *
 * Where a host is lax, a row must leave no trace that another one stumbles on:
 * so what it asks to make, delete or end is its own (SCRATCH), or is nothing.
 */
#include "conditions.h"

static const struct call calls[] = {
	{ CALL_INTERFACE, "hypercall interface", 0, "", 0 },
	{ HV_CALL_POST_MESSAGE, "HvCallPostMessage", HV_POST_MESSAGES,
	  "PostMessages", sizeof(struct hv_post_message_input) },
	{ HV_CALL_SIGNAL_EVENT, "HvCallSignalEvent", HV_SIGNAL_EVENTS,
	  "SignalEvents", sizeof(struct hv_signal_event_input) },
	{ HV_CALL_CREATE_PORT, "HvCallCreatePort", HV_CREATE_PORT,
	  "CreatePort", sizeof(struct hv_create_port_input) },
	{ HV_CALL_DELETE_PORT, "HvCallDeletePort", HV_CREATE_PORT,
	  "CreatePort", sizeof(struct hv_delete_port_input) },
	{ HV_CALL_CONNECT_PORT, "HvCallConnectPort", HV_CONNECT_PORT,
	  "ConnectPort", sizeof(struct hv_connect_port_input) },
	{ HV_CALL_DISCONNECT_PORT, "HvCallDisconnectPort", HV_CONNECT_PORT,
	  "ConnectPort", sizeof(struct hv_disconnect_port_input) },
	{ HV_CALL_GET_PORT_PROPERTY, "HvCallGetPortProperty", HV_CREATE_PORT,
	  "CreatePort", sizeof(struct hv_get_port_property_input) },
};

const struct call *call_find(uint16_t code)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].code == code)
			return &calls[i];
	return NULL;
}

#define HIGH_BIT	0x01000000u
#define SINT		1u
/* A VP index that no host gives out */
#define NO_SUCH_VP	0x0fffffffu
/* As no call has it: legacy and direct calls lie far below. */
#define CODE_UNKNOWN	0xffffu

/* See hvpost_hypercall(): where guest memory has its second page, and its end. */
#define SECOND_PAGE	HV_PAGE_SIZE
#define MEMORY_END	(2 * HV_PAGE_SIZE)

#define LINK(name)	HVPOST_CONFORM_##name
#define EVENT(name)	(HVPOST_CONFORM_EVENT + HVPOST_CONFORM_##name)
#define SELF		PARTITION_SELF
#define OWN		PARTITION_OWN
#define PEER		PARTITION_PEER
#define INACTIVE	PARTITION_INACTIVE
#define NOBODY		PARTITION_NOBODY

/* How a row begins; the rest of it are initializers of struct condition. */
#define ROW(group, expected, condition, how) \
	.code = (group), .status = HV_STATUS_##expected, .text = condition, \
	.way = WAY_##how
#define CALL(group, expected, condition) \
	ROW(group, expected, condition, CALL), .raw.control = (group)

#define INTERFACE(expected, condition) \
	ROW(CALL_INTERFACE, expected, condition, CALL), \
	.raw.input.post_message = GOOD_POST
#define POST(expected, condition, to) \
	ROW(HV_CALL_POST_MESSAGE, expected, condition, POST), \
	.connection_id = (to)
#define RAW_POST(expected, condition) \
	CALL(HV_CALL_POST_MESSAGE, expected, condition)
#define SIGNAL(expected, condition, to) \
	ROW(HV_CALL_SIGNAL_EVENT, expected, condition, SIGNAL), \
	.connection_id = (to)
#define RAW_SIGNAL(expected, condition) \
	CALL(HV_CALL_SIGNAL_EVENT, expected, condition)
#define CREATE(expected, condition)	CALL(HV_CALL_CREATE_PORT, expected, condition)
#define DELETE(expected, condition)	CALL(HV_CALL_DELETE_PORT, expected, condition)
#define CONNECT(expected, condition)	CALL(HV_CALL_CONNECT_PORT, expected, condition)
#define DISCONNECT(expected, condition) \
	CALL(HV_CALL_DISCONNECT_PORT, expected, condition)
#define PROPERTY(expected, condition) \
	CALL(HV_CALL_GET_PORT_PROPERTY, expected, condition)

#define FAST(call)	.raw.control = (call) | HV_CONTROL_FAST

/* Inputs of calls */

#define GOOD_POST	{ .connection_id = LINK(MESSAGE), .message_type = 1 }

#define NEW_PORT(owner, id, partner, ...) \
	.raw.input.create_port = { \
		.port_partition = (owner), .port_id = (id), \
		.connection_partition = (partner), .port_info = { __VA_ARGS__ } }
#define MESSAGES_AT(sint, vp) \
	.port_type = HV_PORT_TYPE_MESSAGE, \
	.u.message.target_sint = (sint), .u.message.target_vp = (vp)
#define EVENTS_AT(sint, base_flag, count) \
	.port_type = HV_PORT_TYPE_EVENT, \
	.u.event.target_sint = (sint), .u.event.target_vp = HV_ANY_VP, \
	.u.event.base_flag_number = (base_flag), .u.event.flag_count = (count)
#define MESSAGES	MESSAGES_AT(SINT, HV_ANY_VP)

#define OLD_PORT(owner, id) \
	.raw.input.delete_port = { .port_partition = (owner), .port_id = (id) }

#define CONNECTION(owner, id, port_owner, port, ...) \
	.raw.input.connect_port = { \
		.connection_partition = (owner), .connection_id = (id), \
		.port_partition = (port_owner), .port_id = (port), \
		.connection_info.port_type = __VA_ARGS__ }

#define OLD_CONNECTION(owner, id) \
	.raw.input.disconnect_port = { \
		.connection_partition = (owner), .connection_id = (id) }

#define PROPERTY_OF(owner, id, number) \
	.raw.output_gpa = SECOND_PAGE, \
	.raw.input.get_port_property = { \
		.port_partition = (owner), .port_id = (id), \
		.property = (number) }
#define PROPERTY_UNKNOWN 0xffffu

const struct condition conditions[] = {

/* The hypercall interface, by a post in which all else is well */

{ INTERFACE(SUCCESS, "input 8-aligned, at the end of a page"),
  .raw.control = HV_CALL_POST_MESSAGE,
  .raw.input_gpa = SECOND_PAGE - sizeof(struct hv_post_message_input) },
{ INTERFACE(INVALID_HYPERCALL_CODE, "unknown call code"),
  .raw.control = CODE_UNKNOWN },
{ INTERFACE(INVALID_HYPERCALL_INPUT, "reserved control bits 30:27"),
  .raw.control = HV_CALL_POST_MESSAGE, .raw.each_of = 0xfull << 27 },
{ INTERFACE(INVALID_HYPERCALL_INPUT, "reserved control bits 47:44"),
  .raw.control = HV_CALL_POST_MESSAGE, .raw.each_of = 0xfull << 44 },
{ INTERFACE(INVALID_HYPERCALL_INPUT, "reserved control bits 63:60"),
  .raw.control = HV_CALL_POST_MESSAGE, .raw.each_of = 0xfull << 60 },
{ INTERFACE(INVALID_HYPERCALL_INPUT, "rep count in a simple call"),
  .raw.control = HV_CALL_POST_MESSAGE,
  .raw.each_of = HV_CONTROL_REP_COUNT_MASK },
{ INTERFACE(INVALID_HYPERCALL_INPUT, "rep start in a simple call"),
  .raw.control = HV_CALL_POST_MESSAGE,
  .raw.each_of = HV_CONTROL_REP_START_MASK },
{ INTERFACE(INVALID_HYPERCALL_INPUT, "variable header in a fixed call"),
  .raw.control = HV_CALL_POST_MESSAGE,
  .raw.each_of = HV_CONTROL_VARIABLE_HEADER_MASK },
{ INTERFACE(INVALID_HYPERCALL_INPUT, "nested call"),
  .raw.control = HV_CALL_POST_MESSAGE, .raw.each_of = HV_CONTROL_NESTED },
{ INTERFACE(INVALID_ALIGNMENT, "input 4-aligned"),
  .raw.control = HV_CALL_POST_MESSAGE, .raw.input_gpa = 4 },
{ INTERFACE(INVALID_ALIGNMENT, "input not aligned"),
  .raw.control = HV_CALL_POST_MESSAGE, .raw.input_gpa = 1 },
{ INTERFACE(INVALID_ALIGNMENT, "input crosses a page"),
  .raw.control = HV_CALL_POST_MESSAGE, .raw.input_gpa = SECOND_PAGE - 248 },
{ INTERFACE(INVALID_ALIGNMENT, "input past the end of memory"),
  .raw.control = HV_CALL_POST_MESSAGE, .raw.input_gpa = MEMORY_END },
{ INTERFACE(INVALID_HYPERCALL_INPUT, "input cannot be read"),
  .raw.control = HV_CALL_POST_MESSAGE, .raw.no_memory = 1 },

/* HvCallPostMessage */

{ POST(SUCCESS, "message of 0 bytes", LINK(MESSAGE)), .message_type = 1 },
{ POST(SUCCESS, "message of 240 bytes, highest type", LINK(MESSAGE)),
  .message_type = HV_MESSAGE_TYPE_GUEST_MAX,
  .payload_size = HV_MESSAGE_PAYLOAD_SIZE_MAX },
{ POST(SUCCESS, "any VP: one of them takes it", LINK(ANY)),
  .message_type = 1 },
{ POST(INVALID_PARAMETER, "message type 0", LINK(MESSAGE)),
  .message_type = HV_MESSAGE_TYPE_NONE },
{ POST(INVALID_PARAMETER, "message type with its top bit", LINK(MESSAGE)),
  .message_type = HV_MESSAGE_TYPE_HYPERVISOR | 1 },
{ POST(INVALID_PARAMETER, "payload of 241 bytes", LINK(MESSAGE)),
  .message_type = 1, .payload_size = HV_MESSAGE_PAYLOAD_SIZE_MAX + 1 },
{ POST(INVALID_PARAMETER, "payload of 4294967295 bytes", LINK(MESSAGE)),
  .message_type = 1, .payload_size = UINT32_MAX },
{ RAW_POST(INVALID_PARAMETER, "reserved word not zero"),
  .raw.input.post_message = { .connection_id = LINK(MESSAGE), .rsvdz = 1,
			      .message_type = 1 } },
{ POST(ACCESS_DENIED, "caller lacks PostMessages", LINK(MESSAGE)),
  .message_type = 1, .caller = CALLER_RESTRICTED },
{ POST(INVALID_CONNECTION_ID, "no such connection", LINK(NEVER)),
  .message_type = 1 },
{ POST(INVALID_CONNECTION_ID, "connection id of over 24 bits",
       LINK(MESSAGE) | HIGH_BIT), .message_type = 1 },
{ POST(INVALID_PORT_ID, "port deleted", LINK(PORT_DELETED)),
  .message_type = 1 },
{ POST(INVALID_PORT_ID, "port's partition not active", LINK(OWNER_INACTIVE)),
  .message_type = 1 },
{ POST(INVALID_PORT_ID, "port is for events", HVPOST_CONFORM_EVENT),
  .message_type = 1 },
{ POST(INVALID_VP_INDEX, "target VP gone", LINK(VP_GONE)), .message_type = 1 },
{ POST(INVALID_VP_INDEX, "any VP: there is none", LINK(NO_VP)),
  .message_type = 1 },
{ POST(INVALID_SYNIC_STATE, "target's SynIC off", LINK(SYNIC_OFF)),
  .message_type = 1 },
{ POST(INVALID_SYNIC_STATE, "target's SIM page off", LINK(PAGE_OFF)),
  .message_type = 1 },
{ POST(INVALID_SYNIC_STATE, "any VP: SynIC off on all", LINK(ANY_SYNIC_OFF)),
  .message_type = 1 },
{ POST(INVALID_SYNIC_STATE, "any VP: SIM page off on all", LINK(ANY_PAGE_OFF)),
  .message_type = 1 },
{ ROW(HV_CALL_POST_MESSAGE, INSUFFICIENT_BUFFERS, "port's buffers all in use",
      POST_UNTIL_FULL), .connection_id = LINK(FULL), .message_type = 1 },
{ ROW(HV_CALL_POST_MESSAGE, INVALID_HYPERCALL_INPUT, "fast form", CALL),
  FAST(HV_CALL_POST_MESSAGE), .raw.input.post_message = GOOD_POST },

/* HvCallSignalEvent */

{ SIGNAL(SUCCESS, "first flag", HVPOST_CONFORM_EVENT) },
{ SIGNAL(SUCCESS, "last flag", HVPOST_CONFORM_EVENT),
  .flag_number = HVPOST_CONFORMANCE_FLAGS - 1 },
{ SIGNAL(SUCCESS, "any VP: one of them takes it", EVENT(ANY)) },
{ RAW_SIGNAL(SUCCESS, "memory form"),
  .raw.input.signal_event = { .connection_id = HVPOST_CONFORM_EVENT } },
{ SIGNAL(INVALID_PARAMETER, "flag past the port's last",
	 HVPOST_CONFORM_EVENT), .flag_number = HVPOST_CONFORMANCE_FLAGS },
{ RAW_SIGNAL(INVALID_PARAMETER, "reserved word not zero"),
  .raw.input.signal_event = { .connection_id = HVPOST_CONFORM_EVENT,
			      .rsvdz = 1 } },
{ SIGNAL(ACCESS_DENIED, "caller lacks SignalEvents", HVPOST_CONFORM_EVENT),
  .caller = CALLER_RESTRICTED },
{ SIGNAL(INVALID_CONNECTION_ID, "no such connection", LINK(NEVER)) },
{ SIGNAL(INVALID_CONNECTION_ID, "connection id of over 24 bits",
	 HVPOST_CONFORM_EVENT | HIGH_BIT) },
{ SIGNAL(INVALID_PORT_ID, "port deleted", EVENT(PORT_DELETED)) },
{ SIGNAL(INVALID_PORT_ID, "port's partition not active",
	 EVENT(OWNER_INACTIVE)) },
{ SIGNAL(INVALID_PORT_ID, "port is for messages", LINK(MESSAGE)) },
{ SIGNAL(INVALID_VP_INDEX, "target VP gone", EVENT(VP_GONE)) },
{ SIGNAL(INVALID_VP_INDEX, "any VP: there is none", EVENT(NO_VP)) },
{ SIGNAL(INVALID_SYNIC_STATE, "target's SynIC off", EVENT(SYNIC_OFF)) },
{ SIGNAL(INVALID_SYNIC_STATE, "target's SIEF page off", EVENT(PAGE_OFF)) },
{ SIGNAL(INVALID_SYNIC_STATE, "target's SINT masked", LINK(MASKED)) },
{ SIGNAL(INVALID_SYNIC_STATE, "any VP: SynIC off on all",
	 EVENT(ANY_SYNIC_OFF)) },
{ SIGNAL(INVALID_SYNIC_STATE, "any VP: SIEF page off on all",
	 EVENT(ANY_PAGE_OFF)) },
{ SIGNAL(INVALID_SYNIC_STATE, "any VP: SINT masked on all",
	 LINK(ANY_MASKED)) },

/* HvCallCreatePort */

{ CREATE(SUCCESS, "message port"), NEW_PORT(SELF, SCRATCH, PEER, MESSAGES) },
{ CREATE(SUCCESS, "event port with all flags"),
  NEW_PORT(SELF, SCRATCH, PEER, EVENTS_AT(SINT, 0, HV_EVENT_FLAG_COUNT)) },
{ CREATE(INVALID_PARAMETER, "target SINT 0"),
  NEW_PORT(SELF, SCRATCH, PEER, MESSAGES_AT(0, HV_ANY_VP)) },
{ CREATE(INVALID_PARAMETER, "target SINT 16"),
  NEW_PORT(SELF, SCRATCH, PEER, MESSAGES_AT(HV_SINT_COUNT, HV_ANY_VP)) },
{ CREATE(INVALID_PARAMETER, "port type 0"),
  NEW_PORT(SELF, SCRATCH, PEER, .port_type = 0,
	   .u.message = { SINT, HV_ANY_VP, 0 }) },
{ CREATE(INVALID_PARAMETER, "unknown port type"),
  NEW_PORT(SELF, SCRATCH, PEER, .port_type = 0xff,
	   .u.message = { SINT, HV_ANY_VP, 0 }) },
{ CREATE(INVALID_PARAMETER, "event port without flags"),
  NEW_PORT(SELF, SCRATCH, PEER, EVENTS_AT(SINT, 0, 0)) },
{ CREATE(INVALID_PARAMETER, "event port with flags past 2047"),
  NEW_PORT(SELF, SCRATCH, PEER, EVENTS_AT(SINT, 1, HV_EVENT_FLAG_COUNT)) },
{ CREATE(INVALID_PARAMETER, "reserved word not zero"),
  .raw.input.create_port = {
	.port_partition = SELF, .port_id = SCRATCH, .rsvdz = 1,
	.connection_partition = PEER, .port_info = { MESSAGES } } },
{ CREATE(INVALID_PARAMETER, "reserved word of port info not zero"),
  NEW_PORT(SELF, SCRATCH, PEER, MESSAGES, .rsvdz = 1) },
{ CREATE(INVALID_PARAMETER, "reserved word of messages not zero"),
  NEW_PORT(SELF, SCRATCH, PEER, MESSAGES, .u.message.rsvdz = 1) },
{ CREATE(INVALID_PARAMETER, "reserved word of events not zero"),
  NEW_PORT(SELF, SCRATCH, PEER, EVENTS_AT(SINT, 0, 1), .u.event.rsvdz = 1) },
{ CREATE(ACCESS_DENIED, "caller lacks CreatePort"),
  .caller = CALLER_RESTRICTED, NEW_PORT(SELF, SCRATCH, PEER, MESSAGES) },
{ CREATE(ACCESS_DENIED, "port of another partition"),
  NEW_PORT(PEER, SCRATCH, OWN, MESSAGES) },
{ CREATE(INVALID_PARTITION_ID, "port partition does not exist"),
  NEW_PORT(NOBODY, SCRATCH, PEER, MESSAGES) },
{ CREATE(INVALID_PARTITION_ID, "connection partition does not exist"),
  NEW_PORT(SELF, SCRATCH, NOBODY, MESSAGES) },
{ CREATE(INVALID_PARTITION_ID, "both partitions the same"),
  NEW_PORT(SELF, SCRATCH, OWN, MESSAGES) },
{ CREATE(INVALID_PARTITION_STATE, "port partition not active"),
  .caller = CALLER_INACTIVE, NEW_PORT(SELF, SCRATCH, PEER, MESSAGES) },
{ CREATE(INVALID_PARTITION_STATE, "connection partition not active"),
  NEW_PORT(SELF, SCRATCH, INACTIVE, MESSAGES) },
{ CREATE(INVALID_PORT_ID, "port id in use"), .needs = NEED_PORT,
  NEW_PORT(SELF, SCRATCH, PEER, MESSAGES) },
{ CREATE(INVALID_PORT_ID, "port id of over 24 bits"),
  NEW_PORT(SELF, SCRATCH | HIGH_BIT, PEER, MESSAGES) },
{ CREATE(INVALID_VP_INDEX, "target VP does not exist"),
  NEW_PORT(SELF, SCRATCH, PEER, MESSAGES_AT(SINT, NO_SUCH_VP)) },
{ ROW(HV_CALL_CREATE_PORT, NO_RESOURCES, "limit of ports reached",
      CREATE_UNTIL_FULL) },
{ ROW(HV_CALL_CREATE_PORT, INVALID_HYPERCALL_INPUT, "fast form", CALL),
  FAST(HV_CALL_CREATE_PORT), NEW_PORT(SELF, SCRATCH, PEER, MESSAGES) },

/* HvCallDeletePort */

{ DELETE(SUCCESS, "port"), .needs = NEED_PORT, OLD_PORT(SELF, SCRATCH) },
{ ROW(HV_CALL_DELETE_PORT, SUCCESS, "fast form", CALL), .needs = NEED_PORT,
  FAST(HV_CALL_DELETE_PORT), OLD_PORT(SELF, SCRATCH) },
{ DELETE(INVALID_PARAMETER, "reserved word not zero"), .needs = NEED_PORT,
  .raw.input.delete_port = { .port_partition = SELF, .port_id = SCRATCH,
			     .rsvdz = 1 } },
{ DELETE(ACCESS_DENIED, "caller lacks CreatePort"),
  .caller = CALLER_RESTRICTED, OLD_PORT(SELF, LINK(NEVER)) },
{ DELETE(ACCESS_DENIED, "port of another partition"),
  OLD_PORT(PEER, LINK(NEVER)) },
{ DELETE(INVALID_PARTITION_ID, "partition does not exist"),
  OLD_PORT(NOBODY, LINK(NEVER)) },
{ DELETE(INVALID_PARTITION_STATE, "partition not active"),
  .caller = CALLER_INACTIVE, OLD_PORT(SELF, LINK(NEVER)) },
{ DELETE(INVALID_PORT_ID, "no such port"), OLD_PORT(SELF, LINK(NEVER)) },
{ DELETE(INVALID_PORT_ID, "port id of over 24 bits"), .needs = NEED_PORT,
  OLD_PORT(SELF, SCRATCH | HIGH_BIT) },

/* HvCallConnectPort */

{ CONNECT(SUCCESS, "connection"),
  CONNECTION(SELF, SCRATCH, PEER, SCRATCH, HV_PORT_TYPE_MESSAGE) },
{ CONNECT(INVALID_PARAMETER, "unknown port type"),
  CONNECTION(SELF, SCRATCH, PEER, SCRATCH, 0xff) },
{ CONNECT(INVALID_PARAMETER, "reserved word of info not zero"),
  CONNECTION(SELF, SCRATCH, PEER, SCRATCH, HV_PORT_TYPE_MESSAGE,
	     .connection_info.rsvdz = 1) },
{ CONNECT(INVALID_PARAMETER, "reserved word of messages not zero"),
  CONNECTION(SELF, SCRATCH, PEER, SCRATCH, HV_PORT_TYPE_MESSAGE,
	     .connection_info.u.rsvdz_message = 1) },
{ CONNECT(INVALID_PARAMETER, "first reserved word not zero"),
  CONNECTION(SELF, SCRATCH, PEER, SCRATCH, HV_PORT_TYPE_MESSAGE, .rsvdz0 = 1) },
{ CONNECT(INVALID_PARAMETER, "second reserved word not zero"),
  CONNECTION(SELF, SCRATCH, PEER, SCRATCH, HV_PORT_TYPE_MESSAGE, .rsvdz1 = 1) },
{ CONNECT(INVALID_PARAMETER, "third reserved word not zero"),
  CONNECTION(SELF, SCRATCH, PEER, SCRATCH, HV_PORT_TYPE_MESSAGE, .rsvdz2 = 1) },
{ CONNECT(ACCESS_DENIED, "caller lacks ConnectPort"),
  .caller = CALLER_RESTRICTED,
  CONNECTION(SELF, SCRATCH, PEER, SCRATCH, HV_PORT_TYPE_MESSAGE) },
{ CONNECT(ACCESS_DENIED, "connection of another partition"),
  CONNECTION(PEER, SCRATCH, PEER, SCRATCH, HV_PORT_TYPE_MESSAGE) },
{ CONNECT(INVALID_PARTITION_ID, "connection partition does not exist"),
  CONNECTION(NOBODY, SCRATCH, PEER, SCRATCH, HV_PORT_TYPE_MESSAGE) },
{ CONNECT(INVALID_PARTITION_ID, "port partition does not exist"),
  CONNECTION(SELF, SCRATCH, NOBODY, SCRATCH, HV_PORT_TYPE_MESSAGE) },
{ CONNECT(INVALID_PARTITION_ID, "port is for another partition"),
  CONNECTION(SELF, SCRATCH, PEER, LINK(FOREIGN), HV_PORT_TYPE_MESSAGE) },
{ CONNECT(INVALID_PARTITION_STATE, "connection partition not active"),
  .caller = CALLER_INACTIVE,
  CONNECTION(SELF, SCRATCH, PEER, SCRATCH, HV_PORT_TYPE_MESSAGE) },
{ CONNECT(INVALID_PARTITION_STATE, "port partition not active"),
  CONNECTION(SELF, SCRATCH, INACTIVE, SCRATCH, HV_PORT_TYPE_MESSAGE) },
{ CONNECT(INVALID_CONNECTION_ID, "connection id in use"),
  .needs = NEED_CONNECTION,
  CONNECTION(SELF, SCRATCH, PEER, SCRATCH + 1, HV_PORT_TYPE_MESSAGE) },
{ CONNECT(INVALID_CONNECTION_ID, "connection id of over 24 bits"),
  CONNECTION(SELF, SCRATCH | HIGH_BIT, PEER, SCRATCH, HV_PORT_TYPE_MESSAGE) },
{ CONNECT(INVALID_PORT_ID, "no such port"),
  CONNECTION(SELF, SCRATCH, PEER, LINK(NEVER), HV_PORT_TYPE_MESSAGE) },
{ CONNECT(INVALID_PORT_ID, "port id of over 24 bits"),
  CONNECTION(SELF, SCRATCH, PEER, SCRATCH | HIGH_BIT, HV_PORT_TYPE_MESSAGE) },
{ CONNECT(INVALID_PORT_ID, "port already connected"),
  CONNECTION(SELF, SCRATCH, PEER, LINK(MESSAGE), HV_PORT_TYPE_MESSAGE) },
{ CONNECT(INVALID_PORT_ID, "port of another type"),
  CONNECTION(SELF, SCRATCH, PEER, SCRATCH, HV_PORT_TYPE_EVENT) },
{ ROW(HV_CALL_CONNECT_PORT, NO_RESOURCES, "limit of connections reached",
      CONNECT_UNTIL_FULL) },
{ ROW(HV_CALL_CONNECT_PORT, INVALID_HYPERCALL_INPUT, "fast form", CALL),
  FAST(HV_CALL_CONNECT_PORT),
  CONNECTION(SELF, SCRATCH, PEER, SCRATCH, HV_PORT_TYPE_MESSAGE) },

/* HvCallDisconnectPort */

{ DISCONNECT(SUCCESS, "connection"), .needs = NEED_CONNECTION,
  OLD_CONNECTION(SELF, SCRATCH) },
{ ROW(HV_CALL_DISCONNECT_PORT, SUCCESS, "fast form", CALL),
  .needs = NEED_CONNECTION, FAST(HV_CALL_DISCONNECT_PORT),
  OLD_CONNECTION(SELF, SCRATCH) },
{ DISCONNECT(ACCESS_DENIED, "caller lacks ConnectPort"),
  .caller = CALLER_RESTRICTED, OLD_CONNECTION(SELF, LINK(NEVER)) },
{ DISCONNECT(ACCESS_DENIED, "connection of another partition"),
  OLD_CONNECTION(PEER, LINK(NEVER)) },
{ DISCONNECT(INVALID_PARTITION_ID, "partition does not exist"),
  OLD_CONNECTION(NOBODY, LINK(NEVER)) },
{ DISCONNECT(INVALID_PARTITION_STATE, "partition not active"),
  .caller = CALLER_INACTIVE, OLD_CONNECTION(SELF, LINK(NEVER)) },
{ DISCONNECT(INVALID_CONNECTION_ID, "no such connection"),
  OLD_CONNECTION(SELF, LINK(NEVER)) },
{ DISCONNECT(INVALID_CONNECTION_ID, "connection id of over 24 bits"),
  .needs = NEED_CONNECTION, OLD_CONNECTION(SELF, SCRATCH | HIGH_BIT) },

/* HvCallGetPortProperty */

{ PROPERTY(SUCCESS, "messages posted"), .needs = NEED_PORT,
  PROPERTY_OF(SELF, SCRATCH, HV_PORT_PROPERTY_POST_COUNT) },
{ PROPERTY(SUCCESS, "preferred VP"), .needs = NEED_PORT,
  PROPERTY_OF(SELF, SCRATCH, HV_PORT_PROPERTY_PREFERRED_TARGET_VP) },
{ PROPERTY(ACCESS_DENIED, "caller lacks CreatePort"),
  .caller = CALLER_RESTRICTED,
  PROPERTY_OF(SELF, LINK(NEVER), HV_PORT_PROPERTY_POST_COUNT) },
{ PROPERTY(ACCESS_DENIED, "port of another partition"),
  PROPERTY_OF(PEER, LINK(MESSAGE), HV_PORT_PROPERTY_POST_COUNT) },
{ PROPERTY(INVALID_PARTITION_ID, "partition does not exist"),
  PROPERTY_OF(NOBODY, LINK(NEVER), HV_PORT_PROPERTY_POST_COUNT) },
{ PROPERTY(INVALID_PORT_ID, "no such port"),
  PROPERTY_OF(SELF, LINK(NEVER), HV_PORT_PROPERTY_POST_COUNT) },
{ PROPERTY(INVALID_PORT_ID, "port id of over 24 bits"), .needs = NEED_PORT,
  PROPERTY_OF(SELF, SCRATCH | HIGH_BIT, HV_PORT_PROPERTY_POST_COUNT) },
{ PROPERTY(UNKNOWN_PROPERTY, "no such property"), .needs = NEED_PORT,
  PROPERTY_OF(SELF, SCRATCH, PROPERTY_UNKNOWN) },
{ PROPERTY(INVALID_ALIGNMENT, "output not 8-aligned"), .needs = NEED_PORT,
  .raw.output_gpa = SECOND_PAGE + 4,
  .raw.input.get_port_property = { .port_partition = SELF,
				   .port_id = SCRATCH } },
{ PROPERTY(INVALID_ALIGNMENT, "output past the end of memory"),
  .needs = NEED_PORT, .raw.output_gpa = MEMORY_END,
  .raw.input.get_port_property = { .port_partition = SELF,
				   .port_id = SCRATCH } },
{ ROW(HV_CALL_GET_PORT_PROPERTY, INVALID_HYPERCALL_INPUT, "fast form", CALL),
  .needs = NEED_PORT, FAST(HV_CALL_GET_PORT_PROPERTY),
  PROPERTY_OF(SELF, SCRATCH, HV_PORT_PROPERTY_POST_COUNT) },
};

const size_t condition_count = sizeof(conditions) / sizeof(conditions[0]);
