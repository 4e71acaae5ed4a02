// SPDX-License-Identifier: MIT
/* A snapshot and its machine: what is around partitions and between them. */
#include "snapshot_restore.h"

#include <errno.h>
#include <string.h>

int restore_refuse(struct restore *restore, const char *reason)
{
	restore->reason = reason;
	return -EBADMSG;
}

int restore_judge(struct restore *restore, const char *fault)
{
	return fault ? restore_refuse(restore, fault) : 0;
}

int restore_get(struct restore *restore, void *record, size_t size)
{
	if (size > restore->left)
		return restore_refuse(restore, "it ends within a record");
	memcpy(record, restore->at, size);
	restore->at += size;
	restore->left -= size;
	return 0;
}

int restore_check_count(struct restore *restore, uint64_t count,
			size_t record_size)
{
	if (count > restore->left / record_size)
		return restore_refuse(restore,
				      "it has fewer records than it states");
	return 0;
}

static const char *header_fault(const struct snapshot_header *header,
				const void *snapshot, size_t size)
{
	if (memcmp(header->magic, SNAPSHOT_MAGIC, SNAPSHOT_MAGIC_SIZE))
		return "it is no snapshot of a machine";
	if (header->size != size)
		return "it is truncated, or longer than it states";
	if (header->checksum != snapshot_checksum(snapshot, size))
		return "its checksum is wrong: it is damaged";
	if (!header->version)
		return "there is no version 0";
	return NULL;
}

static int get_header(struct restore *restore)
{
	const void *snapshot = restore->at;
	size_t size = restore->left;
	struct snapshot_header header;
	int err;

	if (restore_get(restore, &header, sizeof(header)))
		return restore_refuse(restore,
				      "it is too short for a snapshot");
	err = restore_judge(restore, header_fault(&header, snapshot, size));
	if (err || header.version == SNAPSHOT_VERSION)
		return err;
	restore_refuse(restore, "it was made by a newer version of the engine");
	return -ENOTSUP;
}

/* Connections */

static const char *connection_fault(const struct hvhost_partition *owner,
				    const struct snapshot_connection *record)
{
	if (!owner)
		return "a connection's partition does not exist";
	if (!state_has_ports(owner->state))
		return "a partition has connections in a state without";
	if (record->id & ~HV_ID_MASK)
		return "a connection's id is wider than 24 bits";
	if (owner->connections.count >= owner->config.connections_max)
		return "a partition has more connections than it may";
	if (!record->port_partition && record->port_id)
		return "a connection is to a port of nobody";
	return NULL;
}

static const char *port_fault(const struct hvhost_partition *owner,
			      const struct port *port)
{
	if (!port)
		return "a connection's port does not exist";
	if (port->connection_partition != owner->id)
		return "a connection's port is for another partition";
	if (port->connection)
		return "a port has two connections";
	return NULL;
}

static struct port *find_port(struct restore *restore, uint64_t partition_id,
			      uint32_t port_id)
{
	struct hvhost_partition *owner =
		partition_find(restore->machine, partition_id);

	return owner ? idtable_find(&owner->ports, port_id) : NULL;
}

static int make_connection(struct hvhost_partition *owner, struct port *port,
			   const struct snapshot_connection *record)
{
	struct connection *connection;

	if (connection_add(owner, port, record->id))
		return -ENOMEM;
	connection = idtable_find(&owner->connections, record->id);
	atomic_store(&connection->posted, record->posted);
	atomic_store(&connection->refused, record->refused);
	return 0;
}

static bool follows(const struct snapshot_connection *record,
		    const struct snapshot_connection *previous)
{
	if (record->partition == previous->partition)
		return record->id > previous->id;
	return record->partition > previous->partition;
}

static int get_connection(struct restore *restore,
			  struct snapshot_connection *previous)
{
	struct snapshot_connection record;
	struct hvhost_partition *owner;
	struct port *port = NULL;
	int err;

	err = restore_get(restore, &record, sizeof(record));
	if (err)
		return err;
	if (!follows(&record, previous))
		return restore_refuse(restore, "connections are not in the "
				      "order of their ids");
	*previous = record;
	owner = partition_find(restore->machine, record.partition);
	err = restore_judge(restore, connection_fault(owner, &record));
	if (!err && record.port_partition) {
		port = find_port(restore, record.port_partition,
				 record.port_id);
		err = restore_judge(restore, port_fault(owner, port));
	}
	return err ? err : make_connection(owner, port, &record);
}

/* The machine */

static const char *machine_fault(const struct snapshot_machine *record)
{
	if (record->rsvdz)
		return "a reserved field of the machine is not zero";
	if (record->partition_count > HVHOST_PARTITIONS_MAX)
		return "it has too many partitions";
	/* Nobody makes so many, and all ones must stay far. */
	if (record->last_partition_id > INT64_MAX)
		return "the last partition's id is out of range";
	return NULL;
}

static int make_machine(struct restore *restore,
			const struct snapshot_machine *record)
{
	struct hvhost_machine_config config = { .flags = record->flags };
	int err = hvhost_machine_new(&config, &restore->machine);

	if (err == -EINVAL)
		return restore_refuse(restore,
				      "a flag of the machine is unknown");
	return err;
}

static bool port_adds_up(const struct port *port)
{
	return port_posted(port) >= queue_buffers_used(port) &&
	       port_posted(port) - queue_buffers_used(port) >=
	       atomic_load(&port->lost);
}

/* Known when all is read: a port counts what its connection has seen. */
static const char *counters_fault(const struct hvhost_machine *machine)
{
	struct hvhost_partition *partition;
	struct port *port;

	LIST_FOREACH(partition, &machine->partitions, next)
		for (uint32_t id = 0;
		     (port = idtable_next(&partition->ports, &id)); id++)
			if (!port_adds_up(port))
				return "a port has lost more than was posted";
	return NULL;
}

static int get_records(struct restore *restore)
{
	struct snapshot_connection previous = { 0 };
	struct snapshot_machine record;
	uint64_t id_min = 1;
	int err;

	err = restore_get(restore, &record, sizeof(record));
	if (!err)
		err = restore_judge(restore, machine_fault(&record));
	if (!err)
		err = make_machine(restore, &record);
	if (err)
		return err;

	restore->last_partition_id = record.last_partition_id;
	err = restore_check_count(restore, record.partition_count,
				  sizeof(struct snapshot_partition));
	while (!err && record.partition_count--)
		err = restore_partition(restore, &id_min);
	if (!err)
		err = restore_check_count(restore, record.connection_count,
				  sizeof(previous));
	while (!err && record.connection_count--)
		err = get_connection(restore, &previous);
	if (err)
		return err;

	restore->machine->last_partition_id = record.last_partition_id;
	if (restore->left)
		return restore_refuse(restore, "it has more than its records");
	return restore_judge(restore, counters_fault(restore->machine));
}

static void place_pages(struct hvhost_vp *vp)
{
	if (vp->simp & HV_PAGE_ENABLE)
		vp_tell_overlay(vp, HV_MSR_SIMP, vp->simp, vp->sim);
	if (vp->siefp & HV_PAGE_ENABLE)
		vp_tell_overlay(vp, HV_MSR_SIEFP, vp->siefp, vp->sief);
}

static void deliver(struct hvhost_vp *vp)
{
	synic_deliver(vp, UINT16_MAX);
}

static void for_each_vp(struct hvhost_machine *machine,
			void (*run)(struct hvhost_vp *vp))
{
	struct hvhost_partition *partition;

	LIST_FOREACH(partition, &machine->partitions, next)
		for (uint32_t i = 0; i < partition->vp_limit; i++)
			if (partition->vps[i])
				run(partition->vps[i]);
}

static void come_to_life(struct hvhost_machine *machine)
{
	lock_exclude(&machine->lock);
	for_each_vp(machine, place_pages);
	for_each_vp(machine, deliver);
	lock_unexclude(&machine->lock);
}

int hvhost_machine_restore(const void *snapshot, size_t size,
			   const struct hvhost_restore_ops *ops, void *context,
			   struct hvhost_machine **machine, const char **reason)
{
	struct restore restore = {
		.at = snapshot, .left = size, .ops = ops, .context = context,
	};
	int err;

	*machine = NULL;
	if (reason)
		*reason = NULL;
	if (!ops || !ops->restore_partition)
		return -EINVAL;

	err = get_header(&restore);
	if (!err)
		err = get_records(&restore);
	if (err) {
		hvhost_machine_free(restore.machine);
		if (reason)
			*reason = restore.reason;
		return err;
	}
	come_to_life(restore.machine);
	*machine = restore.machine;
	return 0;
}
