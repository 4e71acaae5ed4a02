// SPDX-License-Identifier: MIT
/* VPs of a snapshot, with their pages and queues. */
#include "snapshot_restore.h"

#include <errno.h>
#include <string.h>

static bool is_zero(const uint8_t *bytes, size_t size)
{
	while (size && !bytes[size - 1])
		size--;
	return !size;
}

static const char *message_fault(const struct snapshot_message *record)
{
	if (record->rsvdz)
		return "a reserved field of a message is not zero";
	if (record->type == HV_MESSAGE_TYPE_NONE ||
	    record->type & HV_MESSAGE_TYPE_HYPERVISOR)
		return "a message's type is none that guests may post";
	if (record->payload_size > HV_MESSAGE_PAYLOAD_SIZE_MAX)
		return "a payload is larger than 240 bytes";
	if (!is_zero(record->payload + record->payload_size,
		     HV_MESSAGE_PAYLOAD_SIZE_MAX - record->payload_size))
		return "what follows a payload is not zero";
	return NULL;
}

static const char *place_fault(const struct hvhost_vp *vp, unsigned int sint,
			       const struct port *port)
{
	uint32_t target;

	if (!port)
		return "a message's port does not exist";
	if (port->info.port_type != HV_PORT_TYPE_MESSAGE)
		return "a message's port takes no messages";
	if (port->info.u.message.target_sint != sint)
		return "a message is not at its port's SINT";
	target = port->info.u.message.target_vp;
	if (target != HV_ANY_VP && target != vp->index)
		return "a message is not at its port's VP";
	if (queue_buffers_used(port) >= port->owner->config.message_buffers)
		return "a port has more messages than buffers";
	return NULL;
}

static int get_message(struct restore *restore, struct hvhost_vp *vp,
		       unsigned int sint)
{
	struct snapshot_message record;
	struct hv_post_message_input input;
	struct port *port;
	int err;

	err = restore_get(restore, &record, sizeof(record));
	if (!err)
		err = restore_judge(restore, message_fault(&record));
	if (err)
		return err;
	port = idtable_find(&vp->partition->ports, record.port_id);
	err = restore_judge(restore, place_fault(vp, sint, port));
	if (err)
		return err;

	input.message_type = record.type;
	input.payload_size = record.payload_size;
	memcpy(input.payload, record.payload, sizeof(input.payload));
	return queue_add(vp, port, &input) ? 0 : -ENOMEM;
}

static const char *queue_fault(const struct snapshot_queue *record)
{
	if (record->rsvdz)
		return "a reserved field of a SINT is not zero";
	if (!(record->sint & HV_SINT_MASKED) &&
	    (record->sint & HV_SINT_VECTOR_MASK) < HV_SINT_VECTOR_MIN)
		return "an unmasked SINT has a vector below 16";
	return NULL;
}

static int get_queue(struct restore *restore, struct hvhost_vp *vp,
		     unsigned int sint)
{
	struct snapshot_queue record;
	int err;

	err = restore_get(restore, &record, sizeof(record));
	if (err)
		return err;
	err = restore_judge(restore, queue_fault(&record));
	if (err)
		return err;
	vp->queue[sint].sint = record.sint;
	vp->queue[sint].delivered = record.delivered;
	err = restore_check_count(restore, record.message_count,
				  sizeof(struct snapshot_message));
	while (!err && record.message_count--)
		err = get_message(restore, vp, sint);
	return err;
}

static const char *vp_fault(const struct hvhost_partition *partition,
			    const struct snapshot_vp *record,
			    uint32_t index_min)
{
	if (record->rsvdz)
		return "a reserved field of a VP is not zero";
	if (record->index >= partition->config.vp_count_max)
		return "a VP's index is out of range";
	if (record->index < index_min)
		return "VPs are not in the order of their indexes";
	if (!page_is_valid(partition, record->simp))
		return "a SIM page is past the end of memory";
	if (!page_is_valid(partition, record->siefp))
		return "a SIEF page is past the end of memory";
	return NULL;
}

static int make_vp(struct restore *restore, struct hvhost_partition *partition,
		   const struct snapshot_vp *record, struct hvhost_vp **vp)
{
	const struct hvhost_restore_ops *ops = restore->ops;
	void *sim = NULL, *sief = NULL;
	int err = 0;

	if (ops->restore_vp)
		err = ops->restore_vp(restore->context, partition->id,
				      record->index, &sim, &sief);
	if (!err)
		err = hvhost_vp_new(partition, record->index, sim, sief, vp);
	if (err)
		return err;

	(*vp)->scontrol = record->scontrol;
	(*vp)->simp = record->simp;
	(*vp)->siefp = record->siefp;
	atomic_store(&(*vp)->lost, record->lost);
	atomic_store(&(*vp)->eoms, record->eoms);
	return 0;
}

static int get_vp(struct restore *restore, struct hvhost_partition *partition,
		  uint32_t *index_min)
{
	struct snapshot_vp record;
	struct hvhost_vp *vp;
	int err;

	err = restore_get(restore, &record, sizeof(record));
	if (!err)
		err = restore_judge(restore, vp_fault(partition, &record,
						      *index_min));
	if (!err)
		err = make_vp(restore, partition, &record, &vp);
	if (err)
		return err;

	*index_min = record.index + 1;
	err = restore_get(restore, vp->sim, sizeof(*vp->sim));
	if (!err)
		err = restore_get(restore, vp->sief, sizeof(*vp->sief));
	for (unsigned int sint = 0; !err && sint < HV_SINT_COUNT; sint++)
		err = get_queue(restore, vp, sint);
	return err;
}

int restore_vps(struct restore *restore, struct hvhost_partition *partition,
		uint32_t count)
{
	uint32_t index_min = 0;
	int err;

	err = restore_check_count(restore, count, sizeof(struct snapshot_vp));
	while (!err && count--)
		err = get_vp(restore, partition, &index_min);
	return err;
}
