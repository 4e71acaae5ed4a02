// SPDX-License-Identifier: MIT
/* Partitions of a snapshot, with their ports. */
#include "snapshot_restore.h"

#include <errno.h>

/* Ports */

static const char *port_fault(const struct restore *restore,
			      const struct hvhost_partition *owner,
			      const struct snapshot_port *record,
			      uint32_t id_min)
{
	const uint64_t peer = record->connection_partition;
	const uint32_t vp = record->info.u.message.target_vp;

	if (record->rsvdz)
		return "a reserved field of a port is not zero";
	if (record->id & ~HV_ID_MASK)
		return "a port's id is wider than 24 bits";
	if (record->id < id_min)
		return "ports are not in the order of their ids";
	if (!peer || peer > restore->last_partition_id || peer == owner->id)
		return "a port is for a partition that cannot be";
	if (!port_info_is_valid(&record->info))
		return "a port's type, SINT or flags are invalid";
	if (vp != HV_ANY_VP && vp >= owner->config.vp_count_max)
		return "a port's VP is out of range";
	if (record->preferred_vp != HV_ANY_VP &&
	    record->preferred_vp >= owner->config.vp_count_max)
		return "a port's preferred VP is out of range";
	return NULL;
}

static int make_port(struct hvhost_partition *owner,
		     const struct snapshot_port *record)
{
	struct hv_create_port_input input = {
		.port_id = record->id,
		.connection_partition = record->connection_partition,
		.port_info = record->info,
	};
	struct port *port;

	if (port_add(owner, &input))
		return -ENOMEM;
	port = idtable_find(&owner->ports, record->id);
	port->posted_before = record->posted_before;
	port->refused_before = record->refused_before;
	port->preferred_vp = record->preferred_vp;
	atomic_store(&port->lost, record->lost);
	atomic_store(&port->next_vp, record->next_vp);
	return 0;
}

static int get_port(struct restore *restore, struct hvhost_partition *owner,
		    uint32_t *id_min)
{
	struct snapshot_port record;
	int err;

	err = restore_get(restore, &record, sizeof(record));
	if (!err)
		err = restore_judge(restore, port_fault(restore, owner, &record,
							*id_min));
	if (err)
		return err;
	*id_min = record.id + 1;
	return make_port(owner, &record);
}

static int get_ports(struct restore *restore, struct hvhost_partition *owner,
		     uint32_t count)
{
	uint32_t id_min = 0;
	int err;

	if (count > owner->config.ports_max)
		return restore_refuse(restore,
				      "a partition has more ports than it may");
	err = restore_check_count(restore, count, sizeof(struct snapshot_port));
	while (!err && count--)
		err = get_port(restore, owner, &id_min);
	return err;
}

/* Partitions */

static struct hvhost_partition_config
config_of(const struct snapshot_partition *record)
{
	return (struct hvhost_partition_config){
		.privileges = record->privileges,
		.gpa_size = record->gpa_size,
		.vp_count_max = record->vp_count_max,
		.message_buffers = record->message_buffers,
		.ports_max = record->ports_max,
		.connections_max = record->connections_max,
	};
}

static const char *partition_fault(const struct restore *restore,
				   const struct snapshot_partition *record,
				   uint64_t id_min)
{
	const struct hvhost_partition_config config = config_of(record);

	if (record->rsvdz)
		return "a reserved field of a partition is not zero";
	if (record->id < id_min)
		return "partitions are not in the order of their ids";
	if (record->id > restore->last_partition_id)
		return "a partition's id was never given out";
	if (record->state > HVHOST_PARTITION_FINALIZED)
		return "a partition's state is unknown";
	if (!partition_numbers_are_valid(&config))
		return "a number of a partition is out of range";
	if (record->port_count && !state_has_ports(record->state))
		return "a partition has ports in a state without";
	if (record->vp_count && record->state == HVHOST_PARTITION_FINALIZED)
		return "a finalized partition has VPs";
	return NULL;
}

static int make_partition(struct restore *restore,
			  const struct snapshot_partition *record,
			  struct hvhost_partition **partition)
{
	struct hvhost_partition_config config = config_of(record);
	struct hvhost_partition_config filled = config;
	int err;

	err = restore->ops->restore_partition(restore->context, record->id,
					      &filled);
	if (err)
		return err;
	config.ops = filled.ops;
	config.context = filled.context;
	restore->machine->last_partition_id = record->id - 1;
	err = hvhost_partition_new(restore->machine, &config, partition);
	if (err)
		return err;
	atomic_store(&(*partition)->guest_os_id, record->guest_os_id);
	atomic_store(&(*partition)->hypercall_msr, record->hypercall_msr);
	return 0;
}

static const char *
hypercall_page_fault(const struct hvhost_partition *partition,
		     const struct snapshot_partition *record)
{
	if (!page_is_valid(partition, record->hypercall_msr))
		return "a hypercall page is past the end of memory";
	if (record->hypercall_msr & HV_PAGE_ENABLE && !record->guest_os_id)
		return "a hypercall page is on without a GUEST_OS_ID";
	return NULL;
}

int restore_partition(struct restore *restore, uint64_t *id_min)
{
	struct snapshot_partition record;
	struct hvhost_partition *partition;
	int err;

	err = restore_get(restore, &record, sizeof(record));
	if (!err)
		err = restore_judge(restore, partition_fault(restore, &record,
							     *id_min));
	if (!err)
		err = make_partition(restore, &record, &partition);
	if (err)
		return err;

	*id_min = record.id + 1;
	err = restore_judge(restore, hypercall_page_fault(partition, &record));
	if (!err)
		err = get_ports(restore, partition, record.port_count);
	if (!err)
		err = restore_vps(restore, partition, record.vp_count);
	/* Last, because a partition that is being finalized takes no VPs. */
	partition->state = (enum hvhost_partition_state)record.state;
	return err;
}
