// SPDX-License-Identifier: MIT
/*
 * Hypercalls as the guest issues them. The input is copied once, and nothing
 * looks at guest memory again.
 */
#include "internal.h"

#include <errno.h>
#include <string.h>

union input {
	struct hv_post_message_input post_message;
	struct hv_signal_event_input signal_event;
	struct hv_create_port_input create_port;
	struct hv_delete_port_input delete_port;
	struct hv_connect_port_input connect_port;
	struct hv_disconnect_port_input disconnect_port;
	struct hv_get_port_property_input get_port_property;
	uint64_t words[2];
};

static uint16_t do_post_message(struct hvhost_vp *caller,
				const union input *input, uint64_t *output)
{
	(void)output;
	return message_post(caller, &input->post_message);
}

static uint16_t do_signal_event(struct hvhost_vp *caller,
				const union input *input, uint64_t *output)
{
	(void)output;
	return event_signal(caller, &input->signal_event);
}

static uint16_t do_create_port(struct hvhost_vp *caller,
			       const union input *input, uint64_t *output)
{
	(void)output;
	return port_create(caller->partition->machine, caller->partition,
			   &input->create_port);
}

static uint16_t do_delete_port(struct hvhost_vp *caller,
			       const union input *input, uint64_t *output)
{
	(void)output;
	return port_delete(caller->partition->machine, caller->partition,
			   &input->delete_port);
}

static uint16_t do_connect_port(struct hvhost_vp *caller,
				const union input *input, uint64_t *output)
{
	(void)output;
	return connection_connect(caller->partition->machine, caller->partition,
				  &input->connect_port);
}

static uint16_t do_disconnect_port(struct hvhost_vp *caller,
				   const union input *input, uint64_t *output)
{
	(void)output;
	return connection_disconnect(caller->partition->machine,
				     caller->partition,
				     &input->disconnect_port);
}

static uint16_t do_get_port_property(struct hvhost_vp *caller,
				     const union input *input, uint64_t *output)
{
	return port_get_property(caller->partition->machine, caller->partition,
				 &input->get_port_property, output);
}

static const struct call {
	uint16_t code;
	uint16_t input_size;
	uint8_t output_size;
	bool fast_allowed;
	uint64_t privilege;
	uint16_t (*run)(struct hvhost_vp *caller, const union input *input,
			uint64_t *output);
} calls[] = {
	{ HV_CALL_POST_MESSAGE, sizeof(struct hv_post_message_input), 0, false,
	  HVHOST_PRIVILEGE(HV_POST_MESSAGES), do_post_message },
	{ HV_CALL_SIGNAL_EVENT, sizeof(struct hv_signal_event_input), 0, true,
	  HVHOST_PRIVILEGE(HV_SIGNAL_EVENTS), do_signal_event },
	{ HV_CALL_CREATE_PORT, sizeof(struct hv_create_port_input), 0, false,
	  HVHOST_PRIVILEGE(HV_CREATE_PORT), do_create_port },
	{ HV_CALL_DELETE_PORT, sizeof(struct hv_delete_port_input), 0, true,
	  HVHOST_PRIVILEGE(HV_CREATE_PORT), do_delete_port },
	{ HV_CALL_CONNECT_PORT, sizeof(struct hv_connect_port_input), 0, false,
	  HVHOST_PRIVILEGE(HV_CONNECT_PORT), do_connect_port },
	{ HV_CALL_DISCONNECT_PORT, sizeof(struct hv_disconnect_port_input), 0,
	  true, HVHOST_PRIVILEGE(HV_CONNECT_PORT), do_disconnect_port },
	{ HV_CALL_GET_PORT_PROPERTY, sizeof(struct hv_get_port_property_input),
	  sizeof(uint64_t), false, HVHOST_PRIVILEGE(HV_CREATE_PORT),
	  do_get_port_property },
};

static const struct call *find_call(uint16_t code)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (calls[i].code == code)
			return &calls[i];
	return NULL;
}

/* All of these are simple calls: no repetition, no variable header. */
static bool control_is_valid(const struct call *call, uint64_t control)
{
	const uint64_t zero = HV_CONTROL_RSVDZ_MASK | HV_CONTROL_REP_COUNT_MASK |
			      HV_CONTROL_REP_START_MASK | HV_CONTROL_NESTED |
			      HV_CONTROL_VARIABLE_HEADER_MASK;

	if (control & zero)
		return false;
	return !(control & HV_CONTROL_FAST) || call->fast_allowed;
}

/* A list is 8-aligned, within one page, and within guest memory. */
static bool list_is_valid(const struct hvhost_partition *partition,
			  uint64_t gpa, uint16_t size)
{
	return gpa % HV_INPUT_ALIGNMENT == 0 &&
	       gpa % HV_PAGE_SIZE + size <= HV_PAGE_SIZE &&
	       gpa < partition->config.gpa_size &&
	       partition->config.gpa_size - gpa >= size;
}

static uint16_t get_input(const struct hvhost_partition *partition,
			  const struct call *call,
			  const struct hvhost_hypercall *registers,
			  union input *input)
{
	const struct hvhost_partition_config *config = &partition->config;

	if (registers->control & HV_CONTROL_FAST) {
		input->words[0] = registers->input;
		input->words[1] = registers->output;
		return HV_STATUS_SUCCESS;
	}
	if (!list_is_valid(partition, registers->input, call->input_size))
		return HV_STATUS_INVALID_ALIGNMENT;
	if (call->output_size &&
	    !list_is_valid(partition, registers->output, call->output_size))
		return HV_STATUS_INVALID_ALIGNMENT;
	if (config->ops->read_memory(config->context, registers->input, input,
				     call->input_size))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	return HV_STATUS_SUCCESS;
}

static uint16_t put_output(const struct hvhost_partition *partition,
			   const struct call *call,
			   const struct hvhost_hypercall *registers,
			   const uint64_t *output)
{
	const struct hvhost_partition_config *config = &partition->config;

	if (call->output_size &&
	    config->ops->write_memory(config->context, registers->output,
				      output, call->output_size))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	return HV_STATUS_SUCCESS;
}

static uint16_t run_call(struct hvhost_vp *vp,
			 const struct hvhost_hypercall *registers)
{
	const struct hvhost_partition *partition = vp->partition;
	const struct call *call;
	union input input;
	uint64_t output = 0;
	uint16_t status;

	call = find_call((uint16_t)(registers->control & HV_CONTROL_CODE_MASK));
	if (!call)
		return HV_STATUS_INVALID_HYPERCALL_CODE;
	if (!(partition->config.privileges & call->privilege))
		return HV_STATUS_ACCESS_DENIED;
	if (!control_is_valid(call, registers->control))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;

	status = get_input(partition, call, registers, &input);
	if (status)
		return status;
	status = call->run(vp, &input, &output);
	if (status)
		return status;
	return put_output(partition, call, registers, &output);
}

int hvhost_vp_hypercall(struct hvhost_vp *vp,
			const struct hvhost_hypercall *call, uint64_t *result)
{
	*result = 0;
	if (call->cpl || !call->protected_mode ||
	    !atomic_load(&vp->partition->guest_os_id))
		return -EPERM;

	*result = run_call(vp, call);
	if (*result && *result < STATUSES &&
	    (call->control & HV_CONTROL_CODE_MASK) == HV_CALL_POST_MESSAGE)
		count(&vp->refused[*result]);
	return 0;
}
