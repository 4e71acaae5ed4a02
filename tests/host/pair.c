// SPDX-License-Identifier: MIT
#include "pair.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model.h"

#define OUTPUT_GPA	0x1008u

struct guest {
	struct hvhost_partition *partition;
	uint64_t id;
	uint64_t id_before;
	struct hvhost_vp *vp[MODEL_VPS];
	struct hv_sim_page *sim[MODEL_VPS];
	struct hv_sief_page *sief[MODEL_VPS];
	uint8_t memory[MODEL_MEMORY_SIZE];
};

/* The pages that these VPs bring; the others leave it to the engine. */
#define OWN_PAGES_VP	1u

struct own_pages {
	_Alignas(4096) struct hv_sim_page sim;
	struct hv_sief_page sief;
};

static struct pair {
	struct hvhost_machine *machine;
	struct guest guest[MODEL_PARTITIONS];
	struct effects effects;
	bool is_restoring;		/* pages are being placed anew */
	struct model model;
	char difference[512];		/* the first; empty: none */
} pair;

static struct own_pages own_pages[MODEL_PARTITIONS];

__attribute__((format(printf, 1, 2)))
static void differ(const char *format, ...)
{
	va_list arguments;

	if (pair.difference[0])
		return;
	va_start(arguments, format);
	vsnprintf(pair.difference, sizeof(pair.difference), format, arguments);
	va_end(arguments);
}

static void expect(const char *what, int64_t engine, int64_t model)
{
	if (engine != model)
		differ("%s: engine 0x%" PRIx64 ", model 0x%" PRIx64, what,
		       (uint64_t)engine, (uint64_t)model);
}

/* What the engine asks of its user */

static uint32_t number_of(const struct guest *guest)
{
	return (uint32_t)(guest - pair.guest);
}

static int use_memory(uint64_t gpa, size_t size)
{
	if (gpa > MODEL_MEMORY_SIZE || MODEL_MEMORY_SIZE - gpa < size)
		differ("engine uses memory at 0x%" PRIx64, gpa);
	return pair.difference[0] || gpa / 4096 == MODEL_BAD_PAGE / 4096 ? -1 : 0;
}

static int read_memory(void *context, uint64_t gpa, void *to, size_t size)
{
	struct guest *guest = context;

	effects_add(&pair.effects, (struct effect){
			.kind = EFFECT_READ, .partition = number_of(guest),
			.what = (uint32_t)size, .value = gpa,
		});
	if (use_memory(gpa, size))
		return -1;
	memcpy(to, guest->memory + gpa, size);
	return 0;
}

static int write_memory(void *context, uint64_t gpa, const void *from,
			size_t size)
{
	struct guest *guest = context;
	struct effect effect = {
		.kind = EFFECT_WRITE, .partition = number_of(guest),
		.what = (uint32_t)size, .value = gpa,
	};

	memcpy(&effect.data, from, size < 8 ? size : 8);
	effects_add(&pair.effects, effect);
	return use_memory(gpa, size);
}

static void assert_sint(void *context, uint32_t vp_index, unsigned int sint,
			uint8_t vector)
{
	effects_add(&pair.effects, (struct effect){
			.kind = EFFECT_INTERRUPT, .partition = number_of(context),
			.vp = vp_index, .what = sint, .value = vector,
		});
}

static void set_overlay(void *context, uint32_t vp_index, uint32_t msr,
			uint64_t gpa, void *contents)
{
	const struct guest *guest = context;
	const void *page = msr == HV_MSR_SIMP ?
			   (void *)guest->sim[vp_index] :
			   (void *)guest->sief[vp_index];

	if (contents != page && !pair.is_restoring)
		differ("overlay of MSR 0x%x shows another page", msr);
	effects_add(&pair.effects, (struct effect){
			.kind = EFFECT_OVERLAY, .partition = number_of(guest),
			.vp = vp_index, .what = msr, .value = gpa,
		});
}

static const struct hvhost_partition_ops ops = {
	.read_memory = read_memory,
	.write_memory = write_memory,
	.assert_sint = assert_sint,
	.set_overlay = set_overlay,
};

/* Looking at both */

static bool vp_is_same(uint32_t partition, uint32_t vp)
{
	const struct model_vp *model = &pair.model.partition[partition].vp[vp];
	struct guest *guest = &pair.guest[partition];
	struct hvhost_vp_state seen, expected;

	hvhost_vp_inspect(guest->vp[vp], &seen);
	model_vp_inspect(&pair.model, partition, vp, &expected);
	return !memcmp(&seen, &expected, sizeof(seen)) &&
	       !memcmp(guest->sim[vp], &model->sim, sizeof(model->sim)) &&
	       !memcmp(guest->sief[vp], &model->sief, sizeof(model->sief));
}

static void explain_slots(const struct hv_sim_page *seen,
			  const struct hv_sim_page *expected)
{
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++) {
		const struct hv_slot *a = &seen->slot[sint];
		const struct hv_slot *b = &expected->slot[sint];

		if (memcmp(a, b, sizeof(*a)))
			differ("slot of SINT %u: engine type 0x%x size %u flags 0x%x origin 0x%" PRIx64
			       ", model type 0x%x size %u flags 0x%x origin 0x%" PRIx64 "%s",
			       sint, a->message_type, a->payload_size,
			       a->message_flags, a->origin, b->message_type,
			       b->payload_size, b->message_flags, b->origin,
			       memcmp(a->payload, b->payload,
				      sizeof(a->payload)) ?
			       ", payloads differ" : "");
	}
}

static void explain_vp(uint32_t partition, uint32_t vp)
{
	const struct model_vp *model = &pair.model.partition[partition].vp[vp];
	struct guest *guest = &pair.guest[partition];
	struct hvhost_vp_state seen, expected;

	hvhost_vp_inspect(guest->vp[vp], &seen);
	model_vp_inspect(&pair.model, partition, vp, &expected);
	expect("VP: messages delivered", (int64_t)seen.delivered,
	       (int64_t)expected.delivered);
	expect("VP: messages lost", (int64_t)seen.lost, (int64_t)expected.lost);
	expect("VP: EOMs", (int64_t)seen.eoms, (int64_t)expected.eoms);
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++)
		if (seen.queued[sint] != expected.queued[sint])
			differ("VP: engine has %u messages queued at SINT %u, model %u",
			       seen.queued[sint], sint, expected.queued[sint]);
	explain_slots(guest->sim[vp], &model->sim);
	expect("VP: slots occupied", seen.slots_occupied,
	       expected.slots_occupied);
	expect("VP: SINTs stuck", seen.sints_stuck, expected.sints_stuck);
	expect("VP: SINTs masked", seen.sints_masked, expected.sints_masked);
	differ("VP: its state or event flags differ");
}

static void compare_msrs(uint32_t partition, uint32_t vp)
{
	static const uint32_t msrs[] = {
		HV_MSR_GUEST_OS_ID, HV_MSR_HYPERCALL, HV_MSR_VP_INDEX,
		HV_MSR_SCONTROL, HV_MSR_SVERSION, HV_MSR_SIEFP, HV_MSR_SIMP,
		HV_MSR_EOM,
	};
	const uint32_t count = sizeof(msrs) / sizeof(msrs[0]);
	uint64_t seen, expected;

	for (uint32_t i = 0; i < count + HV_SINT_COUNT; i++) {
		uint32_t msr = i < count ? msrs[i] :
			       HV_MSR_SINT0 + i - count;

		expect("reading an MSR",
		       hvhost_vp_read_msr(pair.guest[partition].vp[vp], msr,
					  &seen),
		       model_vp_read_msr(&pair.model, partition, vp, msr,
					 &expected));
		if (seen != expected)
			differ("MSR 0x%x: engine 0x%" PRIx64 ", model 0x%" PRIx64,
			       msr, seen, expected);
	}
}

static void compare_port(uint32_t partition, uint32_t id)
{
	struct model_port *port =
		model_port_find(&pair.model.partition[partition], id);
	struct hvhost_port_counters seen, expected = { 0 };
	int err = hvhost_port_counters(pair.guest[partition].partition, id,
				       &seen);

	expect("finding a port", err, port ? 0 : -ENOENT);
	if (port)
		expected = (struct hvhost_port_counters){
			.posted = port->posted, .delivered = port->delivered,
			.refused = port->refused, .lost = port->lost,
			.queued = port->queued,
			.buffers_free = model_port_buffers(port) - port->queued,
		};
	expect("port: posted", (int64_t)seen.posted, (int64_t)expected.posted);
	expect("port: delivered", (int64_t)seen.delivered,
	       (int64_t)expected.delivered);
	expect("port: refused", (int64_t)seen.refused,
	       (int64_t)expected.refused);
	expect("port: lost", (int64_t)seen.lost, (int64_t)expected.lost);
	expect("port: queued", seen.queued, expected.queued);
	expect("port: free buffers", seen.buffers_free, expected.buffers_free);
	if (port && port->info.port_type == HV_PORT_TYPE_MESSAGE)
		expect("port: messages posted and where they are",
		       (int64_t)seen.posted, (int64_t)(seen.delivered +
						       seen.lost + seen.queued));
}

static void compare_connection(uint32_t partition, uint32_t id)
{
	struct model_connection *connection =
		model_connection_find(&pair.model.partition[partition], id);
	struct hvhost_connection_counters seen;
	int err = hvhost_connection_counters(pair.guest[partition].partition, id,
					     &seen);

	expect("finding a connection", err, connection ? 0 : -ENOENT);
	expect("connection: posted", (int64_t)seen.posted,
	       connection ? (int64_t)connection->posted : 0);
	expect("connection: refused", (int64_t)seen.refused,
	       connection ? (int64_t)connection->refused : 0);
}

static void compare_partition(uint32_t partition)
{
	struct model_partition *model = &pair.model.partition[partition];
	struct guest *guest = &pair.guest[partition];

	if (hvhost_partition_find(pair.machine, guest->id_before))
		differ("a freed partition is found by its id");
	if (!model->exists)
		return;
	if (hvhost_partition_find(pair.machine, guest->id) != guest->partition)
		differ("a partition is not found by its id");
	expect("partition: state", hvhost_partition_state(guest->partition),
	       model->state);
	for (uint32_t vp = 0; vp < MODEL_VPS; vp++) {
		if (hvhost_vp_find(guest->partition, vp) != guest->vp[vp])
			differ("VP %u is found where it is not, or not", vp);
		if (!model->vp[vp].exists)
			continue;
		if (!vp_is_same(partition, vp))
			explain_vp(partition, vp);
		compare_msrs(partition, vp);
	}
	for (uint32_t i = 0; i < OPERATION_IDS; i++) {
		compare_port(partition, operation_ids[i]);
		compare_connection(partition, operation_ids[i]);
	}
}

static void compare_effects(void)
{
	const struct effects *seen = &pair.effects;
	const struct effects *expected = &pair.model.effects;

	expect("callbacks", seen->count, expected->count);
	for (unsigned int i = 0; i < seen->count && !pair.difference[0]; i++) {
		const struct effect *a = &seen->effect[i];
		const struct effect *b = &expected->effect[i];

		if (memcmp(a, b, sizeof(*a)))
			differ("callback %u: engine kind %u partition %u VP %u what %u value 0x%" PRIx64
			       ", model kind %u partition %u VP %u what %u value 0x%" PRIx64,
			       i, a->kind, a->partition, a->vp, a->what,
			       a->value, b->kind, b->partition, b->vp, b->what,
			       b->value);
	}
}

static void compare(void)
{
	compare_effects();
	if (!pair.machine)
		return;
	for (uint32_t i = 0; i < MODEL_PARTITIONS; i++)
		compare_partition(i);
}

/* The engine's choices are seen in which VPs differ before the model acts. */
static void look_at_choices(void)
{
	for (uint32_t i = 0; i < MODEL_PARTITIONS; i++) {
		struct model_partition *model = &pair.model.partition[i];

		model->vps_chosen = 0;
		for (uint32_t vp = 0; vp < MODEL_VPS; vp++)
			if (model->vp[vp].exists && !vp_is_same(i, vp))
				model->vps_chosen |= 1u << vp;
	}
}

/* Carrying out */

static uint64_t id_of(uint32_t name)
{
	if (name < MODEL_PARTITIONS)
		return pair.guest[name].id;
	if (name >= ID_BEFORE && name < ID_BEFORE + MODEL_PARTITIONS)
		return pair.guest[name - ID_BEFORE].id_before;
	if (name == ID_SELF)
		return HV_PARTITION_ID_SELF;
	return name == ID_ZERO ? HV_PARTITION_ID_INVALID : 0x123456789abcdefull;
}

/* Registers of a good call, but for its flaw */
static struct hvhost_hypercall registers_of(const struct operation *operation,
					    uint16_t code, size_t size)
{
	struct hvhost_hypercall call = {
		.control = code, .output = OUTPUT_GPA, .protected_mode = 1,
	};

	switch (operation->flaw) {
	case FLAW_CPL:
		call.cpl = 3;
		break;
	case FLAW_REAL_MODE:
		call.protected_mode = 0;
		break;
	case FLAW_CONTROL:
		call.control |= 1ull << (16 + operation->value % 48);
		break;
	case FLAW_MISALIGNED:
		call.input = 4;
		break;
	case FLAW_CROSSES_PAGE:
		call.input = 0x1000 - size + 8;
		break;
	case FLAW_PAST_MEMORY:
		call.input = operation->value % 2 ? MODEL_MEMORY_SIZE :
						    0xfffffffffffff000;
		break;
	case FLAW_UNREADABLE:
		call.input = MODEL_BAD_PAGE;
		break;
	case FLAW_OUTPUT_MISALIGNED:
		call.output |= 1;
		break;
	case FLAW_UNWRITABLE:
		call.output = MODEL_BAD_PAGE + 0x800;
		break;
	default:
		break;
	}
	return call;
}

static void call_both(uint32_t partition, uint32_t vp,
		      const struct hvhost_hypercall *call)
{
	uint16_t code = (uint16_t)call->control;
	uint64_t seen, expected;
	int err;

	err = hvhost_vp_hypercall(pair.guest[partition].vp[vp], call, &seen);
	if (code == HV_CALL_POST_MESSAGE || code == HV_CALL_SIGNAL_EVENT)
		look_at_choices();
	expect("hypercall", err,
	       model_vp_hypercall(&pair.model, partition, vp, call, &expected));
	expect("hypercall's result", (int64_t)seen, (int64_t)expected);
}

static void call(const struct operation *operation, uint16_t code,
		 const void *input, size_t size)
{
	struct guest *guest = &pair.guest[operation->partition];
	struct hvhost_hypercall call = registers_of(operation, code, size);

	if (operation->by == BY_REGISTERS && size <= 16) {
		uint64_t words[2] = { 0 };

		memcpy(words, input, size);
		call.control |= HV_CONTROL_FAST;
		call.input = words[0];
		call.output = words[1];
	} else if (call.input < MODEL_MEMORY_SIZE - size) {
		memcpy(guest->memory + call.input, input, size);
	}
	if (operation->kind == HYPERCALL)
		call.control = operation->value;

	call_both(operation->partition, operation->vp, &call);
}

static void post(const struct operation *operation)
{
	struct hv_post_message_input input = {
		.connection_id = operation->connection_id,
		.rsvdz = operation->reserved,
		.message_type = operation->type,
		.payload_size = operation->size,
	};

	for (uint32_t i = 0; i < sizeof(input.payload); i++)
		input.payload[i] = (uint8_t)(operation->value + 7 * i);
	call(operation, HV_CALL_POST_MESSAGE, &input, sizeof(input));
}

static void signal(const struct operation *operation)
{
	struct hv_signal_event_input input = {
		.connection_id = operation->connection_id,
		.flag_number = (uint16_t)operation->size,
		.rsvdz = (uint16_t)operation->reserved,
	};

	call(operation, HV_CALL_SIGNAL_EVENT, &input, sizeof(input));
}

static void hypercall(const struct operation *operation)
{
	uint32_t input[64] = {
		operation->connection_id, operation->reserved, operation->type,
		operation->size, operation->port_id,
	};

	call(operation, 0, input, sizeof(input));
}

static void create_port(const struct operation *operation)
{
	struct hv_create_port_input input = {
		.port_partition = id_of(operation->owner),
		.port_id = operation->port_id,
		.connection_partition = id_of(operation->peer),
		.port_info.port_type = operation->type,
		.port_info.u.message.target_sint = operation->sint,
		.port_info.u.message.target_vp = operation->target_vp,
	};

	/* Flag ranges: ordinary, up to the last, past it, none */
	if (operation->type == HV_PORT_TYPE_EVENT) {
		input.port_info.u.event.base_flag_number = (uint16_t)
			(operation->size % 8 ? operation->size % 8 :
			 2016 + operation->value % 3);
		input.port_info.u.event.flag_count = (uint16_t)
			(operation->size / 8 % 8 ? 32 : operation->size % 9 * 8);
	}
	switch (operation->reserved) {
	case 1:
		input.rsvdz = 1;
		break;
	case 2:
		input.port_vtl = 1;
		break;
	case 3:
		input.min_connection_vtl = 1;
		break;
	case 4:
		input.port_info.rsvdz = 1;
		break;
	case 5:
		((uint8_t *)&input.port_info)[23] = 1;
		break;
	case 6:
		input.proximity.flags = 1;	/* which is ignored */
		break;
	}
	if (operation->by == BY_HOST)
		expect("creating a port",
		       hvhost_create_port(pair.machine, &input),
		       model_create_port(&pair.model, &input));
	else
		call(operation, HV_CALL_CREATE_PORT, &input, sizeof(input));
}

static void delete_port(const struct operation *operation)
{
	struct hv_delete_port_input input = {
		.port_partition = id_of(operation->owner),
		.port_id = operation->port_id,
		.rsvdz = operation->reserved,
	};

	if (operation->by == BY_HOST)
		expect("deleting a port",
		       hvhost_delete_port(pair.machine, &input),
		       model_delete_port(&pair.model, &input));
	else
		call(operation, HV_CALL_DELETE_PORT, &input, sizeof(input));
}

static void connect_port(const struct operation *operation)
{
	struct hv_connect_port_input input = {
		.connection_partition = id_of(operation->owner),
		.connection_id = operation->connection_id,
		.port_partition = id_of(operation->peer),
		.port_id = operation->port_id,
		.connection_info.port_type = operation->type,
	};

	switch (operation->reserved) {
	case 1:
		input.connection_vtl = 1;
		break;
	case 2:
		input.rsvdz0 = 1;
		break;
	case 3:
		input.rsvdz1 = 1;
		break;
	case 4:
		input.rsvdz2 = 1;
		break;
	case 5:
		input.connection_info.rsvdz = 1;
		break;
	case 6:
		input.connection_info.u.rsvdz_message = 1;
		break;
	}
	if (operation->by == BY_HOST)
		expect("connecting", hvhost_connect_port(pair.machine, &input),
		       model_connect_port(&pair.model, &input));
	else
		call(operation, HV_CALL_CONNECT_PORT, &input, sizeof(input));
}

static void disconnect_port(const struct operation *operation)
{
	struct hv_disconnect_port_input input = {
		.connection_partition = id_of(operation->owner),
		.connection_id = operation->connection_id,
		.padding = operation->reserved,	/* which is ignored */
	};

	if (operation->by == BY_HOST)
		expect("disconnecting",
		       hvhost_disconnect_port(pair.machine, &input),
		       model_disconnect_port(&pair.model, &input));
	else
		call(operation, HV_CALL_DISCONNECT_PORT, &input, sizeof(input));
}

static void get_property(const struct operation *operation)
{
	struct hv_get_port_property_input input = {
		.port_partition = id_of(operation->owner),
		.port_id = operation->port_id,
		.property = operation->type,
		.padding1 = operation->reserved,
	};
	uint64_t seen, expected;

	if (operation->by != BY_HOST) {
		call(operation, HV_CALL_GET_PORT_PROPERTY, &input,
		     sizeof(input));
		return;
	}
	expect("asking for a property",
	       hvhost_get_port_property(pair.machine, &input, &seen),
	       model_get_port_property(&pair.model, &input, &expected));
	expect("property", (int64_t)seen, (int64_t)expected);
}

static void partition_new(const struct operation *operation)
{
	struct guest *guest = &pair.guest[operation->partition];
	struct model_partition *model =
		&pair.model.partition[operation->partition];
	struct hvhost_partition_config config = {
		.privileges = operation->value,
		.gpa_size = MODEL_MEMORY_SIZE,
		.vp_count_max = MODEL_VPS,
		.message_buffers = MODEL_BUFFERS,
		.ports_max = MODEL_PORTS,
		.connections_max = MODEL_CONNECTIONS,
		.ops = &ops,
		.context = guest,
	};

	if (model->exists)
		return;
	expect("making a partition",
	       hvhost_partition_new(pair.machine, &config, &guest->partition), 0);
	guest->id = hvhost_partition_id(guest->partition);
	for (uint32_t i = 0; i < MODEL_PARTITIONS; i++)
		if (guest->id == pair.guest[i].id_before ||
		    (&pair.guest[i] != guest && guest->id == pair.guest[i].id))
			differ("a partition's id was given out before");
	*model = (struct model_partition){
		.exists = true, .id = guest->id, .privileges = operation->value,
		.memory = guest->memory,
	};
}

static void forget_vps(struct guest *guest)
{
	memset(guest->vp, 0, sizeof(guest->vp));
}

static void partition_free(uint32_t number)
{
	struct guest *guest = &pair.guest[number];

	hvhost_partition_free(guest->partition);
	forget_vps(guest);
	guest->id_before = guest->id;
	guest->id = 0;
	guest->partition = NULL;
	model_partition_finalize(&pair.model, number);
	pair.model.partition[number].exists = false;
}

static void do_partition(const struct operation *operation)
{
	struct guest *guest = &pair.guest[operation->partition];
	uint32_t number = operation->partition;

	switch (operation->kind) {
	case PARTITION_ACTIVATE:
		expect("activating", hvhost_partition_activate(guest->partition),
		       model_partition_activate(&pair.model, number));
		break;
	case PARTITION_BEGIN_FINALIZE:
		expect("beginning to finalize",
		       hvhost_partition_begin_finalize(guest->partition),
		       model_partition_begin_finalize(&pair.model, number));
		break;
	case PARTITION_FINALIZE:
		expect("finalizing", hvhost_partition_finalize(guest->partition),
		       model_partition_finalize(&pair.model, number));
		forget_vps(guest);
		break;
	case PARTITION_RESET:
		hvhost_partition_reset(guest->partition);
		model_partition_reset(&pair.model, number);
		break;
	default:
		partition_free(number);
	}
}

static void vp_new(const struct operation *operation)
{
	struct guest *guest = &pair.guest[operation->partition];
	struct own_pages *own = operation->vp == OWN_PAGES_VP ?
				&own_pages[operation->partition] : NULL;
	struct hvhost_vp *vp;

	expect("making a VP",
	       hvhost_vp_new(guest->partition, operation->vp,
			     own ? &own->sim : NULL, own ? &own->sief : NULL,
			     &vp),
	       model_vp_new(&pair.model, operation->partition, operation->vp));
	if (!vp || operation->vp >= MODEL_VPS)
		return;
	guest->vp[operation->vp] = vp;
	guest->sim[operation->vp] = hvhost_vp_sim(vp);
	guest->sief[operation->vp] = hvhost_vp_sief(vp);
	expect("VP's index", hvhost_vp_index(vp), operation->vp);
	if (own && (void *)hvhost_vp_sim(vp) != (void *)&own->sim)
		differ("the VP does not use the page it was given");
}

static void eom(const struct operation *operation)
{
	hvhost_vp_eom(pair.guest[operation->partition].vp[operation->vp]);
	model_vp_eom(&pair.model, operation->partition, operation->vp);
}

/* The guest is at its pages: what it writes, it writes into both. */
static void do_slot(const struct operation *operation)
{
	struct model_partition *model =
		&pair.model.partition[operation->partition];
	struct guest *guest = &pair.guest[operation->partition];
	struct hv_slot *slot =
		&guest->sim[operation->vp]->slot[operation->sint];
	struct hv_slot *mirror =
		&model->vp[operation->vp].sim.slot[operation->sint];
	bool pending = slot->message_type &&
		       slot->message_flags & HV_MESSAGE_PENDING;

	if (operation->kind == SCRIBBLE) {
		slot->message_type = mirror->message_type = operation->type;
		slot->message_flags = mirror->message_flags =
			(uint8_t)operation->size;
		return;
	}
	slot->message_type = mirror->message_type = HV_MESSAGE_TYPE_NONE;
	if (operation->kind == TAKE && pending)
		eom(operation);
}

static void clear_flags(const struct operation *operation)
{
	struct model_partition *model =
		&pair.model.partition[operation->partition];
	struct guest *guest = &pair.guest[operation->partition];

	memset(&guest->sief[operation->vp]->sint[operation->sint], 0,
	       sizeof(struct hv_event_flags));
	memset(&model->vp[operation->vp].sief.sint[operation->sint], 0,
	       sizeof(struct hv_event_flags));
}

static void read_msr(const struct operation *operation)
{
	uint64_t seen, expected;

	expect("reading an MSR",
	       hvhost_vp_read_msr(pair.guest[operation->partition].vp[operation->vp],
				  operation->msr, &seen),
	       model_vp_read_msr(&pair.model, operation->partition,
				 operation->vp, operation->msr, &expected));
	expect("MSR", (int64_t)seen, (int64_t)expected);
}

static void do_vp(const struct operation *operation)
{
	struct guest *guest = &pair.guest[operation->partition];
	struct hvhost_vp *vp = guest->vp[operation->vp];
	uint32_t partition = operation->partition;

	switch (operation->kind) {
	case VP_FREE:
		hvhost_vp_free(vp);
		guest->vp[operation->vp] = NULL;
		model_vp_free(&pair.model, partition, operation->vp);
		break;
	case VP_RESET:
		hvhost_vp_reset(vp);
		model_vp_reset(&pair.model, partition, operation->vp);
		break;
	case VP_EOM:
		eom(operation);
		break;
	case VP_EOI:
		hvhost_vp_eoi(vp, (uint8_t)operation->value);
		model_vp_eoi(&pair.model, partition, operation->vp,
			     (uint8_t)operation->value);
		break;
	case READ_MSR:
		read_msr(operation);
		break;
	case WRITE_MSR:
		expect("writing an MSR",
		       hvhost_vp_write_msr(vp, operation->msr, operation->value),
		       model_vp_write_msr(&pair.model, partition, operation->vp,
					  operation->msr, operation->value));
		break;
	case CLEAR_FLAGS:
		clear_flags(operation);
		break;
	case POST:
		post(operation);
		break;
	case SIGNAL:
		signal(operation);
		break;
	case HYPERCALL:
		hypercall(operation);
		break;
	default:
		do_slot(operation);
	}
}

static void do_port(const struct operation *operation)
{
	switch (operation->kind) {
	case CREATE_PORT:
		create_port(operation);
		break;
	case DELETE_PORT:
		delete_port(operation);
		break;
	case CONNECT_PORT:
		connect_port(operation);
		break;
	case DISCONNECT_PORT:
		disconnect_port(operation);
		break;
	default:
		get_property(operation);
	}
}

/* Snapshots */

static struct guest *guest_by_id(uint64_t id)
{
	for (uint32_t i = 0; i < MODEL_PARTITIONS; i++)
		if (pair.model.partition[i].exists && pair.guest[i].id == id)
			return &pair.guest[i];
	differ("a restore asks for partition 0x%" PRIx64, id);
	return &pair.guest[0];
}

static int restore_partition(void *context, uint64_t id,
			     struct hvhost_partition_config *config)
{
	(void)context;
	config->ops = &ops;
	config->context = guest_by_id(id);
	return 0;
}

/* Its own pages, or the engine's in the place of former ones. */
static int restore_vp(void *context, uint64_t id, uint32_t vp_index, void **sim,
		      void **sief)
{
	struct own_pages *own = &own_pages[number_of(guest_by_id(id))];

	(void)context;
	if (vp_index == OWN_PAGES_VP) {
		*sim = &own->sim;
		*sief = &own->sief;
	}
	return 0;
}

static const struct hvhost_restore_ops restore_ops = {
	.restore_partition = restore_partition,
	.restore_vp = restore_vp,
};

/* Overlays are told of pages that nobody could know of before. */
static void find_again(struct guest *guest)
{
	guest->partition = hvhost_partition_find(pair.machine, guest->id);
	for (uint32_t i = 0; guest->partition && i < MODEL_VPS; i++) {
		guest->vp[i] = hvhost_vp_find(guest->partition, i);
		if (!guest->vp[i])
			continue;
		guest->sim[i] = hvhost_vp_sim(guest->vp[i]);
		guest->sief[i] = hvhost_vp_sief(guest->vp[i]);
	}
}

static void take_snapshot(void)
{
	const char *reason;
	void *snapshot;
	size_t size;

	expect("saving", hvhost_machine_save(pair.machine, &snapshot, &size), 0);
	if (pair.difference[0])
		return;
	hvhost_machine_free(pair.machine);
	pair.is_restoring = true;
	if (hvhost_machine_restore(snapshot, size, &restore_ops, NULL,
				   &pair.machine, &reason))
		differ("restoring: %s", reason ? reason : "no memory");
	pair.is_restoring = false;
	free(snapshot);
	for (uint32_t i = 0; pair.machine && i < MODEL_PARTITIONS; i++)
		find_again(&pair.guest[i]);
	model_restore(&pair.model);
}

static void carry_out(const struct operation *operation)
{
	const struct guest *guest = &pair.guest[operation->partition];
	bool is_port_call = operation->kind >= CREATE_PORT &&
			    operation->kind <= GET_PROPERTY;

	if (operation->kind == SNAPSHOT)
		take_snapshot();
	else if (operation->kind == PARTITION_NEW)
		partition_new(operation);
	else if (is_port_call && operation->by == BY_HOST)
		do_port(operation);
	else if (!guest->partition)
		return;
	else if (operation->kind == VP_NEW)
		vp_new(operation);
	else if (operation->kind < VP_NEW)
		do_partition(operation);
	else if (!guest->vp[operation->vp])
		return;
	else if (is_port_call)
		do_port(operation);
	else
		do_vp(operation);
}

/* From outside */

void pair_begin(uint32_t flags)
{
	struct hvhost_machine_config config = { .flags = flags };

	memset(&pair, 0, sizeof(pair));
	pair.model.flags = flags;
	if (hvhost_machine_new(&config, &pair.machine))
		abort();
}

void pair_end(void)
{
	hvhost_machine_free(pair.machine);
	pair.machine = NULL;
}

struct hvhost_machine *pair_machine(void)
{
	return pair.machine;
}

uint8_t *pair_memory(uint32_t partition)
{
	return pair.guest[partition].memory;
}

void pair_carry_out(const struct operation *operation)
{
	pair.effects.count = pair.model.effects.count = 0;
	carry_out(operation);
}

void pair_call(uint32_t partition, uint32_t vp,
	       const struct hvhost_hypercall *call)
{
	pair.effects.count = pair.model.effects.count = 0;
	if (pair.guest[partition].vp[vp])
		call_both(partition, vp, call);
}

const char *pair_compare(void)
{
	compare();
	return pair.difference[0] ? pair.difference : NULL;
}
