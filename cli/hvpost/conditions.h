/* SPDX-License-Identifier: MIT */
/*
 * conditions.h - what a conforming host answers to what: the hypercalls for
 * messages, events and ports, and one row for each documented condition.
 */
#ifndef CONDITIONS_H
#define CONDITIONS_H

#include <stddef.h>
#include <stdint.h>

#include <hvpost/conformance.h>
#include <hvpost/hyperv.h>

struct call {
	uint16_t code;		/* HV_CALL_*, or CALL_INTERFACE */
	const char *name;
	uint32_t privilege;	/* HV_CPUID_FEATURES, EBX; 0: none */
	const char *privilege_name;
	size_t input_size;
};

/* What all hypercalls have in common; shown by posts. No call has this code. */
#define CALL_INTERFACE	0u

/* The call with a code, or NULL. */
const struct call *call_find(uint16_t code);

/* Who asks. */
enum caller {
	CALLER_PROBER,
	CALLER_RESTRICTED,	/* without the call's privilege */
	CALLER_INACTIVE,	/* its partition is not active */
	CALLERS
};

enum way {
	WAY_POST,		/* hvpost_post() */
	WAY_POST_UNTIL_FULL,	/* the same until it is refused */
	WAY_SIGNAL,		/* hvpost_signal() */
	WAY_CALL,		/* hvpost_hypercall() */
	WAY_CREATE_UNTIL_FULL,	/* ports, until one is refused */
	WAY_CONNECT_UNTIL_FULL	/* connections, until one is refused */
};

/* What a row finds made, and nobody finds after it: both of the same id. */
#define NEED_PORT	(1u << 0)	/* of the prober, for the peer */
#define NEED_CONNECTION	(1u << 1)	/* of the prober, to the peer */
#define SCRATCH		HVPOST_CONFORM_SPARE

/* Partitions whose ids the host chose stand in the inputs of calls as these. */
#define PARTITION_NOBODY	HV_PARTITION_ID_INVALID
#define PARTITION_SELF		HV_PARTITION_ID_SELF
#define PARTITION_OWN		UINT64_C(0xf000000000000001)	/* the same by id */
#define PARTITION_PEER		UINT64_C(0xf000000000000002)
#define PARTITION_INACTIVE	UINT64_C(0xf000000000000003)

union call_input {
	struct hv_post_message_input post_message;
	struct hv_signal_event_input signal_event;
	struct hv_create_port_input create_port;
	struct hv_delete_port_input delete_port;
	struct hv_connect_port_input connect_port;
	struct hv_disconnect_port_input disconnect_port;
	struct hv_get_port_property_input get_port_property;
	uint64_t words[2];
};

/* WAY_CALL: a call word for word. Ids in its input count from the base. */
struct raw_call {
	uint64_t control;
	uint64_t each_of;	/* control bits: made again for each, with it added */
	uint64_t input_gpa;
	uint64_t output_gpa;
	uint8_t no_memory;	/* none of it can be read or written */
	union call_input input;
};

struct condition {
	uint16_t code;		/* HV_CALL_* or CALL_INTERFACE: where it belongs */
	uint16_t status;	/* expected */
	const char *text;	/* at most CONDITION_TEXT_MAX characters */
	enum caller caller;
	enum way way;
	unsigned int needs;	/* NEED_* */
	uint32_t connection_id;	/* posts and signals; counts from the base */
	uint32_t message_type;
	uint32_t payload_size;
	uint32_t flag_number;
	struct raw_call raw;
};

#define CONDITION_TEXT_MAX	38

/* Those of one call stand together. */
extern const struct condition conditions[];
extern const size_t condition_count;

#endif /* CONDITIONS_H */
