// SPDX-License-Identifier: MIT
#include "machine.h"

#include <string.h>

#include "bench.h"

#define MEMORY_SIZE	0x4000u
#define INPUT_GPA(n)	(0x1000u * ((n) + 1))
#define SIM_GPA		0x3000u
#define VECTOR(sint)	(0x30u + (sint))

static _Alignas(HV_PAGE_SIZE) uint8_t memory[MEMORY_SIZE];

static int read_memory(void *context, uint64_t gpa, void *to, size_t size)
{
	(void)context;
	memcpy(to, memory + gpa, size);
	return 0;
}

static int write_memory(void *context, uint64_t gpa, const void *from,
			size_t size)
{
	(void)context;
	memcpy(memory + gpa, from, size);
	return 0;
}

static void assert_sint(void *context, uint32_t vp_index, unsigned int sint,
			uint8_t vector)
{
	(void)context;
	(void)vp_index;
	(void)sint;
	(void)vector;
}

static const struct hvhost_partition_ops ops = {
	.read_memory = read_memory,
	.write_memory = write_memory,
	.assert_sint = assert_sint,
};

struct hv_post_message_input *machine_input(unsigned int poster)
{
	return (void *)(memory + INPUT_GPA(poster));
}

static void must(int err)
{
	if (err)
		bench_fail("the engine refuses to be set up");
}

static struct hvhost_partition *partition_make(struct machine *machine)
{
	const struct hvhost_partition_config config = {
		.privileges = HV_ACCESS_SYNIC_REGS | HV_ACCESS_HYPERCALL_MSRS |
			      HVHOST_PRIVILEGE(HV_POST_MESSAGES),
		.gpa_size = MEMORY_SIZE,
		.vp_count_max = POSTERS,
		.ports_max = HV_ID_MASK,
		.connections_max = HV_ID_MASK,
		.ops = &ops,
	};
	struct hvhost_partition *partition;

	must(hvhost_partition_new(machine->machine, &config, &partition));
	must(hvhost_partition_activate(partition));
	return partition;
}

static void start_synic(struct hvhost_vp *vp)
{
	must(hvhost_vp_write_msr(vp, HV_MSR_SCONTROL, HV_SCONTROL_ENABLE));
	must(hvhost_vp_write_msr(vp, HV_MSR_SIMP, SIM_GPA | HV_PAGE_ENABLE));
	for (uint32_t sint = 1; sint < HV_SINT_COUNT; sint++)
		must(hvhost_vp_write_msr(vp, HV_MSR_SINT0 + sint, VECTOR(sint)));
}

void machine_make(struct machine *machine)
{
	must(hvhost_machine_new(NULL, &machine->machine));
	machine->sender = partition_make(machine);
	for (uint32_t i = 0; i < POSTERS; i++) {
		must(hvhost_vp_new(machine->sender, i, NULL, NULL,
				   &machine->poster[i]));
		*machine_input(i) = (struct hv_post_message_input){
			.message_type = 1,
			.payload_size = HV_MESSAGE_PAYLOAD_SIZE_MAX,
		};
	}
	must(hvhost_vp_write_msr(machine->poster[0], HV_MSR_GUEST_OS_ID,
				 HV_GUEST_OS_ID_OPEN_SOURCE));
	machine->receiver = partition_make(machine);
	must(hvhost_vp_new(machine->receiver, 0, NULL, NULL, &machine->vp));
	start_synic(machine->vp);
}

void machine_free(struct machine *machine)
{
	hvhost_machine_free(machine->machine);
}

void machine_link(struct machine *machine, uint32_t id, uint32_t sint)
{
	const struct hv_create_port_input port = {
		.port_partition = hvhost_partition_id(machine->receiver),
		.port_id = id,
		.connection_partition = hvhost_partition_id(machine->sender),
		.port_info.port_type = HV_PORT_TYPE_MESSAGE,
		.port_info.u.message.target_sint = sint,
	};
	const struct hv_connect_port_input connection = {
		.connection_partition = port.connection_partition,
		.connection_id = id,
		.port_partition = port.port_partition,
		.port_id = id,
		.connection_info.port_type = HV_PORT_TYPE_MESSAGE,
	};

	must(hvhost_create_port(machine->machine, &port));
	must(hvhost_connect_port(machine->machine, &connection));
}

uint16_t machine_post(struct machine *machine, unsigned int poster)
{
	const struct hvhost_hypercall call = {
		.control = HV_CALL_POST_MESSAGE,
		.input = INPUT_GPA(poster),
		.protected_mode = 1,
	};
	uint64_t result;

	must(hvhost_vp_hypercall(machine->poster[poster], &call, &result));
	return result & HV_RESULT_STATUS_MASK;
}

bool machine_take(struct machine *machine, unsigned int sint)
{
	struct hv_slot *slot = &hvhost_vp_sim(machine->vp)->slot[sint];
	static _Thread_local struct hv_slot taken;

	if (!__atomic_load_n(&slot->message_type, __ATOMIC_ACQUIRE))
		return false;
	memcpy(&taken, slot, sizeof(taken));
	__asm__ volatile("" : : "r"(&taken) : "memory");
	__atomic_store_n(&slot->message_type, HV_MESSAGE_TYPE_NONE,
			 __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&slot->message_flags, __ATOMIC_SEQ_CST) &
	    HV_MESSAGE_PENDING)
		hvhost_vp_eom(machine->vp);
	return true;
}
