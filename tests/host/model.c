// SPDX-License-Identifier: MIT
#include "model.h"

#include <errno.h>
#include <string.h>

void effects_add(struct effects *effects, struct effect effect)
{
	if (effects->count < MODEL_EFFECTS)
		effects->effect[effects->count] = effect;
	effects->count++;
}

static uint32_t number_of(const struct model *model,
			  const struct model_partition *partition)
{
	return (uint32_t)(partition - model->partition);
}

static struct model_partition *partition_by_id(struct model *model, uint64_t id)
{
	for (unsigned int i = 0; i < MODEL_PARTITIONS; i++)
		if (model->partition[i].exists && model->partition[i].id == id)
			return &model->partition[i];
	return NULL;
}

struct model_port *model_port_find(struct model_partition *partition,
				   uint32_t id)
{
	for (unsigned int i = 0; i < MODEL_PORTS; i++)
		if (partition->port[i].exists && partition->port[i].id == id)
			return &partition->port[i];
	return NULL;
}

uint32_t model_port_buffers(const struct model_port *port)
{
	return port->info.port_type == HV_PORT_TYPE_MESSAGE ? MODEL_BUFFERS : 0;
}

struct model_connection *
model_connection_find(struct model_partition *partition, uint32_t id)
{
	for (unsigned int i = 0; i < MODEL_CONNECTIONS; i++)
		if (partition->connection[i].exists &&
		    partition->connection[i].id == id)
			return &partition->connection[i];
	return NULL;
}

/* Slots, queues and interrupts */

static bool takes_messages(const struct model_vp *vp)
{
	return vp->scontrol & 1 && vp->simp & 1;
}

static bool takes_events(const struct model_vp *vp)
{
	return vp->scontrol & 1 && vp->siefp & 1;
}

static bool is_masked(const struct model_vp *vp, unsigned int sint)
{
	return vp->sint[sint] & HV_SINT_MASKED;
}

static void interrupt(struct model *model, struct model_partition *partition,
		      struct model_vp *vp, unsigned int sint)
{
	if (is_masked(vp, sint) || vp->sint[sint] & HV_SINT_POLLING)
		return;
	effects_add(&model->effects, (struct effect){
			.kind = EFFECT_INTERRUPT,
			.partition = number_of(model, partition),
			.vp = (uint32_t)(vp - partition->vp),
			.what = sint,
			.value = vp->sint[sint] & 0xff,
		});
}

static void remove_message(struct model_queue *queue, uint32_t place)
{
	queue->message[place].port->queued--;
	queue->count--;
	memmove(&queue->message[place], &queue->message[place + 1],
		(queue->count - place) * sizeof(queue->message[0]));
}

/* What a queued message meets when anything makes the engine look. */
static void try_slot(struct model *model, struct model_partition *partition,
		     struct model_vp *vp, unsigned int sint)
{
	struct model_queue *queue = &vp->queue[sint];
	struct model_message *oldest = &queue->message[0];
	struct hv_slot *slot = &vp->sim.slot[sint];

	if (!queue->count || !takes_messages(vp))
		return;
	if (slot->message_type) {
		slot->message_flags |= HV_MESSAGE_PENDING;
		return;
	}
	slot->message_type = oldest->type;
	slot->payload_size = (uint8_t)oldest->size;
	slot->message_flags = queue->count > 1 ? HV_MESSAGE_PENDING : 0;
	slot->reserved[0] = slot->reserved[1] = 0;
	slot->origin = oldest->port->id;
	memcpy(slot->payload, oldest->payload, oldest->size);
	oldest->port->delivered++;
	vp->delivered++;
	remove_message(queue, 0);
	interrupt(model, partition, vp, sint);
}

static void try_all_slots(struct model *model,
			  struct model_partition *partition, struct model_vp *vp)
{
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++)
		try_slot(model, partition, vp, sint);
}

/* Lose what is queued: messages of @port, or all if it is NULL. */
static void lose_messages(struct model_vp *vp, const struct model_port *port)
{
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++) {
		struct model_queue *queue = &vp->queue[sint];

		for (uint32_t i = queue->count; i-- > 0;) {
			if (port && queue->message[i].port != port)
				continue;
			queue->message[i].port->lost++;
			vp->lost++;
			remove_message(queue, i);
		}
	}
}

/* Partitions */

static int change_state(struct model_partition *partition,
			enum hvhost_partition_state from,
			enum hvhost_partition_state to)
{
	if (partition->state != from)
		return -EBUSY;
	partition->state = to;
	return 0;
}

int model_partition_activate(struct model *model, unsigned int partition)
{
	return change_state(&model->partition[partition],
			    HVHOST_PARTITION_UNINITIALIZED,
			    HVHOST_PARTITION_ACTIVE);
}

int model_partition_begin_finalize(struct model *model, unsigned int partition)
{
	return change_state(&model->partition[partition],
			    HVHOST_PARTITION_ACTIVE,
			    HVHOST_PARTITION_FINALIZING);
}

static void free_connection(struct model_connection *connection)
{
	if (connection->port)
		connection->port->connected = false;
	memset(connection, 0, sizeof(*connection));
}

static void free_port(struct model *model, struct model_partition *owner,
		      struct model_port *port)
{
	for (unsigned int i = 0; i < MODEL_VPS; i++)
		lose_messages(&owner->vp[i], port);
	for (unsigned int i = 0; i < MODEL_PARTITIONS; i++)
		for (unsigned int j = 0; j < MODEL_CONNECTIONS; j++) {
			struct model_connection *connection =
				&model->partition[i].connection[j];

			if (connection->port == port)
				connection->port = NULL;
		}
	memset(port, 0, sizeof(*port));
}

int model_partition_finalize(struct model *model, unsigned int number)
{
	struct model_partition *partition = &model->partition[number];

	for (unsigned int i = 0; i < MODEL_CONNECTIONS; i++)
		free_connection(&partition->connection[i]);
	for (unsigned int i = 0; i < MODEL_PORTS; i++)
		if (partition->port[i].exists)
			free_port(model, partition, &partition->port[i]);
	for (unsigned int i = 0; i < MODEL_VPS; i++)
		memset(&partition->vp[i], 0, sizeof(partition->vp[i]));
	partition->state = HVHOST_PARTITION_FINALIZED;
	return 0;
}

/* VPs */

static void set_reset_state(const struct model *model, struct model_vp *vp)
{
	vp->scontrol = model->flags & HVHOST_MACHINE_SCONTROL_ON ? 1 : 0;
	vp->simp = vp->siefp = 0;
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++)
		vp->sint[sint] = 0x10000;
	memset(&vp->sim, 0, sizeof(vp->sim));
	memset(&vp->sief, 0, sizeof(vp->sief));
}

int model_vp_new(struct model *model, unsigned int number, uint32_t index)
{
	struct model_partition *partition = &model->partition[number];

	if (index >= MODEL_VPS)
		return -EINVAL;
	if (partition->state > HVHOST_PARTITION_ACTIVE)
		return -EBUSY;
	if (partition->vp[index].exists)
		return -EEXIST;
	memset(&partition->vp[index], 0, sizeof(partition->vp[index]));
	partition->vp[index].exists = true;
	set_reset_state(model, &partition->vp[index]);
	return 0;
}

void model_vp_free(struct model *model, unsigned int partition, unsigned int vp)
{
	lose_messages(&model->partition[partition].vp[vp], NULL);
	model->partition[partition].vp[vp].exists = false;
}

static void overlay(struct model *model, unsigned int partition,
		    unsigned int vp, uint32_t msr, uint64_t value)
{
	effects_add(&model->effects, (struct effect){
			.kind = EFFECT_OVERLAY, .partition = partition,
			.vp = vp, .what = msr,
			.value = value & 1 ? value & ~0xfffull : HVHOST_NO_GPA,
		});
}

void model_vp_reset(struct model *model, unsigned int partition, unsigned int vp)
{
	lose_messages(&model->partition[partition].vp[vp], NULL);
	set_reset_state(model, &model->partition[partition].vp[vp]);
	overlay(model, partition, vp, HV_MSR_SIMP, 0);
	overlay(model, partition, vp, HV_MSR_SIEFP, 0);
}

void model_partition_reset(struct model *model, unsigned int number)
{
	struct model_partition *partition = &model->partition[number];

	for (unsigned int vp = 0; vp < MODEL_VPS; vp++)
		if (partition->vp[vp].exists)
			model_vp_reset(model, number, vp);
	partition->guest_os_id = 0;
	partition->hypercall = 0;
}

void model_vp_eom(struct model *model, unsigned int partition, unsigned int vp)
{
	struct model_partition *owner = &model->partition[partition];

	owner->vp[vp].eoms++;
	try_all_slots(model, owner, &owner->vp[vp]);
}

void model_vp_eoi(struct model *model, unsigned int partition, unsigned int vp,
		  uint8_t vector)
{
	struct model_partition *owner = &model->partition[partition];

	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++)
		if ((owner->vp[vp].sint[sint] & 0xff) == vector)
			try_slot(model, owner, &owner->vp[vp], sint);
}

/* Which partition comes first is the engine's way: the youngest. */
static void by_falling_id(struct model *model,
			  struct model_partition *order[MODEL_PARTITIONS])
{
	for (unsigned int i = 0; i < MODEL_PARTITIONS; i++)
		order[i] = &model->partition[i];
	for (unsigned int i = 0; i < MODEL_PARTITIONS; i++)
		for (unsigned int j = i + 1; j < MODEL_PARTITIONS; j++)
			if (order[j]->id > order[i]->id) {
				struct model_partition *higher = order[j];

				order[j] = order[i];
				order[i] = higher;
			}
}

void model_restore(struct model *model)
{
	struct model_partition *order[MODEL_PARTITIONS];

	by_falling_id(model, order);
	for (unsigned int i = 0; i < MODEL_PARTITIONS; i++)
		for (unsigned int j = 0; j < MODEL_VPS; j++) {
			struct model_vp *vp = &order[i]->vp[j];
			uint32_t number = number_of(model, order[i]);

			if (vp->exists && vp->simp & 1)
				overlay(model, number, j, HV_MSR_SIMP, vp->simp);
			if (vp->exists && vp->siefp & 1)
				overlay(model, number, j, HV_MSR_SIEFP,
					vp->siefp);
		}
	for (unsigned int i = 0; i < MODEL_PARTITIONS; i++)
		for (unsigned int j = 0; j < MODEL_VPS; j++)
			try_all_slots(model, order[i], &order[i]->vp[j]);
}

/* The stuck: nothing that the host awaits brings these messages out. */
static bool is_stuck(const struct model_vp *vp, unsigned int sint)
{
	if (!vp->queue[sint].count)
		return false;
	return !takes_messages(vp) || !vp->sim.slot[sint].message_type;
}

void model_vp_inspect(const struct model *model, unsigned int partition,
		      unsigned int number, struct hvhost_vp_state *state)
{
	const struct model_vp *vp = &model->partition[partition].vp[number];

	memset(state, 0, sizeof(*state));
	state->synic_on = vp->scontrol & 1;
	state->sim_on = vp->simp & 1;
	state->sief_on = vp->siefp & 1;
	state->delivered = vp->delivered;
	state->lost = vp->lost;
	state->eoms = vp->eoms;
	for (unsigned int sint = 0; sint < HV_SINT_COUNT; sint++) {
		uint16_t bit = (uint16_t)(1u << sint);

		state->queued[sint] = vp->queue[sint].count;
		if (is_masked(vp, sint))
			state->sints_masked |= bit;
		if (vp->sim.slot[sint].message_type)
			state->slots_occupied |= bit;
		if (is_stuck(vp, sint))
			state->sints_stuck |= bit;
	}
}

/* MSRs */

static bool may_access(const struct model_partition *partition, uint32_t msr)
{
	switch (msr) {
	case HV_MSR_GUEST_OS_ID:
	case HV_MSR_HYPERCALL:
		return partition->privileges & HV_ACCESS_HYPERCALL_MSRS;
	case HV_MSR_VP_INDEX:
		return partition->privileges & HV_ACCESS_VP_INDEX;
	case HV_MSR_SCONTROL ... HV_MSR_EOM:
	case HV_MSR_SINT0 ... HV_MSR_SINT0 + 15:
		return partition->privileges & HV_ACCESS_SYNIC_REGS;
	default:
		return false;
	}
}

int model_vp_read_msr(struct model *model, unsigned int partition,
		      unsigned int vp, uint32_t msr, uint64_t *value)
{
	const struct model_partition *owner = &model->partition[partition];

	*value = 0;
	if (!may_access(owner, msr))
		return -EPERM;
	switch (msr) {
	case HV_MSR_GUEST_OS_ID:
		*value = owner->guest_os_id;
		break;
	case HV_MSR_HYPERCALL:
		*value = owner->hypercall;
		break;
	case HV_MSR_VP_INDEX:
		*value = vp;
		break;
	case HV_MSR_SCONTROL:
		*value = owner->vp[vp].scontrol;
		break;
	case HV_MSR_SVERSION:
		*value = 1;
		break;
	case HV_MSR_SIEFP:
		*value = owner->vp[vp].siefp;
		break;
	case HV_MSR_SIMP:
		*value = owner->vp[vp].simp;
		break;
	case HV_MSR_SINT0 ... HV_MSR_SINT0 + 15:
		*value = owner->vp[vp].sint[msr - HV_MSR_SINT0];
		break;
	}
	return 0;
}

/* A page that is switched on lies in guest memory with all its bytes. */
static bool page_is_bad(uint64_t value)
{
	return value & 1 && (value & ~0xfffull) > MODEL_MEMORY_SIZE - 4096;
}

static int write_hypercall(struct model_partition *partition, uint64_t value)
{
	if (!partition->guest_os_id)
		value &= ~1ull;
	if (partition->hypercall & HV_HYPERCALL_LOCKED || page_is_bad(value))
		return -EPERM;
	partition->hypercall = value;
	return 0;
}

static int write_sint(struct model *model, struct model_partition *partition,
		      struct model_vp *vp, unsigned int sint, uint64_t value)
{
	if (!(value & HV_SINT_MASKED) && (value & 0xff) < 16)
		return -EPERM;
	vp->sint[sint] = value;
	try_slot(model, partition, vp, sint);
	return 0;
}

int model_vp_write_msr(struct model *model, unsigned int partition,
		       unsigned int number, uint32_t msr, uint64_t value)
{
	struct model_partition *owner = &model->partition[partition];
	struct model_vp *vp = &owner->vp[number];

	if (!may_access(owner, msr))
		return -EPERM;
	switch (msr) {
	case HV_MSR_GUEST_OS_ID:
		owner->guest_os_id = value;
		if (!value)
			owner->hypercall &= ~1ull;
		return 0;
	case HV_MSR_HYPERCALL:
		return write_hypercall(owner, value);
	case HV_MSR_SCONTROL:
		vp->scontrol = value;
		break;
	case HV_MSR_SIMP:
		if (page_is_bad(value))
			return -EPERM;
		vp->simp = value;
		overlay(model, partition, number, msr, value);
		break;
	case HV_MSR_SIEFP:
		if (page_is_bad(value))
			return -EPERM;
		vp->siefp = value;
		overlay(model, partition, number, msr, value);
		break;
	case HV_MSR_EOM:
		model_vp_eom(model, partition, number);
		return 0;
	case HV_MSR_SINT0 ... HV_MSR_SINT0 + 15:
		return write_sint(model, owner, vp, msr - HV_MSR_SINT0, value);
	default:
		return -EPERM;
	}
	try_all_slots(model, owner, vp);
	return 0;
}

/* Posts and signals */

static bool has_vp(const struct model_partition *partition)
{
	for (unsigned int i = 0; i < MODEL_VPS; i++)
		if (partition->vp[i].exists)
			return true;
	return false;
}

static bool is_usable(const struct model_vp *vp, const struct hv_port_info *info)
{
	if (!vp->exists)
		return false;
	if (info->port_type == HV_PORT_TYPE_MESSAGE)
		return takes_messages(vp);
	return takes_events(vp) && !is_masked(vp, info->u.event.target_sint);
}

static bool is_idle(const struct model_vp *vp, unsigned int sint)
{
	return !vp->queue[sint].count && !vp->sim.slot[sint].message_type;
}

static bool flag_is_set(const struct model_vp *vp, unsigned int sint,
			unsigned int flag)
{
	return vp->sief.sint[sint].flags[flag / 8] & 1u << flag % 8;
}

/* The VPs that the rules leave: messages prefer one where nothing waits. */
static uint32_t vps_allowed(const struct model_partition *owner,
			    const struct hv_port_info *info)
{
	uint32_t usable = 0, idle = 0;

	for (unsigned int i = 0; i < MODEL_VPS; i++) {
		if (!is_usable(&owner->vp[i], info))
			continue;
		usable |= 1u << i;
		if (is_idle(&owner->vp[i], info->u.message.target_sint))
			idle |= 1u << i;
	}
	return info->port_type == HV_PORT_TYPE_MESSAGE && idle ? idle : usable;
}

/*
 * The engine's choice among them, or any if it broke the rules: then the states
 * will differ. A signal that changed nothing went where its flag was set.
 */
static struct model_vp *any_vp(struct model_partition *owner,
			       const struct hv_port_info *info,
			       unsigned int flag)
{
	uint32_t allowed = vps_allowed(owner, info);
	unsigned int sint = info->u.event.target_sint;

	if (!allowed)
		return NULL;
	if (info->port_type == HV_PORT_TYPE_EVENT && !owner->vps_chosen)
		for (unsigned int i = 0; i < MODEL_VPS; i++)
			if (allowed & 1u << i &&
			    flag_is_set(&owner->vp[i], sint, flag))
				return &owner->vp[i];
	if (allowed & owner->vps_chosen)
		allowed &= owner->vps_chosen;
	return &owner->vp[__builtin_ctz(allowed)];
}

static uint16_t find_vp(struct model_partition *owner,
			const struct hv_port_info *info, unsigned int flag,
			struct model_vp **vp)
{
	uint32_t index = info->u.message.target_vp;

	if (index == HV_ANY_VP) {
		*vp = any_vp(owner, info, flag);
		if (!has_vp(owner))
			return HV_STATUS_INVALID_VP_INDEX;
		return *vp ? 0 : HV_STATUS_INVALID_SYNIC_STATE;
	}
	if (index >= MODEL_VPS || !owner->vp[index].exists)
		return HV_STATUS_INVALID_VP_INDEX;
	*vp = &owner->vp[index];
	return is_usable(*vp, info) ? 0 : HV_STATUS_INVALID_SYNIC_STATE;
}

static bool port_is_good(const struct model_connection *connection,
			 uint32_t port_type)
{
	return connection->port &&
	       connection->port_owner->state == HVHOST_PARTITION_ACTIVE &&
	       connection->port->info.port_type == port_type;
}

/* The post as such: it changes the target only where it succeeds. */
static uint16_t post_by(struct model *model, struct model_connection *connection,
			const struct hv_post_message_input *input)
{
	struct model_partition *owner = connection->port_owner;
	struct model_port *port = connection->port;
	struct model_message *message;
	struct model_queue *queue;
	struct model_vp *vp;
	uint16_t status;
	uint32_t sint;

	if (!port_is_good(connection, HV_PORT_TYPE_MESSAGE))
		return HV_STATUS_INVALID_PORT_ID;
	status = find_vp(owner, &port->info, 0, &vp);
	if (status)
		return status;
	if (port->queued == MODEL_BUFFERS)
		return HV_STATUS_INSUFFICIENT_BUFFERS;

	sint = port->info.u.message.target_sint;
	queue = &vp->queue[sint];
	message = &queue->message[queue->count++];
	message->port = port;
	message->type = input->message_type;
	message->size = input->payload_size;
	memcpy(message->payload, input->payload, input->payload_size);
	port->queued++;
	try_slot(model, owner, vp, sint);
	return HV_STATUS_SUCCESS;
}

static uint16_t signal_by(struct model *model,
			  struct model_connection *connection, uint32_t number)
{
	struct model_partition *owner = connection->port_owner;
	const struct hv_port_info_event *event;
	struct model_vp *vp;
	uint16_t status;
	uint32_t flag;

	if (!port_is_good(connection, HV_PORT_TYPE_EVENT))
		return HV_STATUS_INVALID_PORT_ID;
	event = &connection->port->info.u.event;
	if (number >= event->flag_count)
		return HV_STATUS_INVALID_PARAMETER;
	flag = event->base_flag_number + number;
	status = find_vp(owner, &connection->port->info, flag, &vp);
	if (status)
		return status;

	if (flag_is_set(vp, event->target_sint, flag))
		return HV_STATUS_SUCCESS;
	vp->sief.sint[event->target_sint].flags[flag / 8] |=
		(uint8_t)(1u << flag % 8);
	interrupt(model, owner, vp, event->target_sint);
	return HV_STATUS_SUCCESS;
}

static uint16_t counted(struct model_connection *connection, uint16_t status)
{
	uint64_t *of_connection = status ? &connection->refused :
					   &connection->posted;

	*of_connection += 1;
	if (connection->port && status)
		connection->port->refused++;
	if (connection->port && !status)
		connection->port->posted++;
	return status;
}

static uint16_t post(struct model *model, struct model_partition *caller,
		     const struct hv_post_message_input *input)
{
	struct model_connection *connection;

	if (input->rsvdz && !(model->flags & HVHOST_MACHINE_RELAX_RSVDZ))
		return HV_STATUS_INVALID_PARAMETER;
	if (input->message_type == 0 || input->message_type > 0x7fffffff ||
	    input->payload_size > 240)
		return HV_STATUS_INVALID_PARAMETER;
	connection = model_connection_find(caller, input->connection_id);
	if (!connection)
		return HV_STATUS_INVALID_CONNECTION_ID;
	return counted(connection, post_by(model, connection, input));
}

static uint16_t signal(struct model *model, struct model_partition *caller,
		       const struct hv_signal_event_input *input)
{
	struct model_connection *connection;

	if (input->rsvdz)
		return HV_STATUS_INVALID_PARAMETER;
	connection = model_connection_find(caller, input->connection_id);
	if (!connection)
		return HV_STATUS_INVALID_CONNECTION_ID;
	return counted(connection,
		       signal_by(model, connection, input->flag_number));
}

/* Ports and connections; the caller is NULL for the host */

static uint16_t find_managed(struct model *model,
			     const struct model_partition *caller, uint64_t id,
			     struct model_partition **partition)
{
	if (caller && id == HV_PARTITION_ID_SELF)
		id = caller->id;
	*partition = partition_by_id(model, id);
	if (!*partition)
		return HV_STATUS_INVALID_PARTITION_ID;
	if (caller && *partition != caller)
		return HV_STATUS_ACCESS_DENIED;
	return 0;
}

static bool both_are_active(const struct model_partition *one,
			    const struct model_partition *other)
{
	return one->state == HVHOST_PARTITION_ACTIVE &&
	       other->state == HVHOST_PARTITION_ACTIVE;
}

static bool port_info_is_good(const struct hv_port_info *info)
{
	uint32_t flags = (uint32_t)info->u.event.base_flag_number +
			 info->u.event.flag_count;

	if (info->rsvdz || info->u.message.target_sint < 1 ||
	    info->u.message.target_sint > 15)
		return false;
	if (info->port_type == HV_PORT_TYPE_MESSAGE)
		return !info->u.message.rsvdz;
	return info->port_type == HV_PORT_TYPE_EVENT &&
	       !info->u.event.rsvdz && info->u.event.flag_count && flags <= 2048;
}

static uint16_t add_port(struct model_partition *owner,
			 const struct hv_create_port_input *input)
{
	for (unsigned int i = 0; i < MODEL_PORTS; i++) {
		if (owner->port[i].exists)
			continue;
		owner->port[i] = (struct model_port){
			.exists = true, .id = input->port_id,
			.connection_partition = input->connection_partition,
			.info = input->port_info,
		};
		return HV_STATUS_SUCCESS;
	}
	return HV_STATUS_NO_RESOURCES;
}

static uint16_t create_port(struct model *model,
			    const struct model_partition *caller,
			    const struct hv_create_port_input *input)
{
	uint32_t vp = input->port_info.u.message.target_vp;
	struct model_partition *owner, *peer;
	uint16_t status;

	status = find_managed(model, caller, input->port_partition, &owner);
	if (status)
		return status;
	peer = partition_by_id(model, input->connection_partition);
	if (!peer || peer == owner)
		return HV_STATUS_INVALID_PARTITION_ID;
	if (!both_are_active(owner, peer))
		return HV_STATUS_INVALID_PARTITION_STATE;
	if (input->rsvdz || input->port_vtl || input->min_connection_vtl ||
	    !port_info_is_good(&input->port_info))
		return HV_STATUS_INVALID_PARAMETER;
	if (input->port_id > 0xffffff || model_port_find(owner, input->port_id))
		return HV_STATUS_INVALID_PORT_ID;
	if (vp != HV_ANY_VP && (vp >= MODEL_VPS || !owner->vp[vp].exists))
		return HV_STATUS_INVALID_VP_INDEX;
	return add_port(owner, input);
}

static uint16_t find_port(struct model *model,
			  const struct model_partition *caller,
			  uint64_t partition, uint32_t id,
			  struct model_partition **owner,
			  struct model_port **port)
{
	uint16_t status = find_managed(model, caller, partition, owner);

	if (status)
		return status;
	if ((*owner)->state != HVHOST_PARTITION_ACTIVE)
		return HV_STATUS_INVALID_PARTITION_STATE;
	*port = model_port_find(*owner, id);
	return *port ? 0 : HV_STATUS_INVALID_PORT_ID;
}

static uint16_t delete_port(struct model *model,
			    const struct model_partition *caller,
			    const struct hv_delete_port_input *input)
{
	struct model_partition *owner;
	struct model_port *port;
	uint16_t status;

	if (input->rsvdz)
		return HV_STATUS_INVALID_PARAMETER;
	status = find_port(model, caller, input->port_partition, input->port_id,
			   &owner, &port);
	if (!status)
		free_port(model, owner, port);
	return status;
}

static bool connection_info_is_good(const struct hv_connect_port_input *input)
{
	const struct hv_connection_info *info = &input->connection_info;

	return !input->connection_vtl && !input->rsvdz0 && !input->rsvdz1 &&
	       !input->rsvdz2 && !info->rsvdz && !info->u.rsvdz_message &&
	       (info->port_type == HV_PORT_TYPE_MESSAGE ||
		info->port_type == HV_PORT_TYPE_EVENT);
}

static uint16_t add_connection(struct model_partition *owner,
			       struct model_partition *port_owner,
			       struct model_port *port, uint32_t id)
{
	for (unsigned int i = 0; i < MODEL_CONNECTIONS; i++) {
		if (owner->connection[i].exists)
			continue;
		owner->connection[i] = (struct model_connection){
			.exists = true, .id = id,
			.port_owner = port_owner, .port = port,
		};
		port->connected = true;
		return HV_STATUS_SUCCESS;
	}
	return HV_STATUS_NO_RESOURCES;
}

static uint16_t connect_port(struct model *model,
			     const struct model_partition *caller,
			     const struct hv_connect_port_input *input)
{
	struct model_partition *owner, *peer;
	struct model_port *port;
	uint16_t status;

	status = find_managed(model, caller, input->connection_partition, &owner);
	if (status)
		return status;
	peer = partition_by_id(model, input->port_partition);
	if (!peer)
		return HV_STATUS_INVALID_PARTITION_ID;
	if (!both_are_active(owner, peer))
		return HV_STATUS_INVALID_PARTITION_STATE;
	port = model_port_find(peer, input->port_id);
	if (port && port->connection_partition != owner->id)
		return HV_STATUS_INVALID_PARTITION_ID;
	if (!connection_info_is_good(input))
		return HV_STATUS_INVALID_PARAMETER;
	if (input->connection_id > 0xffffff ||
	    model_connection_find(owner, input->connection_id))
		return HV_STATUS_INVALID_CONNECTION_ID;
	if (!port || port->connected ||
	    port->info.port_type != input->connection_info.port_type)
		return HV_STATUS_INVALID_PORT_ID;
	return add_connection(owner, peer, port, input->connection_id);
}

static uint16_t disconnect_port(struct model *model,
				const struct model_partition *caller,
				const struct hv_disconnect_port_input *input)
{
	struct model_connection *connection;
	struct model_partition *owner;
	uint16_t status;

	status = find_managed(model, caller, input->connection_partition, &owner);
	if (status)
		return status;
	if (owner->state != HVHOST_PARTITION_ACTIVE)
		return HV_STATUS_INVALID_PARTITION_STATE;
	connection = model_connection_find(owner, input->connection_id);
	if (!connection)
		return HV_STATUS_INVALID_CONNECTION_ID;
	free_connection(connection);
	return HV_STATUS_SUCCESS;
}

static uint16_t get_property(struct model *model,
			     const struct model_partition *caller,
			     const struct hv_get_port_property_input *input,
			     uint64_t *value)
{
	struct model_partition *owner;
	struct model_port *port;
	uint16_t status;

	*value = 0;
	status = find_port(model, caller, input->port_partition, input->port_id,
			   &owner, &port);
	if (status)
		return status;
	switch (input->property) {
	case HV_PORT_PROPERTY_POST_COUNT:
		*value = port->posted;
		return HV_STATUS_SUCCESS;
	case HV_PORT_PROPERTY_PREFERRED_TARGET_VP:
		*value = HV_ANY_VP;
		return HV_STATUS_SUCCESS;
	default:
		return HV_STATUS_UNKNOWN_PROPERTY;
	}
}

uint16_t model_create_port(struct model *model,
			   const struct hv_create_port_input *input)
{
	return create_port(model, NULL, input);
}

uint16_t model_delete_port(struct model *model,
			   const struct hv_delete_port_input *input)
{
	return delete_port(model, NULL, input);
}

uint16_t model_connect_port(struct model *model,
			    const struct hv_connect_port_input *input)
{
	return connect_port(model, NULL, input);
}

uint16_t model_disconnect_port(struct model *model,
			       const struct hv_disconnect_port_input *input)
{
	return disconnect_port(model, NULL, input);
}

uint16_t model_get_port_property(struct model *model,
				 const struct hv_get_port_property_input *input,
				 uint64_t *value)
{
	return get_property(model, NULL, input, value);
}

/* Hypercalls */

union input {
	struct hv_post_message_input post;
	struct hv_signal_event_input signal;
	struct hv_create_port_input create;
	struct hv_delete_port_input delete;
	struct hv_connect_port_input connect;
	struct hv_disconnect_port_input disconnect;
	struct hv_get_port_property_input get_property;
	uint64_t words[2];
};

static const struct rule {
	uint16_t code;
	uint32_t input_size;
	uint32_t output_size;
	bool fast_allowed;
	uint64_t privilege;		/* of CPUID's EBX */
} rules[] = {
	{ HV_CALL_POST_MESSAGE, 256, 0, false, HV_POST_MESSAGES },
	{ HV_CALL_SIGNAL_EVENT, 8, 0, true, HV_SIGNAL_EVENTS },
	{ HV_CALL_CREATE_PORT, 56, 0, false, HV_CREATE_PORT },
	{ HV_CALL_DELETE_PORT, 16, 0, true, HV_CREATE_PORT },
	{ HV_CALL_CONNECT_PORT, 72, 0, false, HV_CONNECT_PORT },
	{ HV_CALL_DISCONNECT_PORT, 16, 0, true, HV_CONNECT_PORT },
	{ HV_CALL_GET_PORT_PROPERTY, 24, 8, false, HV_CREATE_PORT },
};

static const struct rule *rule_for(uint16_t code)
{
	for (unsigned int i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].code == code)
			return &rules[i];
	return NULL;
}

static uint16_t run_call(struct model *model, struct model_partition *caller,
			 uint16_t code, const union input *input,
			 uint64_t *output)
{
	switch (code) {
	case HV_CALL_POST_MESSAGE:
		return post(model, caller, &input->post);
	case HV_CALL_SIGNAL_EVENT:
		return signal(model, caller, &input->signal);
	case HV_CALL_CREATE_PORT:
		return create_port(model, caller, &input->create);
	case HV_CALL_DELETE_PORT:
		return delete_port(model, caller, &input->delete);
	case HV_CALL_CONNECT_PORT:
		return connect_port(model, caller, &input->connect);
	case HV_CALL_DISCONNECT_PORT:
		return disconnect_port(model, caller, &input->disconnect);
	default:
		return get_property(model, caller, &input->get_property, output);
	}
}

static bool list_is_bad(uint64_t gpa, uint32_t size)
{
	return gpa % 8 || gpa % 4096 + size > 4096 || gpa >= MODEL_MEMORY_SIZE;
}

static bool is_in_bad_page(uint64_t gpa)
{
	return gpa / 4096 == MODEL_BAD_PAGE / 4096;
}

static uint16_t read_input(struct model *model, struct model_partition *caller,
			   const struct rule *rule,
			   const struct hvhost_hypercall *call,
			   union input *input)
{
	memset(input, 0, sizeof(*input));
	if (call->control & HV_CONTROL_FAST) {
		input->words[0] = call->input;
		input->words[1] = call->output;
		return 0;
	}
	if (list_is_bad(call->input, rule->input_size) ||
	    (rule->output_size && list_is_bad(call->output, rule->output_size)))
		return HV_STATUS_INVALID_ALIGNMENT;
	effects_add(&model->effects, (struct effect){
			.kind = EFFECT_READ, .what = rule->input_size,
			.partition = number_of(model, caller),
			.value = call->input,
		});
	if (is_in_bad_page(call->input))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	memcpy(input, caller->memory + call->input, rule->input_size);
	return 0;
}

static uint16_t hypercall(struct model *model, struct model_partition *caller,
			  const struct hvhost_hypercall *call)
{
	uint16_t code = (uint16_t)call->control;
	const struct rule *rule = rule_for(code);
	uint64_t control = call->control & ~0xffffull;
	uint64_t output = 0;
	union input input;
	uint16_t status;

	if (!rule)
		return HV_STATUS_INVALID_HYPERCALL_CODE;
	if (!(caller->privileges & rule->privilege << 32))
		return HV_STATUS_ACCESS_DENIED;
	/* Simple calls: nothing but the code and, where allowed, fast. */
	if (control && !(rule->fast_allowed && control == HV_CONTROL_FAST))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	status = read_input(model, caller, rule, call, &input);
	if (!status)
		status = run_call(model, caller, code, &input, &output);
	if (status || !rule->output_size)
		return status;
	effects_add(&model->effects, (struct effect){
			.kind = EFFECT_WRITE, .what = rule->output_size,
			.partition = number_of(model, caller),
			.value = call->output, .data = output,
		});
	return is_in_bad_page(call->output) ? HV_STATUS_INVALID_HYPERCALL_INPUT :
					      HV_STATUS_SUCCESS;
}

int model_vp_hypercall(struct model *model, unsigned int partition,
		       unsigned int vp, const struct hvhost_hypercall *call,
		       uint64_t *result)
{
	struct model_partition *caller = &model->partition[partition];

	(void)vp;
	*result = 0;
	if (call->cpl || !call->protected_mode || !caller->guest_os_id)
		return -EPERM;
	*result = hypercall(model, caller, call);
	return 0;
}
