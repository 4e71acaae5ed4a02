// SPDX-License-Identifier: MIT
/*
 * From a connection to the VP that its port delivers to, in the order in which
 * faults count: the caller's own name space first, then the port, which only a
 * valid connection lets it learn about, then the VP, then its SynIC.
 */
#include "internal.h"

static bool vp_takes(struct hvhost_vp *vp, const struct port *port)
{
	if (port->info.port_type == HV_PORT_TYPE_MESSAGE)
		return vp_takes_messages(vp);
	return vp_takes_events(vp);
}

/* Nothing waits at @vp for the port's SINT: a message would arrive at once. */
static bool vp_is_idle(struct hvhost_vp *vp, const struct port *port)
{
	unsigned int sint = port->info.u.message.target_sint;

	return queue_is_empty(vp, &vp->queue[sint]) &&
	       synic_slot_is_free(vp, sint);
}

static uint16_t find_named_vp(const struct port *port, struct hvhost_vp **vp)
{
	uint32_t index = port->info.u.message.target_vp;

	if (index >= port->owner->vp_limit || !port->owner->vps[index])
		return HV_STATUS_INVALID_VP_INDEX;
	*vp = port->owner->vps[index];
	if (!vp_takes(*vp, port))
		return HV_STATUS_INVALID_SYNIC_STATE;
	return HV_STATUS_SUCCESS;
}

/* Events go only where their SINT is not masked. */
static bool vp_is_candidate(struct hvhost_vp *vp, const struct port *port)
{
	if (!vp_takes(vp, port))
		return false;
	return port->info.port_type == HV_PORT_TYPE_MESSAGE ||
	       !synic_sint_is_masked(vp, port->info.u.event.target_sint);
}

/*
 * The search begins at another VP each time, so that all get their share; the
 * preferred one, if there is one, comes first.
 */
static uint32_t first_index(struct port *port)
{
	const struct hvhost_partition *owner = port->owner;

	if (port->preferred_vp < owner->vp_limit)
		return port->preferred_vp;
	return atomic_fetch_add_explicit(&port->next_vp, 1,
					 memory_order_relaxed) %
	       owner->vp_limit;
}

static uint16_t find_any_vp(struct port *port, struct hvhost_vp **vp)
{
	const struct hvhost_partition *owner = port->owner;
	uint32_t first;

	if (!owner->vp_limit)
		return HV_STATUS_INVALID_VP_INDEX;

	*vp = NULL;
	first = first_index(port);
	for (uint32_t i = 0; i < owner->vp_limit; i++) {
		uint32_t index = (first + i) % owner->vp_limit;
		struct hvhost_vp *candidate = owner->vps[index];

		if (!candidate || !vp_is_candidate(candidate, port))
			continue;
		if (vp_is_idle(candidate, port)) {
			*vp = candidate;
			return HV_STATUS_SUCCESS;
		}
		if (!*vp)
			*vp = candidate;
	}
	return *vp ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_SYNIC_STATE;
}

uint16_t target_find(const struct hvhost_partition *caller,
		     uint32_t connection_id, uint32_t port_type,
		     struct target *target)
{
	struct connection *connection;
	struct port *port;

	*target = (struct target){ 0 };
	connection = idtable_find(&caller->connections, connection_id);
	if (!connection)
		return HV_STATUS_INVALID_CONNECTION_ID;

	target->connection = connection;
	port = connection->port;
	target->port = port;
	if (!port || port->owner->state != HVHOST_PARTITION_ACTIVE ||
	    port->info.port_type != port_type)
		return HV_STATUS_INVALID_PORT_ID;

	if (port->info.u.message.target_vp == HV_ANY_VP)
		return find_any_vp(port, &target->vp);
	return find_named_vp(port, &target->vp);
}
