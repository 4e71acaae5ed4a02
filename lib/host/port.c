// SPDX-License-Identifier: MIT
#include "internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "idtable.h"

static bool sint_is_valid(uint32_t sint)
{
	return sint > HV_SINT_INTERCEPT && sint < HV_SINT_COUNT;
}

static bool flags_are_valid(const struct hv_port_info_event *event)
{
	return event->flag_count &&
	       (uint32_t)event->base_flag_number + event->flag_count <=
	       HV_EVENT_FLAG_COUNT;
}

/* Monitor and doorbell ports are types of the specification, not of ours. */
bool port_info_is_valid(const struct hv_port_info *info)
{
	if (info->rsvdz)
		return false;
	switch (info->port_type) {
	case HV_PORT_TYPE_MESSAGE:
		return sint_is_valid(info->u.message.target_sint) &&
		       !info->u.message.rsvdz;
	case HV_PORT_TYPE_EVENT:
		return sint_is_valid(info->u.event.target_sint) &&
		       flags_are_valid(&info->u.event) && !info->u.event.rsvdz;
	default:
		return false;
	}
}

static bool vp_is_valid(const struct hvhost_partition *partition, uint32_t vp)
{
	return vp == HV_ANY_VP ||
	       (vp < partition->vp_limit && partition->vps[vp]);
}

static uint16_t check_create(const struct hvhost_partition *owner,
			     const struct hvhost_partition *peer,
			     const struct hv_create_port_input *input)
{
	if (!peer || peer == owner)
		return HV_STATUS_INVALID_PARTITION_ID;
	if (owner->state != HVHOST_PARTITION_ACTIVE ||
	    peer->state != HVHOST_PARTITION_ACTIVE)
		return HV_STATUS_INVALID_PARTITION_STATE;
	if (input->rsvdz || input->port_vtl || input->min_connection_vtl ||
	    !port_info_is_valid(&input->port_info))
		return HV_STATUS_INVALID_PARAMETER;
	if (input->port_id & ~HV_ID_MASK ||
	    idtable_find(&owner->ports, input->port_id))
		return HV_STATUS_INVALID_PORT_ID;
	if (!vp_is_valid(owner, input->port_info.u.message.target_vp))
		return HV_STATUS_INVALID_VP_INDEX;
	if (owner->ports.count >= owner->config.ports_max)
		return HV_STATUS_NO_RESOURCES;
	return HV_STATUS_SUCCESS;
}

uint16_t port_add(struct hvhost_partition *owner,
		  const struct hv_create_port_input *input)
{
	struct port *port = aligned_alloc(_Alignof(struct port), sizeof(*port));

	if (!port)
		return HV_STATUS_INSUFFICIENT_MEMORY;
	*port = (struct port){
		.id = input->port_id,
		.preferred_vp = HV_ANY_VP,
		.owner = owner,
		.connection_partition = input->connection_partition,
		.info = input->port_info,
	};
	if (idtable_add(&owner->ports, port->id, port)) {
		free(port);
		return HV_STATUS_INSUFFICIENT_MEMORY;
	}
	return HV_STATUS_SUCCESS;
}

uint16_t port_create(struct hvhost_machine *machine,
		     const struct hvhost_partition *caller,
		     const struct hv_create_port_input *input)
{
	struct hvhost_partition *owner, *peer;
	uint16_t status;

	lock_exclude(&machine->lock);
	status = partition_for_caller(machine, caller, input->port_partition,
				      &owner);
	if (!status) {
		peer = partition_find(machine, input->connection_partition);
		status = check_create(owner, peer, input);
	}
	if (!status)
		status = port_add(owner, input);
	lock_unexclude(&machine->lock);
	return status;
}

/*
 * Lose the messages of @port. All others wait meanwhile, and a guest may delete
 * ports as often as it likes: nothing is looked at that cannot have any.
 */
static void drop_messages(struct port *port)
{
	const struct hvhost_partition *owner = port->owner;
	unsigned int sint = port->info.u.message.target_sint;

	for (uint32_t i = 0; i < owner->vp_limit; i++) {
		struct hvhost_vp *vp = owner->vps[i];

		if (!queue_buffers_used(port))
			return;
		if (vp && !queue_is_empty(vp, &vp->queue[sint]))
			queue_drop(vp, &vp->queue[sint], port);
	}
}

void port_tell_room(struct port *port)
{
	const struct hvhost_partition_config *config;

	if (!atomic_load(&port->room_is_awaited) || !port->connection ||
	    !atomic_exchange(&port->room_is_awaited, false))
		return;
	config = &port->connection->owner->config;
	if (config->ops->tell_room)
		config->ops->tell_room(config->context);
}

/* Queued messages go with the port; what lies in a slot already stays there. */
void port_free(struct port *port)
{
	struct hvhost_partition *owner = port->owner;

	drop_messages(port);
	if (port->connection)
		port->connection->port = NULL;
	idtable_remove(&owner->ports, port->id);
	free(port);
}

/* The port that a caller names; 0 or the HV_STATUS of a refusal. */
static uint16_t find_port(struct hvhost_machine *machine,
			  const struct hvhost_partition *caller,
			  uint64_t partition_id, uint32_t port_id,
			  struct port **port)
{
	struct hvhost_partition *owner;
	uint16_t status;

	status = partition_for_caller(machine, caller, partition_id, &owner);
	if (status)
		return status;
	if (owner->state != HVHOST_PARTITION_ACTIVE)
		return HV_STATUS_INVALID_PARTITION_STATE;
	*port = idtable_find(&owner->ports, port_id);
	return *port ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_PORT_ID;
}

uint16_t port_delete(struct hvhost_machine *machine,
		     const struct hvhost_partition *caller,
		     const struct hv_delete_port_input *input)
{
	struct port *port;
	uint16_t status;

	if (input->rsvdz)
		return HV_STATUS_INVALID_PARAMETER;

	lock_exclude(&machine->lock);
	status = find_port(machine, caller, input->port_partition,
			   input->port_id, &port);
	if (!status)
		port_free(port);
	lock_unexclude(&machine->lock);
	return status;
}

uint16_t port_get_property(struct hvhost_machine *machine,
			   const struct hvhost_partition *caller,
			   const struct hv_get_port_property_input *input,
			   uint64_t *value)
{
	struct lock_shard *shard = lock_share(&machine->lock);
	struct port *port;
	uint16_t status;

	*value = 0;
	status = find_port(machine, caller, input->port_partition,
			   input->port_id, &port);
	if (!status && input->property == HV_PORT_PROPERTY_POST_COUNT)
		*value = port_posted(port);
	else if (!status &&
		 input->property == HV_PORT_PROPERTY_PREFERRED_TARGET_VP)
		*value = port->preferred_vp;
	else if (!status)
		status = HV_STATUS_UNKNOWN_PROPERTY;
	lock_unshare(shard);
	return status;
}

uint16_t hvhost_create_port(struct hvhost_machine *machine,
			    const struct hv_create_port_input *input)
{
	return port_create(machine, NULL, input);
}

uint16_t hvhost_delete_port(struct hvhost_machine *machine,
			    const struct hv_delete_port_input *input)
{
	return port_delete(machine, NULL, input);
}

uint16_t
hvhost_get_port_property(struct hvhost_machine *machine,
			 const struct hv_get_port_property_input *input,
			 uint64_t *value)
{
	return port_get_property(machine, NULL, input, value);
}

static uint16_t reassign(struct hvhost_machine *machine, struct port *port,
			 uint64_t connection_partition)
{
	struct hvhost_partition *peer = partition_find(machine,
						       connection_partition);

	if (!peer || peer == port->owner)
		return HV_STATUS_INVALID_PARTITION_ID;
	if (peer->state != HVHOST_PARTITION_ACTIVE)
		return HV_STATUS_INVALID_PARTITION_STATE;
	if (port->connection)
		return HV_STATUS_INVALID_PORT_ID;
	port->connection_partition = connection_partition;
	return HV_STATUS_SUCCESS;
}

uint16_t hvhost_reassign_port(struct hvhost_machine *machine,
			      uint64_t port_partition, uint32_t port_id,
			      uint64_t connection_partition)
{
	struct port *port;
	uint16_t status;

	lock_exclude(&machine->lock);
	status = find_port(machine, NULL, port_partition, port_id, &port);
	if (!status)
		status = reassign(machine, port, connection_partition);
	lock_unexclude(&machine->lock);
	return status;
}

uint64_t port_posted(const struct port *port)
{
	return port->posted_before +
	       (port->connection ? atomic_load(&port->connection->posted) : 0);
}

uint64_t port_refused(const struct port *port)
{
	return port->refused_before +
	       (port->connection ? atomic_load(&port->connection->refused) : 0);
}

static void read_counters(const struct port *port,
			  struct hvhost_port_counters *counters)
{
	counters->posted = port_posted(port);
	counters->refused = port_refused(port);
	counters->lost = atomic_load(&port->lost);
	if (port->info.port_type != HV_PORT_TYPE_MESSAGE)
		return;
	counters->queued = queue_buffers_used(port);
	counters->buffers_free = port->owner->config.message_buffers -
				 counters->queued;
	counters->delivered = counters->posted - counters->lost -
			      counters->queued;
}

/* Exclusive, so that the numbers are of one moment and add up. */
int hvhost_port_counters(struct hvhost_partition *partition, uint32_t port_id,
			 struct hvhost_port_counters *counters)
{
	struct lock *lock = &partition->machine->lock;
	struct port *port;

	memset(counters, 0, sizeof(*counters));
	lock_exclude(lock);
	port = idtable_find(&partition->ports, port_id);
	if (port)
		read_counters(port, counters);
	lock_unexclude(lock);
	return port ? 0 : -ENOENT;
}

int hvhost_port_next(struct hvhost_partition *partition, uint32_t id,
		     struct hvhost_port_view *view)
{
	struct lock_shard *shard = lock_share(&partition->machine->lock);
	const struct port *port = idtable_next(&partition->ports, &id);

	memset(view, 0, sizeof(*view));
	if (port)
		*view = (struct hvhost_port_view){
			.id = port->id,
			.is_connected = port->connection != NULL,
			.connection_partition = port->connection_partition,
			.info = port->info,
		};
	lock_unshare(shard);
	return port ? 0 : -ENOENT;
}
