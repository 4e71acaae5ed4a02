// SPDX-License-Identifier: MIT
/* HvCallPostMessage, from the copied input on. */
#include "probes.h"

static uint16_t check_input(const struct hvhost_machine *machine,
			    const struct hv_post_message_input *input)
{
	if (input->rsvdz && !(machine->flags & HVHOST_MACHINE_RELAX_RSVDZ))
		return HV_STATUS_INVALID_PARAMETER;
	if (input->message_type == HV_MESSAGE_TYPE_NONE ||
	    input->message_type & HV_MESSAGE_TYPE_HYPERVISOR ||
	    input->payload_size > HV_MESSAGE_PAYLOAD_SIZE_MAX)
		return HV_STATUS_INVALID_PARAMETER;
	return HV_STATUS_SUCCESS;
}

static uint16_t post_to_target(struct hvhost_vp *caller,
			       const struct hv_post_message_input *input)
{
	struct hvhost_machine *machine = caller->partition->machine;
	struct lock_shard *shard;
	struct target target;
	uint16_t status;

	shard = lock_share(&machine->lock);
	status = target_find(caller->partition, input->connection_id,
			     HV_PORT_TYPE_MESSAGE, &target);
	if (!status)
		status = synic_post(target.vp, target.port, input);
	connection_count(target.connection, status);
	lock_unshare(shard);
	return status;
}

uint16_t message_post(struct hvhost_vp *caller,
		      const struct hv_post_message_input *input)
{
	uint16_t status = check_input(caller->partition->machine, input);

	if (!status)
		status = post_to_target(caller, input);
	probe_post(caller, input, status);
	return status;
}
