// SPDX-License-Identifier: MIT
/* A machine, written down; snapshot.h has the format. */
#include "internal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "snapshot.h"

/* What goes wrong, memory alone, is kept in @stream. */
static void put(FILE *stream, const void *record, size_t size)
{
	fwrite(record, size, 1, stream);
}

/* A guest may clear bytes meanwhile: each is read once, whole. */
static void load_bytes(void *to, const void *from, size_t size)
{
	const uint8_t *shared = from;
	uint8_t *own = to;

	for (size_t i = 0; i < size; i++)
		own[i] = __atomic_load_n(&shared[i], __ATOMIC_RELAXED);
}

/*
 * A guest may empty slots meanwhile. They are filled under machine->lock, which
 * we hold, so the rest of one that is seen full is that message's.
 */
static void put_sim(FILE *stream, const struct hv_sim_page *sim)
{
	const size_t type_size = sizeof(sim->slot[0].message_type);
	struct hv_slot slot;

	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++) {
		const struct hv_slot *shared = &sim->slot[sint];

		slot.message_type = __atomic_load_n(&shared->message_type,
						    __ATOMIC_ACQUIRE);
		load_bytes((uint8_t *)&slot + type_size,
			   (const uint8_t *)shared + type_size,
			   sizeof(slot) - type_size);
		put(stream, &slot, sizeof(slot));
	}
}

static void put_sief(FILE *stream, const struct hv_sief_page *sief)
{
	struct hv_sief_page own;

	load_bytes(&own, sief, sizeof(own));
	put(stream, &own, sizeof(own));
}

static void put_message(void *stream, const struct message *message)
{
	struct snapshot_message record = {
		.port_id = message->port_id,
		.type = message->type,
		.payload_size = message->payload_size,
	};

	memcpy(record.payload, message->payload, message->payload_size);
	put(stream, &record, sizeof(record));
}

static void put_queue(FILE *stream, const struct queue *queue)
{
	struct snapshot_queue record = {
		.sint = queue->sint,
		.delivered = queue->delivered,
		.message_count = (uint32_t)(queue->added - queue->removed),
	};

	put(stream, &record, sizeof(record));
	queue_walk(queue, put_message, stream);
}

static void put_vp(FILE *stream, const struct hvhost_vp *vp)
{
	struct snapshot_vp record = {
		.scontrol = vp->scontrol,
		.simp = vp->simp,
		.siefp = vp->siefp,
		.lost = atomic_load(&vp->lost),
		.eoms = atomic_load(&vp->eoms),
		.index = vp->index,
	};

	put(stream, &record, sizeof(record));
	put_sim(stream, vp->sim);
	put_sief(stream, vp->sief);
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++)
		put_queue(stream, &vp->queue[sint]);
}

static void put_port(FILE *stream, const struct port *port)
{
	struct snapshot_port record = {
		.connection_partition = port->connection_partition,
		.info = port->info,
		.posted_before = port->posted_before,
		.refused_before = port->refused_before,
		.lost = atomic_load(&port->lost),
		.id = port->id,
		.preferred_vp = port->preferred_vp,
		.next_vp = atomic_load(&port->next_vp),
	};

	put(stream, &record, sizeof(record));
}

static uint32_t count_vps(const struct hvhost_partition *partition)
{
	uint32_t vps = 0;

	for (uint32_t i = 0; i < partition->vp_limit; i++)
		vps += !!partition->vps[i];
	return vps;
}

static void put_partition(FILE *stream,
			  const struct hvhost_partition *partition)
{
	struct snapshot_partition record = {
		.id = partition->id,
		.privileges = partition->config.privileges,
		.gpa_size = partition->config.gpa_size,
		.guest_os_id = atomic_load(&partition->guest_os_id),
		.hypercall_msr = atomic_load(&partition->hypercall_msr),
		.state = partition->state,
		.vp_count_max = partition->config.vp_count_max,
		.message_buffers = partition->config.message_buffers,
		.ports_max = partition->config.ports_max,
		.connections_max = partition->config.connections_max,
		.port_count = partition->ports.count,
		.vp_count = count_vps(partition),
	};
	const struct port *port;

	put(stream, &record, sizeof(record));
	for (uint32_t i = 0; (port = idtable_next(&partition->ports, &i)); i++)
		put_port(stream, port);
	for (uint32_t i = 0; i < partition->vp_limit; i++)
		if (partition->vps[i])
			put_vp(stream, partition->vps[i]);
}

static void put_connection(FILE *stream, const struct connection *connection)
{
	const struct port *port = connection->port;
	struct snapshot_connection record = {
		.partition = connection->owner->id,
		.port_partition = port ? port->owner->id :
				  HV_PARTITION_ID_INVALID,
		.posted = atomic_load(&connection->posted),
		.refused = atomic_load(&connection->refused),
		.id = connection->id,
		.port_id = port ? port->id : 0,
	};

	put(stream, &record, sizeof(record));
}

static void put_connections(FILE *stream,
			    const struct hvhost_partition *partition)
{
	const struct connection *connection;

	for (uint32_t i = 0;
	     (connection = idtable_next(&partition->connections, &i)); i++)
		put_connection(stream, connection);
}

/* Partitions are few, and nothing promises an order of their list. */
static const struct hvhost_partition *
partition_after(const struct hvhost_machine *machine, uint64_t id)
{
	const struct hvhost_partition *partition, *first = NULL;

	LIST_FOREACH(partition, &machine->partitions, next)
		if (partition->id > id && (!first || partition->id < first->id))
			first = partition;
	return first;
}

static void put_machine(FILE *stream, const struct hvhost_machine *machine)
{
	struct snapshot_machine record = {
		.last_partition_id = machine->last_partition_id,
		.flags = machine->flags,
	};
	const struct hvhost_partition *partition;
	uint64_t id;

	LIST_FOREACH(partition, &machine->partitions, next) {
		record.partition_count++;
		record.connection_count += partition->connections.count;
	}
	put(stream, &record, sizeof(record));
	for (id = 0; (partition = partition_after(machine, id));
	     id = partition->id)
		put_partition(stream, partition);
	for (id = 0; (partition = partition_after(machine, id));
	     id = partition->id)
		put_connections(stream, partition);
}

uint32_t snapshot_checksum(const void *snapshot, size_t size)
{
	const uint8_t *bytes = snapshot;
	size_t before = offsetof(struct snapshot_header, checksum);
	size_t after = sizeof(struct snapshot_header);

	return (uint32_t)crc32_z(crc32_z(0, bytes, before), bytes + after,
				 size - after);
}

static void seal(void *snapshot, size_t size)
{
	struct snapshot_header header = {
		.magic = SNAPSHOT_MAGIC,
		.size = size,
		.version = SNAPSHOT_VERSION,
	};

	memcpy(snapshot, &header, sizeof(header));
	header.checksum = snapshot_checksum(snapshot, size);
	memcpy(snapshot, &header, sizeof(header));
}

int hvhost_machine_save(struct hvhost_machine *machine, void **snapshot,
			size_t *size)
{
	static const struct snapshot_header unsealed;
	char *bytes = NULL;
	FILE *stream = open_memstream(&bytes, size);
	int failed;

	*snapshot = NULL;
	if (!stream) {
		*size = 0;
		return -ENOMEM;
	}

	put(stream, &unsealed, sizeof(unsealed));
	lock_exclude(&machine->lock);
	put_machine(stream, machine);
	lock_unexclude(&machine->lock);

	failed = ferror(stream);
	if (fclose(stream) || failed) {
		free(bytes);
		*size = 0;
		return -ENOMEM;
	}
	seal(bytes, *size);
	*snapshot = bytes;
	return 0;
}
