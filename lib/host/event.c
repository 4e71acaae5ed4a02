// SPDX-License-Identifier: MIT
/* HvCallSignalEvent, from the copied input on. */
#include "probes.h"

static uint16_t signal_to(const struct target *target, uint32_t flag_number)
{
	const struct hv_port_info_event *event = &target->port->info.u.event;

	return synic_signal(target->vp, event->target_sint,
			    event->base_flag_number + flag_number);
}

/* The flag's range is the port's, so it is known only with the port. */
static uint16_t check_flag(const struct target *target, uint32_t flag_number)
{
	const struct port *port = target->port;

	if (port && port->owner->state == HVHOST_PARTITION_ACTIVE &&
	    port->info.port_type == HV_PORT_TYPE_EVENT &&
	    flag_number >= port->info.u.event.flag_count)
		return HV_STATUS_INVALID_PARAMETER;
	return HV_STATUS_SUCCESS;
}

static uint16_t signal_target(struct hvhost_vp *caller,
			      const struct hv_signal_event_input *input)
{
	struct hvhost_machine *machine = caller->partition->machine;
	struct lock_shard *shard;
	struct target target;
	uint16_t status, bad_flag;

	shard = lock_share(&machine->lock);
	status = target_find(caller->partition, input->connection_id,
			     HV_PORT_TYPE_EVENT, &target);
	bad_flag = check_flag(&target, input->flag_number);
	if (bad_flag)
		status = bad_flag;
	if (!status)
		status = signal_to(&target, input->flag_number);
	connection_count(target.connection, status);
	lock_unshare(shard);
	return status;
}

uint16_t event_signal(struct hvhost_vp *caller,
		      const struct hv_signal_event_input *input)
{
	uint16_t status = HV_STATUS_INVALID_PARAMETER;

	if (!input->rsvdz)
		status = signal_target(caller, input);
	probe_signal(caller, input, status);
	return status;
}
