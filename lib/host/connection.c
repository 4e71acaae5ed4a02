// SPDX-License-Identifier: MIT
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool info_is_valid(const struct hv_connection_info *info)
{
	if (info->rsvdz)
		return false;
	switch (info->port_type) {
	case HV_PORT_TYPE_MESSAGE:
	case HV_PORT_TYPE_EVENT:
		return !info->u.rsvdz_message;
	default:
		return false;
	}
}

/* The partitions: 0xD outranks 0x11 where both would fit. */
static uint16_t check_peer(const struct hvhost_partition *owner,
			   const struct hvhost_partition *peer)
{
	if (!peer)
		return HV_STATUS_INVALID_PARTITION_ID;
	if (owner->state != HVHOST_PARTITION_ACTIVE ||
	    peer->state != HVHOST_PARTITION_ACTIVE)
		return HV_STATUS_INVALID_PARTITION_STATE;
	return HV_STATUS_SUCCESS;
}

static uint16_t check_connect(const struct hvhost_partition *owner,
			      const struct port *port,
			      const struct hv_connect_port_input *input)
{
	if (port && port->connection_partition != owner->id)
		return HV_STATUS_INVALID_PARTITION_ID;
	if (input->connection_vtl || input->rsvdz0 || input->rsvdz1 ||
	    input->rsvdz2 || !info_is_valid(&input->connection_info))
		return HV_STATUS_INVALID_PARAMETER;
	if (input->connection_id & ~HV_ID_MASK ||
	    idtable_find(&owner->connections, input->connection_id))
		return HV_STATUS_INVALID_CONNECTION_ID;
	if (!port || port->connection ||
	    port->info.port_type != input->connection_info.port_type)
		return HV_STATUS_INVALID_PORT_ID;
	if (owner->connections.count >= owner->config.connections_max)
		return HV_STATUS_NO_RESOURCES;
	return HV_STATUS_SUCCESS;
}

uint16_t connection_add(struct hvhost_partition *owner, struct port *port,
			uint32_t id)
{
	struct connection *connection =
		aligned_alloc(_Alignof(struct connection), sizeof(*connection));

	if (!connection)
		return HV_STATUS_INSUFFICIENT_MEMORY;
	*connection = (struct connection){
		.id = id, .owner = owner, .port = port,
	};
	if (idtable_add(&owner->connections, id, connection)) {
		free(connection);
		return HV_STATUS_INSUFFICIENT_MEMORY;
	}
	if (port)
		port->connection = connection;
	return HV_STATUS_SUCCESS;
}

static uint16_t connect_locked(struct hvhost_machine *machine,
			       const struct hvhost_partition *caller,
			       const struct hv_connect_port_input *input)
{
	struct hvhost_partition *owner, *peer;
	struct port *port;
	uint16_t status;

	status = partition_for_caller(machine, caller,
				      input->connection_partition, &owner);
	if (status)
		return status;
	peer = partition_find(machine, input->port_partition);
	status = check_peer(owner, peer);
	if (status)
		return status;
	port = idtable_find(&peer->ports, input->port_id);
	status = check_connect(owner, port, input);
	if (status)
		return status;
	return connection_add(owner, port, input->connection_id);
}

uint16_t connection_connect(struct hvhost_machine *machine,
			    const struct hvhost_partition *caller,
			    const struct hv_connect_port_input *input)
{
	uint16_t status;

	lock_exclude(&machine->lock);
	status = connect_locked(machine, caller, input);
	lock_unexclude(&machine->lock);
	return status;
}

/* Queued messages stay and are delivered: they are the port's. */
void connection_free(struct connection *connection)
{
	struct port *port = connection->port;

	if (port) {
		port->posted_before += atomic_load(&connection->posted);
		port->refused_before += atomic_load(&connection->refused);
		port_tell_room(port);
		port->connection = NULL;
	}
	idtable_remove(&connection->owner->connections, connection->id);
	free(connection);
}

static uint16_t disconnect_locked(struct hvhost_machine *machine,
				  const struct hvhost_partition *caller,
				  const struct hv_disconnect_port_input *input)
{
	struct hvhost_partition *owner;
	struct connection *connection;
	uint16_t status;

	status = partition_for_caller(machine, caller,
				      input->connection_partition, &owner);
	if (status)
		return status;
	if (owner->state != HVHOST_PARTITION_ACTIVE)
		return HV_STATUS_INVALID_PARTITION_STATE;
	connection = idtable_find(&owner->connections, input->connection_id);
	if (!connection)
		return HV_STATUS_INVALID_CONNECTION_ID;
	connection_free(connection);
	return HV_STATUS_SUCCESS;
}

uint16_t connection_disconnect(struct hvhost_machine *machine,
			       const struct hvhost_partition *caller,
			       const struct hv_disconnect_port_input *input)
{
	uint16_t status;

	lock_exclude(&machine->lock);
	status = disconnect_locked(machine, caller, input);
	lock_unexclude(&machine->lock);
	return status;
}

uint16_t hvhost_connect_port(struct hvhost_machine *machine,
			     const struct hv_connect_port_input *input)
{
	return connection_connect(machine, NULL, input);
}

uint16_t hvhost_disconnect_port(struct hvhost_machine *machine,
				const struct hv_disconnect_port_input *input)
{
	return connection_disconnect(machine, NULL, input);
}

int hvhost_connection_counters(struct hvhost_partition *partition,
			       uint32_t connection_id,
			       struct hvhost_connection_counters *counters)
{
	struct lock_shard *shard = lock_share(&partition->machine->lock);
	struct connection *connection =
		idtable_find(&partition->connections, connection_id);

	memset(counters, 0, sizeof(*counters));
	if (connection) {
		counters->posted = atomic_load(&connection->posted);
		counters->refused = atomic_load(&connection->refused);
	}
	lock_unshare(shard);
	return connection ? 0 : -ENOENT;
}

int hvhost_connection_next(struct hvhost_partition *partition, uint32_t id,
			   struct hvhost_connection_view *view)
{
	struct lock_shard *shard = lock_share(&partition->machine->lock);
	const struct connection *connection =
		idtable_next(&partition->connections, &id);

	memset(view, 0, sizeof(*view));
	if (connection)
		view->id = connection->id;
	if (connection && connection->port) {
		view->port_id = connection->port->id;
		view->port_partition = connection->port->owner->id;
	}
	lock_unshare(shard);
	return connection ? 0 : -ENOENT;
}
