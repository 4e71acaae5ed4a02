// SPDX-License-Identifier: MIT
/*
 * Snapshots that no machine made: cut, damaged, and lying with a checksum that
 * is right. Each is refused, with what is wrong, and nothing is left of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "revival.h"
#include "snapshot.h"
#include "suites.h"

#define NEIGHBOUR_PORT	0x71u
#define NEIGHBOUR	0x11u
#define ANY_PORT	0x72u
#define DELETED_PORT	0x73u
#define DEAD		0x13u

#define FEWER		"it has fewer records than it states"

static struct saved saved;

/*
 * Partitions 1, the sender, 2, the receiver, 3, finalized; 4 has gone. Three
 * messages are queued at VP 0, SINT.
 */
static void set_up(void)
{
	world_setup();
	make_link(NEIGHBOUR, NEIGHBOUR_PORT, SINT, 0);
	make_link(DEAD, DELETED_PORT, SINT, 0);
	ck_assert_uint_eq(host_delete(DELETED_PORT), 0);
	ck_assert_uint_eq(host_create(message_port(ANY_PORT, 7, HV_ANY_VP)), 0);
	guest_make(&stranger, 0);
	hvhost_partition_finalize(stranger.partition);
	guest_make(&stranger, 0);
	hvhost_partition_free(stranger.partition);
	ck_assert_uint_eq(post(CONNECTION, 1), 0);
	ck_assert_uint_eq(post(CONNECTION, 2), 0);
	ck_assert_uint_eq(post(NEIGHBOUR, 3), 0);
	ck_assert_uint_eq(post(CONNECTION, 4), 0);
	/* Were it accepted, a message would be delivered. */
	ck_assert_uint_eq(empty_slot(0, SINT), 1);
	saved = save_world();
}

static void tear_down(void)
{
	free(saved.bytes);
	world_teardown();
}

static void seal(struct saved snapshot)
{
	struct snapshot_header *header = snapshot.bytes;

	header->size = snapshot.size;
	header->checksum = snapshot_checksum(snapshot.bytes, snapshot.size);
}

static struct saved copy(size_t size)
{
	struct saved new = { .bytes = calloc(1, size), .size = size };

	memcpy(new.bytes, saved.bytes, size < saved.size ? size : saved.size);
	return new;
}

/* Why @snapshot is refused. */
static const char *refusal(struct saved snapshot, int err)
{
	unsigned int interrupts = world.receiver.interrupts;
	unsigned int overlays = world.receiver.overlays;
	struct hvhost_machine *machine = (void *)&world;
	const char *reason = NULL;

	ck_assert_int_eq(hvhost_machine_restore(snapshot.bytes, snapshot.size,
						&revival_ops, NULL, &machine,
						&reason), err);
	ck_assert_ptr_null(machine);
	ck_assert_ptr_nonnull(reason);
	ck_assert_uint_eq(world.receiver.interrupts, interrupts);
	ck_assert_uint_eq(world.receiver.overlays, overlays);
	return reason;
}

static void assert_refused(struct saved snapshot, int err, const char *reason)
{
	ck_assert_str_eq(refusal(snapshot, err), reason);
}

START_TEST(whole_snapshot_is_accepted)
{
	world_teardown();
	ck_assert_int_eq(restore_world(saved, NULL), 0);
	ck_assert_uint_eq(take(0, SINT), 2);
}
END_TEST

START_TEST(reason_need_not_be_asked_for)
{
	struct hvhost_machine *machine;

	ck_assert_int_eq(hvhost_machine_restore(saved.bytes, 5, &revival_ops,
						NULL, &machine, NULL), -EBADMSG);
}
END_TEST

/* The whole */

START_TEST(nothing_is_no_snapshot)
{
	assert_refused((struct saved){ 0 }, -EBADMSG,
		       "it is too short for a snapshot");
}
END_TEST

START_TEST(snapshot_cut_anywhere_is_refused)
{
	for (size_t size = 0; size < saved.size; size++) {
		struct saved cut = copy(size);

		assert_refused(cut, -EBADMSG,
			       size < sizeof(struct snapshot_header) ?
			       "it is too short for a snapshot" :
			       "it is truncated, or longer than it states");
		free(cut.bytes);
	}
}
END_TEST

/* Each cut is a snapshot of its own, so that an access behind it shows. */
START_TEST(snapshot_cut_anywhere_and_sealed_again_is_refused)
{
	for (size_t size = sizeof(struct snapshot_header); size < saved.size;
	     size++) {
		struct saved cut = copy(size);
		const char *reason;

		seal(cut);
		reason = refusal(cut, -EBADMSG);
		ck_assert(!strcmp(reason, "it ends within a record") ||
			  !strcmp(reason, FEWER));
		free(cut.bytes);
	}
}
END_TEST

START_TEST(snapshot_with_more_behind_it_is_refused)
{
	struct saved longer = copy(saved.size + 1);

	assert_refused(longer, -EBADMSG,
		       "it is truncated, or longer than it states");
	seal(longer);
	assert_refused(longer, -EBADMSG, "it has more than its records");
	free(longer.bytes);
}
END_TEST

START_TEST(any_bit_that_flips_is_noticed)
{
	uint8_t *bytes = saved.bytes;

	for (size_t i = 0; i < saved.size * 8; i += 3) {
		bytes[i / 8] ^= (uint8_t)(1u << (i % 8));
		refusal(saved, -EBADMSG);
		bytes[i / 8] ^= (uint8_t)(1u << (i % 8));
	}
}
END_TEST

START_TEST(other_files_are_refused)
{
	((uint8_t *)saved.bytes)[0] ^= 1;
	seal(saved);
	assert_refused(saved, -EBADMSG, "it is no snapshot of a machine");
}
END_TEST

START_TEST(newer_version_is_not_supported)
{
	struct snapshot_header *header = saved.bytes;

	header->version = SNAPSHOT_VERSION + 1;
	refusal(saved, -EBADMSG);	/* or is it damaged? */
	seal(saved);
	assert_refused(saved, -ENOTSUP,
		       "it was made by a newer version of the engine");
	header->version = 0;
	seal(saved);
	assert_refused(saved, -EBADMSG, "there is no version 0");
}
END_TEST

/* Lies, each in one field */

/* By their names in snapshot.h, for the macros. */
enum kind {
	kind_machine, kind_partition, kind_port, kind_vp, kind_queue,
	kind_message, kind_connection, KINDS
};

#define RECORDS_MAX 64

struct records {
	uint8_t *next;
	uint8_t *at[KINDS][RECORDS_MAX];
	unsigned int count[KINDS];
};

static void *step(struct records *records, enum kind kind, size_t size)
{
	uint8_t *record = records->next;

	ck_assert_uint_lt(records->count[kind], RECORDS_MAX);
	records->at[kind][records->count[kind]++] = record;
	records->next += size;
	return record;
}

#define STEP(type) \
	((struct snapshot_##type *)step(records, kind_##type, \
					sizeof(struct snapshot_##type)))

static void walk_partition(struct records *records)
{
	struct snapshot_partition *partition = STEP(partition);

	for (uint32_t i = 0; i < partition->port_count; i++)
		STEP(port);
	for (uint32_t i = 0; i < partition->vp_count; i++) {
		STEP(vp);
		records->next += 2 * HV_PAGE_SIZE;
		for (uint32_t sint = 0; sint < HV_SINT_COUNT; sint++)
			for (uint32_t n = STEP(queue)->message_count; n;
			     n--)
				STEP(message);
	}
}

static void walk(struct records *records)
{
	struct snapshot_machine *machine;

	*records = (struct records){
		.next = (uint8_t *)saved.bytes + sizeof(struct snapshot_header),
	};
	machine = STEP(machine);
	for (uint64_t i = 0; i < machine->partition_count; i++)
		walk_partition(records);
	for (uint64_t i = 0; i < machine->connection_count; i++)
		STEP(connection);
	ck_assert_ptr_eq(records->next, (uint8_t *)saved.bytes + saved.size);
}

/* Which is which */
#define SENDER		0
#define RECEIVER	1
#define FINALIZED	2
#define PORT_70		0
#define PORT_71		1
#define PORT_ANY	2
#define PORT_EVENT	3
#define VP_0		1
#define VP_1		2
#define QUEUE_FULL	(HV_SINT_COUNT * VP_0 + SINT)
#define MESSAGE_2	0
#define CONNECTION_10	0
#define CONNECTION_11	1
#define CONNECTION_DEAD	2
#define CONNECTION_EVENT	3

#define ON(type, nth, field) \
	kind_##type, nth, offsetof(struct snapshot_##type, field), \
	sizeof(((struct snapshot_##type *)0)->field)

#define UNKNOWN_ID	"a partition's id was never given out"
#define PARTITION_ORDER	"partitions are not in the order of their ids"
#define BAD_NUMBER	"a number of a partition is out of range"
#define BAD_PEER	"a port is for a partition that cannot be"
#define BAD_INFO	"a port's type, SINT or flags are invalid"
#define NO_PORT		"a connection's port does not exist"

#define PAST_THE_END	(WORLD_MEMORY_SIZE | HV_PAGE_ENABLE)
#define FAR_PAST_IT	(HV_PAGE_ADDRESS_MASK | HV_PAGE_ENABLE)

static const struct lie {
	enum kind kind;
	unsigned int nth;
	size_t offset;
	size_t width;
	uint64_t value;
	const char *reason;
} lies[] = {
	{ ON(machine, 0, rsvdz), 1,
	  "a reserved field of the machine is not zero" },
	{ ON(machine, 0, flags), 1u << 2, "a flag of the machine is unknown" },
	{ ON(machine, 0, partition_count), 1025, "it has too many partitions" },
	{ ON(machine, 0, flags), 1u << 31, "a flag of the machine is unknown" },
	{ ON(machine, 0, last_partition_id), 1ull << 63,
	  "the last partition's id is out of range" },
	{ ON(machine, 0, last_partition_id), UINT64_MAX,
	  "the last partition's id is out of range" },
	{ ON(machine, 0, last_partition_id), 2, UNKNOWN_ID },
	{ ON(machine, 0, partition_count), UINT64_MAX,
	  "it has too many partitions" },
	{ ON(machine, 0, partition_count), 1024, FEWER },
	{ ON(machine, 0, connection_count), UINT64_MAX, FEWER },
	{ ON(machine, 0, connection_count), 5, FEWER },
	{ ON(machine, 0, connection_count), 3, "it has more than its records" },
	{ ON(machine, 0, connection_count), 0, "it has more than its records" },

	{ ON(partition, SENDER, rsvdz), 1,
	  "a reserved field of a partition is not zero" },
	{ ON(partition, SENDER, id), 0, PARTITION_ORDER },
	{ ON(partition, RECEIVER, id), 1, PARTITION_ORDER },
	{ ON(partition, FINALIZED, id), 1, PARTITION_ORDER },
	{ ON(partition, FINALIZED, id), 5, UNKNOWN_ID },
	{ ON(partition, FINALIZED, id), UINT64_MAX, UNKNOWN_ID },
	{ ON(partition, RECEIVER, state), 4, "a partition's state is unknown" },
	{ ON(partition, RECEIVER, state), UINT32_MAX,
	  "a partition's state is unknown" },
	{ ON(partition, RECEIVER, state), HVHOST_PARTITION_UNINITIALIZED,
	  "a partition has ports in a state without" },
	{ ON(partition, RECEIVER, state), HVHOST_PARTITION_FINALIZED,
	  "a partition has ports in a state without" },
	{ ON(partition, SENDER, state), HVHOST_PARTITION_UNINITIALIZED,
	  "a partition has connections in a state without" },
	{ ON(partition, SENDER, state), HVHOST_PARTITION_FINALIZED,
	  "a finalized partition has VPs" },
	{ ON(partition, SENDER, vp_count_max), 0, BAD_NUMBER },
	{ ON(partition, SENDER, vp_count_max), 4097, BAD_NUMBER },
	{ ON(partition, SENDER, message_buffers), 0, BAD_NUMBER },
	{ ON(partition, SENDER, message_buffers), 65536, BAD_NUMBER },
	{ ON(partition, SENDER, ports_max), 0, BAD_NUMBER },
	{ ON(partition, SENDER, ports_max), HV_ID_MASK + 2, BAD_NUMBER },
	{ ON(partition, SENDER, connections_max), 0, BAD_NUMBER },
	{ ON(partition, SENDER, connections_max), HV_ID_MASK + 2, BAD_NUMBER },
	{ ON(partition, RECEIVER, vp_count_max), 1,
	  "a VP's index is out of range" },
	{ ON(partition, RECEIVER, message_buffers), 1,
	  "a port has more messages than buffers" },
	{ ON(partition, RECEIVER, ports_max), 3,
	  "a partition has more ports than it may" },
	{ ON(partition, RECEIVER, port_count), UINT32_MAX,
	  "a partition has more ports than it may" },
	{ ON(partition, RECEIVER, port_count), 65536, FEWER },
	{ ON(partition, RECEIVER, vp_count), UINT32_MAX, FEWER },
	{ ON(partition, SENDER, connections_max), 3,
	  "a partition has more connections than it may" },
	{ ON(partition, RECEIVER, hypercall_msr), PAST_THE_END,
	  "a hypercall page is past the end of memory" },
	{ ON(partition, FINALIZED, hypercall_msr), HV_PAGE_ENABLE,
	  "a hypercall page is on without a GUEST_OS_ID" },
	{ ON(partition, RECEIVER, gpa_size), SIM_GPA(0) + HV_PAGE_SIZE - 1,
	  "a SIM page is past the end of memory" },
	{ ON(partition, RECEIVER, gpa_size), SIEF_GPA(0),
	  "a SIEF page is past the end of memory" },

	{ ON(port, PORT_70, rsvdz), 1,
	  "a reserved field of a port is not zero" },
	{ ON(port, PORT_70, id), 1u << 24 | PORT,
	  "a port's id is wider than 24 bits" },
	{ ON(port, PORT_EVENT, id), 1u << 31,
	  "a port's id is wider than 24 bits" },
	{ ON(port, PORT_71, id), PORT,
	  "ports are not in the order of their ids" },
	{ ON(port, PORT_71, id), 1, "ports are not in the order of their ids" },
	{ ON(port, PORT_70, lost), UINT64_MAX,
	  "a port has lost more than was posted" },
	{ ON(port, PORT_70, connection_partition), 0, BAD_PEER },
	{ ON(port, PORT_70, connection_partition), 2, BAD_PEER },
	{ ON(port, PORT_70, connection_partition), 5, BAD_PEER },
	{ ON(port, PORT_70, connection_partition), UINT64_MAX, BAD_PEER },
	{ ON(port, PORT_70, connection_partition), 3,
	  "a connection's port is for another partition" },
	{ ON(port, PORT_70, info.port_type), 0, BAD_INFO },
	{ ON(port, PORT_70, info.port_type), HV_PORT_TYPE_MONITOR, BAD_INFO },
	{ ON(port, PORT_70, info.port_type), HV_PORT_TYPE_DOORBELL, BAD_INFO },
	{ ON(port, PORT_70, info.port_type), UINT32_MAX, BAD_INFO },
	{ ON(port, PORT_70, info.rsvdz), 1, BAD_INFO },
	{ ON(port, PORT_70, info.u.message.rsvdz), 1, BAD_INFO },
	{ ON(port, PORT_70, info.u.message.target_sint), 0, BAD_INFO },
	{ ON(port, PORT_70, info.u.message.target_sint), 16, BAD_INFO },
	{ ON(port, PORT_70, info.u.message.target_sint), UINT32_MAX, BAD_INFO },
	{ ON(port, PORT_70, info.u.message.target_sint), SINT + 1,
	  "a message is not at its port's SINT" },
	{ ON(port, PORT_70, info.u.message.target_vp), 1,
	  "a message is not at its port's VP" },
	{ ON(port, PORT_70, info.u.message.target_vp), WORLD_VPS,
	  "a port's VP is out of range" },
	{ ON(port, PORT_70, info.u.message.target_vp), HV_VP_SELF,
	  "a port's VP is out of range" },
	{ ON(port, PORT_70, preferred_vp), WORLD_VPS,
	  "a port's preferred VP is out of range" },
	{ ON(port, PORT_EVENT, info.u.event.target_sint), 0, BAD_INFO },
	{ ON(port, PORT_EVENT, info.u.event.target_sint), 16, BAD_INFO },
	{ ON(port, PORT_EVENT, info.u.event.flag_count), 0, BAD_INFO },
	{ ON(port, PORT_EVENT, info.u.event.flag_count), 2041, BAD_INFO },
	{ ON(port, PORT_EVENT, info.u.event.base_flag_number), 2033, BAD_INFO },
	{ ON(port, PORT_EVENT, info.u.event.base_flag_number), UINT16_MAX,
	  BAD_INFO },
	{ ON(port, PORT_EVENT, info.u.event.rsvdz), 1, BAD_INFO },

	{ ON(vp, VP_0, rsvdz), 1, "a reserved field of a VP is not zero" },
	{ ON(vp, VP_0, index), WORLD_VPS, "a VP's index is out of range" },
	{ ON(vp, VP_1, index), UINT32_MAX, "a VP's index is out of range" },
	{ ON(vp, VP_1, index), 0, "VPs are not in the order of their indexes" },
	{ ON(vp, VP_0, simp), PAST_THE_END,
	  "a SIM page is past the end of memory" },
	{ ON(vp, VP_0, simp), FAR_PAST_IT,
	  "a SIM page is past the end of memory" },
	{ ON(vp, VP_0, siefp), PAST_THE_END,
	  "a SIEF page is past the end of memory" },
	{ ON(vp, VP_0, siefp), FAR_PAST_IT,
	  "a SIEF page is past the end of memory" },

	{ ON(queue, QUEUE_FULL, rsvdz), 1,
	  "a reserved field of a SINT is not zero" },
	{ ON(queue, QUEUE_FULL, sint), 0,
	  "an unmasked SINT has a vector below 16" },
	{ ON(queue, QUEUE_FULL, sint), 15,
	  "an unmasked SINT has a vector below 16" },
	{ ON(queue, QUEUE_FULL, message_count), UINT32_MAX, FEWER },
	{ ON(queue, QUEUE_FULL, message_count), 1u << 20, FEWER },

	{ ON(message, MESSAGE_2, rsvdz), 1,
	  "a reserved field of a message is not zero" },
	{ ON(message, MESSAGE_2, type), HV_MESSAGE_TYPE_NONE,
	  "a message's type is none that guests may post" },
	{ ON(message, MESSAGE_2, type), HV_MESSAGE_TYPE_HYPERVISOR | 1,
	  "a message's type is none that guests may post" },
	{ ON(message, MESSAGE_2, payload_size), 241,
	  "a payload is larger than 240 bytes" },
	{ ON(message, MESSAGE_2, payload_size), UINT32_MAX,
	  "a payload is larger than 240 bytes" },
	{ ON(message, MESSAGE_2, payload_size), 0,
	  "what follows a payload is not zero" },
	{ ON(message, MESSAGE_2, payload[239]), 1,
	  "what follows a payload is not zero" },
	{ ON(message, MESSAGE_2, port_id), 0x99,
	  "a message's port does not exist" },
	{ ON(message, MESSAGE_2, port_id), 1u << 24 | PORT,
	  "a message's port does not exist" },
	{ ON(message, MESSAGE_2, port_id), EVENT_PORT,
	  "a message's port takes no messages" },
	{ ON(message, MESSAGE_2, port_id), ANY_PORT,
	  "a message is not at its port's SINT" },

	{ ON(connection, CONNECTION_10, partition), 0,
	  "a connection's partition does not exist" },
	{ ON(connection, CONNECTION_EVENT, partition), 4,
	  "a connection's partition does not exist" },
	{ ON(connection, CONNECTION_EVENT, partition), UINT64_MAX,
	  "a connection's partition does not exist" },
	{ ON(connection, CONNECTION_EVENT, partition), 3,
	  "a partition has connections in a state without" },
	{ ON(connection, CONNECTION_EVENT, partition), 2,
	  "a connection's port is for another partition" },
	{ ON(connection, CONNECTION_10, id), 1u << 24,
	  "a connection's id is wider than 24 bits" },
	{ ON(connection, CONNECTION_EVENT, id), 1u << 31,
	  "a connection's id is wider than 24 bits" },
	{ ON(connection, CONNECTION_11, id), CONNECTION,
	  "connections are not in the order of their ids" },
	{ ON(connection, CONNECTION_11, id), 1,
	  "connections are not in the order of their ids" },
	{ ON(connection, CONNECTION_11, partition), 0,
	  "connections are not in the order of their ids" },
	{ ON(connection, CONNECTION_11, port_id), PORT,
	  "a port has two connections" },
	{ ON(connection, CONNECTION_10, port_id), 0x99, NO_PORT },
	{ ON(connection, CONNECTION_10, port_id), 1u << 24 | PORT, NO_PORT },
	{ ON(connection, CONNECTION_10, port_partition), 1, NO_PORT },
	{ ON(connection, CONNECTION_10, port_partition), 4, NO_PORT },
	{ ON(connection, CONNECTION_10, port_partition), UINT64_MAX, NO_PORT },
	{ ON(connection, CONNECTION_10, port_partition), 0,
	  "a connection is to a port of nobody" },
	{ ON(connection, CONNECTION_DEAD, port_id), PORT,
	  "a connection is to a port of nobody" },
};

/* No call sets it yet. */
START_TEST(preferred_vp_is_taken_from_the_snapshot)
{
	struct hv_get_port_property_input input = {
		.port_partition = world.receiver.id,
		.port_id = ANY_PORT,
		.property = HV_PORT_PROPERTY_PREFERRED_TARGET_VP,
	};
	struct snapshot_port *port;
	struct records records;
	uint64_t value;

	walk(&records);
	port = (void *)records.at[kind_port][PORT_ANY];
	port->preferred_vp = 1;
	seal(saved);
	world_teardown();
	ck_assert_int_eq(restore_world(saved, NULL), 0);
	ck_assert_uint_eq(hvhost_get_port_property(world.machine, &input,
						   &value), 0);
	ck_assert_uint_eq(value, 1);
}
END_TEST

START_TEST(lie_is_refused)
{
	const struct lie *lie = &lies[_i];
	struct records records;

	walk(&records);
	ck_assert_uint_lt(lie->nth, records.count[lie->kind]);
	memcpy(records.at[lie->kind][lie->nth] + lie->offset, &lie->value,
	       lie->width);
	seal(saved);
	assert_refused(saved, -EBADMSG, lie->reason);
}
END_TEST

/* Whatever is written where, a restore refuses, or makes what can be saved. */

static struct saved remake(struct saved from, const char **reason)
{
	struct hvhost_machine *machine;
	struct saved made = { 0 };
	int err;

	world.sender.interrupts = world.receiver.interrupts = 0;
	err = hvhost_machine_restore(from.bytes, from.size, &revival_ops, NULL,
				     &machine, reason);
	if (err) {
		ck_assert_int_eq(err, -EBADMSG);
		ck_assert_ptr_nonnull(*reason);
		return made;
	}
	made = save_machine(machine);
	hvhost_machine_free(machine);
	return made;
}

/* What the first restore delivers the second need not. */
static bool is_accepted(struct saved snapshot)
{
	const char *reason;
	struct saved first, second;

	seal(snapshot);
	first = remake(snapshot, &reason);
	if (!first.bytes)
		return false;
	second = remake(first, &reason);
	ck_assert_msg(second.bytes, "%s", reason);
	assert_same(first, second);
	free(first.bytes);
	free(second.bytes);
	return true;
}

static uint64_t random_number(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static const uint64_t numbers[] = {
	0, 1, 2, 3, 4, 15, 16, 17, 0x70, 0x71, 0x80, 240, 241, 4096, 65536,
	HV_ID_MASK, 1u << 24, 1u << 31, UINT32_MAX, UINT64_MAX,
};

static void write_somewhere(const struct records *records, uint64_t *state)
{
	static const size_t sizes[KINDS] = {
		sizeof(struct snapshot_machine),
		sizeof(struct snapshot_partition), sizeof(struct snapshot_port),
		sizeof(struct snapshot_vp), sizeof(struct snapshot_queue),
		sizeof(struct snapshot_message),
		sizeof(struct snapshot_connection),
	};
	enum kind kind = random_number(state) % KINDS;
	unsigned int nth = (unsigned int)(random_number(state) %
					  records->count[kind]);
	size_t width = 1u << random_number(state) % 4;
	size_t offset = random_number(state) % (sizes[kind] / width) * width;

	memcpy(records->at[kind][nth] + offset,
	       &numbers[random_number(state) % (size_t)ROWS(numbers)], width);
}

#define TRIES 3000

START_TEST(no_lie_does_harm)
{
	struct saved honest = copy(saved.size);
	uint64_t state = 0x243f6a8885a308d3;
	unsigned int accepted = 0;
	struct records records;

	walk(&records);
	for (unsigned int i = 0; i < TRIES; i++) {
		memcpy(saved.bytes, honest.bytes, saved.size);
		for (unsigned int n = 0; n <= i % 3; n++)
			write_somewhere(&records, &state);
		accepted += is_accepted(saved);
	}
	/* Neither answer was the only one. */
	ck_assert_uint_gt(accepted, TRIES / 20);
	ck_assert_uint_lt(accepted, TRIES - TRIES / 20);
	free(honest.bytes);
}
END_TEST

Suite *snapshot_refusal_suite(void)
{
	Suite *suite = suite_create("snapshot_refusal");
	TCase *tcase = tcase_create("snapshot_refusal");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, whole_snapshot_is_accepted);
	tcase_add_test(tcase, reason_need_not_be_asked_for);
	tcase_add_test(tcase, nothing_is_no_snapshot);
	tcase_add_test(tcase, snapshot_cut_anywhere_is_refused);
	tcase_add_test(tcase,
		       snapshot_cut_anywhere_and_sealed_again_is_refused);
	tcase_add_test(tcase, snapshot_with_more_behind_it_is_refused);
	tcase_add_test(tcase, any_bit_that_flips_is_noticed);
	tcase_add_test(tcase, other_files_are_refused);
	tcase_add_test(tcase, newer_version_is_not_supported);
	tcase_add_test(tcase, preferred_vp_is_taken_from_the_snapshot);
	tcase_add_loop_test(tcase, lie_is_refused, 0, ROWS(lies));
	tcase_add_test(tcase, no_lie_does_harm);
	suite_add_tcase(suite, tcase);
	return suite;
}
