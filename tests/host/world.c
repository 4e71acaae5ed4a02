// SPDX-License-Identifier: MIT
#include "world.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

struct world world;

#define ALL_PRIVILEGES \
	(HV_ACCESS_SYNIC_REGS | HV_ACCESS_HYPERCALL_MSRS | \
	 HV_ACCESS_VP_INDEX | \
	 HVHOST_PRIVILEGE(HV_POST_MESSAGES | HV_SIGNAL_EVENTS | \
			  HV_CREATE_PORT | HV_CONNECT_PORT))

static bool touches(uint64_t page, uint64_t gpa, size_t size)
{
	return page != HVHOST_NO_GPA && gpa < page + HV_PAGE_SIZE &&
	       gpa + size > page;
}

static int read_memory(void *context, uint64_t gpa, void *to, size_t size)
{
	struct guest *guest = context;

	guest->reads++;
	guest->bytes_read += size;
	ck_assert_uint_le(gpa + size, WORLD_MEMORY_SIZE);
	if (touches(guest->page_unreadable, gpa, size))
		return -1;
	memcpy(to, guest->memory + gpa, size);
	return 0;
}

static int write_memory(void *context, uint64_t gpa, const void *from,
			size_t size)
{
	struct guest *guest = context;

	guest->writes++;
	ck_assert_uint_le(gpa + size, WORLD_MEMORY_SIZE);
	if (touches(guest->page_unwritable, gpa, size))
		return -1;
	memcpy(guest->memory + gpa, from, size);
	return 0;
}

static void assert_sint(void *context, uint32_t vp_index, unsigned int sint,
			uint8_t vector)
{
	struct guest *guest = context;

	ck_assert_uint_lt(guest->interrupts, WORLD_INTERRUPTS);
	guest->interrupt[guest->interrupts++] = (struct interrupt){
		.vp_index = vp_index, .sint = sint, .vector = vector,
	};
}

static void set_overlay(void *context, uint32_t vp_index, uint32_t msr,
			uint64_t gpa, void *contents)
{
	struct guest *guest = context;

	guest->overlays++;
	guest->overlay = (struct overlay){
		.vp_index = vp_index, .msr = msr, .gpa = gpa,
		.contents = contents,
	};
}

static void await_eoi(void *context, uint32_t vp_index, unsigned int sint)
{
	struct guest *guest = context;

	guest->awaited_vp = vp_index;
	guest->awaited_sint = sint;
	guest->awaits++;
}

static void tell_room(void *context)
{
	struct guest *guest = context;

	guest->rooms++;
}

static const struct hvhost_partition_ops ops = {
	.read_memory = read_memory,
	.write_memory = write_memory,
	.assert_sint = assert_sint,
	.set_overlay = set_overlay,
	.await_eoi = await_eoi,
	.tell_room = tell_room,
};

struct hvhost_partition_config guest_config(struct guest *guest)
{
	return (struct hvhost_partition_config){
		.privileges = ALL_PRIVILEGES,
		.gpa_size = WORLD_MEMORY_SIZE,
		.vp_count_max = WORLD_VPS,
		.ops = &ops,
		.context = guest,
	};
}

void guest_make(struct guest *guest, uint64_t privileges)
{
	struct hvhost_partition_config config = guest_config(guest);

	memset(guest, 0, sizeof(*guest));
	guest->page_unreadable = HVHOST_NO_GPA;
	guest->page_unwritable = HVHOST_NO_GPA;
	config.privileges = privileges;
	ck_assert_int_eq(hvhost_partition_new(world.machine, &config,
					      &guest->partition), 0);
	guest->id = hvhost_partition_id(guest->partition);
	ck_assert_int_eq(hvhost_partition_activate(guest->partition), 0);
}

struct hvhost_vp *guest_add_vp(struct guest *guest, uint32_t index)
{
	ck_assert_int_eq(hvhost_vp_new(guest->partition, index, NULL, NULL,
				       &guest->vp[index]), 0);
	return guest->vp[index];
}

void guest_write_msr(struct guest *guest, uint32_t vp, uint32_t msr,
		     uint64_t value)
{
	ck_assert_int_eq(hvhost_vp_write_msr(guest->vp[vp], msr, value), 0);
}

uint64_t guest_read_msr(struct guest *guest, uint32_t vp, uint32_t msr)
{
	uint64_t value;

	ck_assert_int_eq(hvhost_vp_read_msr(guest->vp[vp], msr, &value), 0);
	return value;
}

void guest_start_synic(struct guest *guest, uint32_t index)
{
	guest_write_msr(guest, index, HV_MSR_SCONTROL, HV_SCONTROL_ENABLE);
	guest_write_msr(guest, index, HV_MSR_SIMP, SIMP_ON(index));
	guest_write_msr(guest, index, HV_MSR_SIEFP, SIEFP_ON(index));
	for (uint32_t sint = 1; sint < HV_SINT_COUNT; sint++)
		guest_write_msr(guest, index, HV_MSR_SINT0 + sint,
				VECTOR(sint));
}

static void set_up(uint32_t flags)
{
	struct hvhost_machine_config config = { .flags = flags };

	ck_assert_int_eq(hvhost_machine_new(&config, &world.machine), 0);
	guest_make(&world.sender, ALL_PRIVILEGES);
	guest_add_vp(&world.sender, 0);
	guest_write_msr(&world.sender, 0, HV_MSR_GUEST_OS_ID,
			HV_GUEST_OS_ID_OPEN_SOURCE);

	guest_make(&world.receiver, ALL_PRIVILEGES);
	for (uint32_t vp = 0; vp < 2; vp++) {
		guest_add_vp(&world.receiver, vp);
		guest_start_synic(&world.receiver, vp);
	}
	guest_write_msr(&world.receiver, 0, HV_MSR_GUEST_OS_ID,
			HV_GUEST_OS_ID_OPEN_SOURCE);

	make_link(CONNECTION, PORT, SINT, 0);
	ck_assert_uint_eq(host_create(event_port(EVENT_PORT, EVENT_SINT, 0)), 0);
	ck_assert_uint_eq(host_connect(connect_to(EVENT_CONNECTION, EVENT_PORT,
						  HV_PORT_TYPE_EVENT)), 0);
}

void world_setup(void)
{
	set_up(0);
}

void world_setup_relaxed(void)
{
	set_up(HVHOST_MACHINE_RELAX_RSVDZ);
}

void world_teardown(void)
{
	hvhost_machine_free(world.machine);
	world.machine = NULL;
}

/* Ports and connections */

struct hv_create_port_input message_port(uint32_t id, uint32_t sint, uint32_t vp)
{
	return (struct hv_create_port_input){
		.port_partition = world.receiver.id,
		.port_id = id,
		.connection_partition = world.sender.id,
		.port_info.port_type = HV_PORT_TYPE_MESSAGE,
		.port_info.u.message.target_sint = sint,
		.port_info.u.message.target_vp = vp,
	};
}

struct hv_create_port_input event_port(uint32_t id, uint32_t sint, uint32_t vp)
{
	return (struct hv_create_port_input){
		.port_partition = world.receiver.id,
		.port_id = id,
		.connection_partition = world.sender.id,
		.port_info.port_type = HV_PORT_TYPE_EVENT,
		.port_info.u.event.target_sint = sint,
		.port_info.u.event.target_vp = vp,
		.port_info.u.event.base_flag_number = EVENT_BASE,
		.port_info.u.event.flag_count = EVENT_COUNT,
	};
}

struct hv_connect_port_input connect_to(uint32_t connection_id, uint32_t port_id,
					uint32_t port_type)
{
	return (struct hv_connect_port_input){
		.connection_partition = world.sender.id,
		.connection_id = connection_id,
		.port_partition = world.receiver.id,
		.port_id = port_id,
		.connection_info.port_type = port_type,
	};
}

uint16_t host_create(struct hv_create_port_input input)
{
	return hvhost_create_port(world.machine, &input);
}

uint16_t host_connect(struct hv_connect_port_input input)
{
	return hvhost_connect_port(world.machine, &input);
}

uint16_t host_delete(uint32_t port_id)
{
	struct hv_delete_port_input input = {
		.port_partition = world.receiver.id,
		.port_id = port_id,
	};

	return hvhost_delete_port(world.machine, &input);
}

uint16_t host_disconnect(uint32_t connection_id)
{
	struct hv_disconnect_port_input input = {
		.connection_partition = world.sender.id,
		.connection_id = connection_id,
	};

	return hvhost_disconnect_port(world.machine, &input);
}

void make_link(uint32_t connection_id, uint32_t port_id, uint32_t sint,
	       uint32_t vp)
{
	ck_assert_uint_eq(host_create(message_port(port_id, sint, vp)), 0);
	ck_assert_uint_eq(host_connect(connect_to(connection_id, port_id,
						  HV_PORT_TYPE_MESSAGE)), 0);
}

/* Hypercalls */

uint16_t guest_call(struct guest *guest, uint64_t control, uint64_t input,
		    uint64_t output)
{
	struct hvhost_hypercall call = {
		.control = control, .input = input, .output = output,
		.protected_mode = 1,
	};
	uint64_t result;

	ck_assert_int_eq(hvhost_vp_hypercall(guest->vp[0], &call, &result), 0);
	ck_assert_uint_eq(result & ~HV_RESULT_STATUS_MASK, 0);
	return (uint16_t)result;
}

uint16_t guest_call_with(struct guest *guest, uint64_t control,
			 const void *input, size_t size)
{
	memcpy(guest->memory + INPUT_GPA, input, size);
	return guest_call(guest, control, INPUT_GPA, OUTPUT_GPA);
}

struct hv_post_message_input post_input(uint32_t connection_id, uint32_t type)
{
	struct hv_post_message_input input = {
		.connection_id = connection_id,
		.message_type = type,
		.payload_size = sizeof(type),
	};

	memcpy(input.payload, &type, sizeof(type));
	return input;
}

uint16_t guest_post(const struct hv_post_message_input *input)
{
	return guest_call_with(&world.sender, HV_CALL_POST_MESSAGE, input,
			       sizeof(*input));
}

uint16_t post(uint32_t connection_id, uint32_t type)
{
	struct hv_post_message_input input = post_input(connection_id, type);

	return guest_post(&input);
}

uint16_t guest_signal(uint32_t connection_id, uint16_t flag)
{
	struct hv_signal_event_input input = {
		.connection_id = connection_id, .flag_number = flag,
	};

	return guest_call_with(&world.sender, HV_CALL_SIGNAL_EVENT, &input,
			       sizeof(input));
}

/* The receiver */

struct hv_slot *slot_of(uint32_t vp, uint32_t sint)
{
	return &hvhost_vp_sim(world.receiver.vp[vp])->slot[sint];
}

uint32_t empty_slot(uint32_t vp, uint32_t sint)
{
	return __atomic_exchange_n(&slot_of(vp, sint)->message_type,
				   HV_MESSAGE_TYPE_NONE, __ATOMIC_SEQ_CST);
}

uint32_t take(uint32_t vp, uint32_t sint)
{
	uint32_t type = empty_slot(vp, sint);

	if (type && __atomic_load_n(&slot_of(vp, sint)->message_flags,
				    __ATOMIC_SEQ_CST) & HV_MESSAGE_PENDING)
		guest_write_msr(&world.receiver, vp, HV_MSR_EOM, 0);
	return type;
}

bool flag_is_set(uint32_t vp, uint32_t sint, unsigned int flag)
{
	struct hv_sief_page *sief = hvhost_vp_sief(world.receiver.vp[vp]);

	return sief->sint[sint].flags[flag / 8] & (1u << (flag % 8));
}

struct hvhost_vp_state vp_state(uint32_t vp)
{
	struct hvhost_vp_state state;

	hvhost_vp_inspect(world.receiver.vp[vp], &state);
	return state;
}

struct hvhost_port_counters counters_of(uint32_t port_id)
{
	struct hvhost_port_counters counters;

	ck_assert_int_eq(hvhost_port_counters(world.receiver.partition, port_id,
					      &counters), 0);
	return counters;
}

static void look_at_port(uint32_t id, struct hvhost_port_counters *counters)
{
	hvhost_port_counters(world.receiver.partition, id, counters);
	counters->refused = 0;
}

void look_at_world(struct look *look)
{
	struct guest *receiver = &world.receiver;

	memset(look, 0, sizeof(*look));
	for (uint32_t vp = 0; vp < WORLD_VPS; vp++) {
		if (!receiver->vp[vp])
			continue;
		hvhost_vp_inspect(receiver->vp[vp], &look->state[vp]);
		look->sim[vp] = *hvhost_vp_sim(receiver->vp[vp]);
		look->sief[vp] = *hvhost_vp_sief(receiver->vp[vp]);
	}
	for (uint32_t sint = 0; receiver->vp[0] && sint < HV_SINT_COUNT; sint++)
		look->sint[sint] = guest_read_msr(receiver, 0,
						  HV_MSR_SINT0 + sint);
	look_at_port(PORT, &look->port);
	look_at_port(EVENT_PORT, &look->event_port);
	look->interrupts = receiver->interrupts + world.sender.interrupts;
	look->overlays = receiver->overlays + world.sender.overlays;
	look->writes = receiver->writes + world.sender.writes;
	memcpy(look->sender_memory, world.sender.memory, WORLD_MEMORY_SIZE);
	memcpy(look->receiver_memory, receiver->memory, WORLD_MEMORY_SIZE);
}

void assert_world_is(const struct look *before)
{
	static struct look now;

	look_at_world(&now);
	ck_assert_mem_eq(&now.state, &before->state, sizeof(now.state));
	ck_assert_mem_eq(&now.sim, &before->sim, sizeof(now.sim));
	ck_assert_mem_eq(&now.sief, &before->sief, sizeof(now.sief));
	ck_assert_mem_eq(&now.port, &before->port, sizeof(now.port));
	ck_assert_mem_eq(&now.event_port, &before->event_port,
			 sizeof(now.event_port));
	ck_assert_mem_eq(&now, before, sizeof(now));
}
