// SPDX-License-Identifier: MIT
#include "demo_machine.h"

#include <errno.h>
#include <string.h>

#define SIM_GPA		0x1000u
#define MEMORY_SIZE	0x2000u
#define VECTOR		0x33u

/* The sender's memory is the machine's input, and nothing else. */
static int read_memory(void *context, uint64_t gpa, void *to, size_t size)
{
	const struct demo_machine *machine = context;

	if (gpa > sizeof(machine->input) || sizeof(machine->input) - gpa < size)
		return -1;
	memcpy(to, (const uint8_t *)&machine->input + gpa, size);
	return 0;
}

/* No call of these guests has an output. */
static int write_memory(void *context, uint64_t gpa, const void *from,
			size_t size)
{
	(void)context;
	(void)gpa;
	(void)from;
	(void)size;
	return -1;
}

static void note_interrupt(void *context, uint32_t vp_index, unsigned int sint,
			   uint8_t vector)
{
	struct demo_machine *machine = context;

	(void)vp_index;
	machine->interrupts++;
	machine->sint = sint;
	machine->vector = vector;
}

static const struct hvhost_partition_ops ops = {
	.read_memory = read_memory,
	.write_memory = write_memory,
	.assert_sint = note_interrupt,
};

struct guest {
	struct hvhost_partition **partition;
	struct hvhost_vp **vp;
	uint64_t privileges;
};

static int add_guest(struct demo_machine *machine, const struct guest *guest,
		     uint32_t buffers)
{
	const struct hvhost_partition_config config = {
		.privileges = guest->privileges,
		.gpa_size = MEMORY_SIZE,
		.vp_count_max = 1,
		.message_buffers = buffers,
		.ops = &ops,
		.context = machine,
	};
	int err;

	err = hvhost_partition_new(machine->host, &config, guest->partition);
	if (!err)
		err = hvhost_partition_activate(*guest->partition);
	if (!err)
		err = hvhost_vp_new(*guest->partition, 0, NULL, NULL,
				    guest->vp);
	return err;
}

static int start_guests(struct demo_machine *machine)
{
	int err = hvhost_vp_write_msr(machine->sender_vp, HV_MSR_GUEST_OS_ID,
				      HV_GUEST_OS_ID_OPEN_SOURCE);

	if (!err)
		err = hvhost_vp_write_msr(machine->receiver_vp, HV_MSR_SCONTROL,
					  HV_SCONTROL_ENABLE);
	if (!err)
		err = hvhost_vp_write_msr(machine->receiver_vp, HV_MSR_SIMP,
					  SIM_GPA | HV_PAGE_ENABLE);
	if (!err)
		err = hvhost_vp_write_msr(machine->receiver_vp,
					  HV_MSR_SINT0 + DEMO_SINT, VECTOR);
	return err;
}

/* Of two good inputs only want of memory can come. */
static int add_link(struct demo_machine *machine)
{
	const struct hv_create_port_input port = {
		.port_partition = hvhost_partition_id(machine->receiver),
		.port_id = DEMO_PORT,
		.connection_partition = hvhost_partition_id(machine->sender),
		.port_info.port_type = HV_PORT_TYPE_MESSAGE,
		.port_info.u.message.target_sint = DEMO_SINT,
	};
	const struct hv_connect_port_input connection = {
		.connection_partition = port.connection_partition,
		.connection_id = DEMO_CONNECTION,
		.port_partition = port.port_partition,
		.port_id = DEMO_PORT,
		.connection_info.port_type = HV_PORT_TYPE_MESSAGE,
	};

	if (hvhost_create_port(machine->host, &port) ||
	    hvhost_connect_port(machine->host, &connection))
		return -ENOMEM;
	return 0;
}

int demo_machine_make(struct demo_machine *machine, uint32_t buffers)
{
	const struct guest sender = {
		.partition = &machine->sender,
		.vp = &machine->sender_vp,
		.privileges = HV_ACCESS_HYPERCALL_MSRS |
			      HVHOST_PRIVILEGE(HV_POST_MESSAGES),
	};
	const struct guest receiver = {
		.partition = &machine->receiver,
		.vp = &machine->receiver_vp,
		.privileges = HV_ACCESS_SYNIC_REGS,
	};
	int err;

	memset(machine, 0, sizeof(*machine));
	err = hvhost_machine_new(NULL, &machine->host);
	if (!err)
		err = add_guest(machine, &sender, 0);
	if (!err)
		err = add_guest(machine, &receiver, buffers);
	if (!err)
		err = start_guests(machine);
	if (!err)
		err = add_link(machine);
	return err;
}

void demo_machine_free(struct demo_machine *machine)
{
	hvhost_machine_free(machine->host);
}

uint16_t demo_machine_post(struct demo_machine *machine, const void *payload,
			   size_t size)
{
	const struct hvhost_hypercall call = {
		.control = HV_CALL_POST_MESSAGE,
		.protected_mode = 1,
	};
	uint64_t result;

	machine->input = (struct hv_post_message_input){
		.connection_id = DEMO_CONNECTION,
		.message_type = HV_MESSAGE_TYPE_VMBUS,
		.payload_size = (uint32_t)size,
	};
	memcpy(machine->input.payload, payload, size);
	/* Fails for callers without GUEST_OS_ID only. */
	hvhost_vp_hypercall(machine->sender_vp, &call, &result);
	return result & HV_RESULT_STATUS_MASK;
}

static struct hv_slot *slot_of(const struct demo_machine *machine)
{
	return &hvhost_vp_sim(machine->receiver_vp)->slot[DEMO_SINT];
}

const struct hv_slot *demo_machine_slot(const struct demo_machine *machine)
{
	return slot_of(machine);
}

/* A real guest runs beside the host, so the order is the one that it needs. */
bool demo_machine_take(struct demo_machine *machine, struct hv_slot *message)
{
	struct hv_slot *slot = slot_of(machine);

	if (!__atomic_load_n(&slot->message_type, __ATOMIC_ACQUIRE))
		return false;
	*message = *slot;
	__atomic_store_n(&slot->message_type, HV_MESSAGE_TYPE_NONE,
			 __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&slot->message_flags, __ATOMIC_SEQ_CST) &
	    HV_MESSAGE_PENDING) {
		machine->eoms++;
		hvhost_vp_write_msr(machine->receiver_vp, HV_MSR_EOM, 0);
	}
	return true;
}

struct hvhost_port_counters
demo_machine_counters(const struct demo_machine *machine)
{
	struct hvhost_port_counters counters;

	hvhost_port_counters(machine->receiver, DEMO_PORT, &counters);
	return counters;
}
