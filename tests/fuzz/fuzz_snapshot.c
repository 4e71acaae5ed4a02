// SPDX-License-Identifier: MIT
/*
 * Machines restored from any bytes: those are unpacked (packed.h), and size and
 * checksum made right, so that what lies behind them is reached.
 *
 * A refusal must say why, and leave nothing. A machine that was accepted must
 * work, keep account of its buffers, and come back from its own snapshot byte
 * for byte.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hvpost/hvhost.h>

#include "lib/host/snapshot.h"
#include "packed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SNAPSHOT_MAX	0x40000u
#define MEMORY_SIZE	0x10000u
#define PARTITIONS	16u	/* that are looked at */
#define VPS		8u	/* of each */
#define IDS		16u	/* of ports and connections */

static uint8_t memory[MEMORY_SIZE];
static unsigned int callbacks;

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "This does not hold: %s\n", what);
	abort();
}

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
	(void)context;
	if (gpa > MEMORY_SIZE || MEMORY_SIZE - gpa < size)
		return -1;
	memcpy(memory + gpa, from, size);
	return 0;
}

static void assert_sint(void *context, uint32_t vp_index, unsigned int sint,
			uint8_t vector)
{
	(void)context;
	(void)vp_index;
	must(sint < HV_SINT_COUNT, "interrupts are for SINTs");
	must(vector >= HV_SINT_VECTOR_MIN, "vectors are 16 at least");
	callbacks++;
}

static void set_overlay(void *context, uint32_t vp_index, uint32_t msr,
			uint64_t gpa, void *contents)
{
	(void)context;
	(void)vp_index;
	(void)gpa;
	must(msr == HV_MSR_SIMP || msr == HV_MSR_SIEFP, "overlays are pages");
	must(contents, "an overlay shows something");
	callbacks++;
}

static const struct hvhost_partition_ops ops = {
	.read_memory = read_memory,
	.write_memory = write_memory,
	.assert_sint = assert_sint,
	.set_overlay = set_overlay,
};

/* How many buffers its ports have, by the partition's id */
static uint32_t buffers_of[PARTITIONS];

static int restore_partition(void *context, uint64_t id,
			     struct hvhost_partition_config *config)
{
	(void)context;
	config->ops = &ops;
	if (id < PARTITIONS)
		buffers_of[id] = config->message_buffers;
	return 0;
}

static const struct hvhost_restore_ops restore_ops = {
	.restore_partition = restore_partition,
};

static struct hvhost_machine *restore(const void *snapshot, size_t size)
{
	struct hvhost_machine *machine;
	const char *reason;
	int err;

	callbacks = 0;
	err = hvhost_machine_restore(snapshot, size, &restore_ops, NULL,
				     &machine, &reason);
	must(!err == !!machine, "there is a machine or an error");
	must(err <= 0 && (!err || err == -EBADMSG || err == -ENOTSUP),
	     "errors are the documented ones");
	must(!err == !reason, "a refusal has a reason");
	must(!err || !callbacks, "a refusal has called nobody");
	return machine;
}

/* Looking at all of a machine */

static void for_each_vp(struct hvhost_machine *machine,
			void (*run)(struct hvhost_partition *partition,
				    struct hvhost_vp *vp, void *context),
			void *context)
{
	for (uint64_t id = 1; id < PARTITIONS; id++) {
		struct hvhost_partition *partition =
			hvhost_partition_find(machine, id);

		for (uint32_t i = 0; partition && i < VPS; i++) {
			struct hvhost_vp *vp = hvhost_vp_find(partition, i);

			if (vp)
				run(partition, vp, context);
		}
	}
}

static void check_ports(struct hvhost_machine *machine)
{
	struct hvhost_port_counters counters;
	struct hvhost_partition *partition;

	for (uint64_t id = 1; id < PARTITIONS; id++) {
		partition = hvhost_partition_find(machine, id);
		for (uint32_t port = 0; partition && port < IDS; port++) {
			if (hvhost_port_counters(partition, port, &counters))
				continue;
			if (!counters.queued && !counters.buffers_free)
				continue;	/* of events */
			must(counters.queued + counters.buffers_free ==
			     buffers_of[id], "each buffer is free or used");
		}
	}
}

/* A slot that may be filled, or was: what is saved may differ from what was. */
static void note_delivery(struct hvhost_partition *partition,
			  struct hvhost_vp *vp, void *context)
{
	struct hvhost_vp_state state;
	bool *may_deliver = context;

	(void)partition;
	hvhost_vp_inspect(vp, &state);
	if (!state.synic_on || !state.sim_on)
		return;
	if (state.slots_occupied)
		*may_deliver = true;
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++)
		if (state.queued[sint])
			*may_deliver = true;
}

/* Using it */

static void post(struct hvhost_vp *vp, uint32_t connection_id)
{
	struct hv_post_message_input input = {
		.connection_id = connection_id,
		.message_type = 1 + connection_id,
		.payload_size = 8,
	};
	struct hvhost_hypercall call = {
		.control = HV_CALL_POST_MESSAGE, .protected_mode = 1,
	};
	uint64_t result;

	memcpy(memory, &input, sizeof(input));
	hvhost_vp_hypercall(vp, &call, &result);
	call.control = HV_CALL_SIGNAL_EVENT | HV_CONTROL_FAST;
	call.input = connection_id;
	hvhost_vp_hypercall(vp, &call, &result);
}

/* What connections and ports leave behind is saved, too. */
static void remove_some(struct hvhost_machine *machine)
{
	for (uint64_t partition = 1; partition < PARTITIONS; partition++)
		for (uint32_t id = 1; id < IDS; id += 2) {
			struct hv_disconnect_port_input connection = {
				.connection_partition = partition,
				.connection_id = id,
			};
			struct hv_delete_port_input port = {
				.port_partition = partition,
				.port_id = id + 1,
			};

			hvhost_disconnect_port(machine, &connection);
			hvhost_delete_port(machine, &port);
		}
}

static void use(struct hvhost_partition *partition, struct hvhost_vp *vp,
		void *context)
{
	struct hvhost_connection_counters counters;
	struct hv_sim_page *sim = hvhost_vp_sim(vp);

	(void)context;
	hvhost_vp_write_msr(vp, HV_MSR_GUEST_OS_ID, HV_GUEST_OS_ID_OPEN_SOURCE);
	for (uint32_t id = 0; id < IDS; id++)
		if (!hvhost_connection_counters(partition, id, &counters))
			post(vp, id);
	sim->slot[1].message_type = HV_MESSAGE_TYPE_NONE;
	sim->slot[2].message_type = HV_MESSAGE_TYPE_NONE;
	hvhost_vp_eom(vp);
	hvhost_vp_eoi(vp, 0x30);
	hvhost_vp_write_msr(vp, HV_MSR_SCONTROL, HV_SCONTROL_ENABLE);
}

struct saved {
	void *bytes;
	size_t size;
};

static struct saved save(struct hvhost_machine *machine)
{
	struct saved saved;

	must(!hvhost_machine_save(machine, &saved.bytes, &saved.size),
	     "a machine can be saved");
	return saved;
}

static void must_be_same(const struct saved *saved, const void *bytes,
			 size_t size)
{
	must(saved->size == size && !memcmp(saved->bytes, bytes, size),
	     "snapshots of one state are the same");
}

/* What was saved comes back, and is saved the same. */
static void check_round_trip(struct hvhost_machine *machine)
{
	struct saved first = save(machine);
	struct hvhost_machine *again = restore(first.bytes, first.size);
	struct saved second;

	must(again, "what was saved can be restored");
	check_ports(again);
	second = save(again);
	must_be_same(&second, first.bytes, first.size);
	hvhost_machine_free(again);
	free(second.bytes);
	free(first.bytes);
}

static void check_machine(struct hvhost_machine *machine, const void *snapshot,
			  size_t size)
{
	bool may_deliver = false;

	check_ports(machine);
	for_each_vp(machine, note_delivery, &may_deliver);
	if (!may_deliver) {
		struct saved saved = save(machine);

		must_be_same(&saved, snapshot, size);
		free(saved.bytes);
	}
	check_round_trip(machine);
	for_each_vp(machine, use, NULL);
	remove_some(machine);
	check_ports(machine);
	check_round_trip(machine);
}

static void seal(uint8_t *snapshot, size_t size)
{
	struct snapshot_header header;

	memcpy(&header, snapshot, sizeof(header));
	memcpy(header.magic, SNAPSHOT_MAGIC, sizeof(header.magic));
	header.size = size;
	memcpy(snapshot, &header, sizeof(header));
	header.checksum = snapshot_checksum(snapshot, size);
	memcpy(snapshot, &header, sizeof(header));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t buffer[SNAPSHOT_MAX];
	struct hvhost_machine *machine;
	uint8_t *snapshot;

	size = packed_unpack(data, size, buffer, sizeof(buffer));
	if (size >= sizeof(struct snapshot_header))
		seal(buffer, size);
	/* Of its own size, so that a look past its end is seen. */
	snapshot = malloc(size);
	must(snapshot || !size, "there is memory");
	if (size)
		memcpy(snapshot, buffer, size);
	machine = restore(snapshot, size);
	if (machine)
		check_machine(machine, snapshot, size);
	hvhost_machine_free(machine);
	free(snapshot);
	return 0;
}
