// SPDX-License-Identifier: MIT
/* HvCallPostMessage, from the copied input on. */
#include "internal.h"

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

static bool take_buffer(struct port *port)
{
	uint32_t free = atomic_load_explicit(&port->buffers_free,
					     memory_order_relaxed);

	while (free)
		if (atomic_compare_exchange_weak_explicit(&port->buffers_free,
							  &free, free - 1,
							  memory_order_relaxed,
							  memory_order_relaxed))
			return true;
	return false;
}

/*
 * The buffer comes last, so that a refusal has no effect; a lasting fault also
 * outranks a passing one, which callers would retry.
 */
static uint16_t post_to(const struct target *target,
			const struct hv_post_message_input *input)
{
	if (!take_buffer(target->port))
		return HV_STATUS_INSUFFICIENT_BUFFERS;

	if (synic_post(target->vp, target->port, input)) {
		atomic_fetch_add(&target->port->buffers_free, 1);
		return HV_STATUS_INSUFFICIENT_BUFFERS;
	}
	return HV_STATUS_SUCCESS;
}

uint16_t message_post(struct hvhost_vp *caller,
		      const struct hv_post_message_input *input)
{
	struct hvhost_machine *machine = caller->partition->machine;
	struct lock_shard *shard;
	struct target target;
	uint16_t status;

	status = check_input(machine, input);
	if (status)
		return status;

	shard = lock_share(&machine->lock);
	status = target_find(caller->partition, input->connection_id,
			     HV_PORT_TYPE_MESSAGE, &target);
	if (!status)
		status = post_to(&target, input);
	target_count(&target, status);
	lock_unshare(shard);
	return status;
}
