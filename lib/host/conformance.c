// SPDX-License-Identifier: MIT
/* What conformance.h describes, made of the engine's own calls. */
#include "internal.h"

#include <errno.h>

#include <hvpost/conformance.h>

#define GPA_SIZE	0x10000u
#define SIM_GPA		0x1000u
#define SIEF_GPA	0x2000u
#define VECTOR		0x40u
#define SPARE_PORTS	2u
#define SPARE_PORTS_MAX	65536u

/* SINTs of the peer's VP 0 */
#define SINT_TAKEN	1u	/* unmasked; each message is taken at once */
#define SINT_LEFT	2u	/* masked; messages stay */
#define SINT_EVENTS	3u	/* unmasked */
#define SINT_MASKED	4u	/* masked */

#define ANY		HV_ANY_VP

enum role { PEER, SLEEPER, BLIND, EMPTY, INACTIVE, ROLES };

#define MESSAGE		HV_PORT_TYPE_MESSAGE
#define EVENT		HV_PORT_TYPE_EVENT
#define TWIN(offset)	(HVPOST_CONFORM_EVENT + HVPOST_CONFORM_##offset)

static const struct link {
	uint32_t offset;
	uint32_t type;
	enum role owner;
	uint32_t vp;
	uint32_t sint;
} links[] = {
	{ HVPOST_CONFORM_MESSAGE, MESSAGE, PEER, 0, SINT_TAKEN },
	{ HVPOST_CONFORM_FULL, MESSAGE, PEER, 0, SINT_LEFT },
	{ HVPOST_CONFORM_PORT_DELETED, MESSAGE, PEER, 0, SINT_TAKEN },
	{ HVPOST_CONFORM_OWNER_INACTIVE, MESSAGE, INACTIVE, ANY, SINT_TAKEN },
	{ HVPOST_CONFORM_VP_GONE, MESSAGE, PEER, 3, SINT_TAKEN },
	{ HVPOST_CONFORM_NO_VP, MESSAGE, EMPTY, ANY, SINT_TAKEN },
	{ HVPOST_CONFORM_SYNIC_OFF, MESSAGE, PEER, 1, SINT_TAKEN },
	{ HVPOST_CONFORM_PAGE_OFF, MESSAGE, PEER, 2, SINT_TAKEN },
	{ HVPOST_CONFORM_ANY, MESSAGE, PEER, ANY, SINT_TAKEN },
	{ HVPOST_CONFORM_ANY_SYNIC_OFF, MESSAGE, SLEEPER, ANY, SINT_TAKEN },
	{ HVPOST_CONFORM_ANY_PAGE_OFF, MESSAGE, BLIND, ANY, SINT_TAKEN },

	{ HVPOST_CONFORM_EVENT, EVENT, PEER, 0, SINT_EVENTS },
	{ TWIN(PORT_DELETED), EVENT, PEER, 0, SINT_EVENTS },
	{ TWIN(OWNER_INACTIVE), EVENT, INACTIVE, ANY, SINT_EVENTS },
	{ TWIN(VP_GONE), EVENT, PEER, 3, SINT_EVENTS },
	{ TWIN(NO_VP), EVENT, EMPTY, ANY, SINT_EVENTS },
	{ TWIN(SYNIC_OFF), EVENT, PEER, 1, SINT_EVENTS },
	{ TWIN(PAGE_OFF), EVENT, PEER, 2, SINT_EVENTS },
	{ TWIN(ANY), EVENT, PEER, ANY, SINT_EVENTS },
	{ TWIN(ANY_SYNIC_OFF), EVENT, SLEEPER, ANY, SINT_EVENTS },
	{ TWIN(ANY_PAGE_OFF), EVENT, BLIND, ANY, SINT_EVENTS },
	{ HVPOST_CONFORM_MASKED, EVENT, PEER, 0, SINT_MASKED },
	{ HVPOST_CONFORM_ANY_MASKED, EVENT, PEER, ANY, SINT_MASKED },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

struct topology {
	struct hvhost_partition *prober;
	uint32_t base;
	struct hvhost_partition *partition[ROLES];
	size_t link_count;	/* of the links, those that are made */
};

/* The VPs run no code and have no memory but their SIM and SIEF pages. */

static int no_read(void *context, uint64_t gpa, void *to, size_t size)
{
	(void)context, (void)gpa, (void)to, (void)size;
	return -EFAULT;
}

static int no_write(void *context, uint64_t gpa, const void *from, size_t size)
{
	(void)context, (void)gpa, (void)from, (void)size;
	return -EFAULT;
}

/*
 * Take the message as a guest does: empty the slot, then look whether more is
 * queued. That EOM goes past hvhost_vp_eom(), whose lock the caller holds, and
 * past the interrupt, which would bring us here once more for each message of
 * as many ports as there are.
 */
static void take(void *context, uint32_t vp_index, unsigned int sint,
		 uint8_t vector)
{
	struct hvhost_partition *partition = context;
	struct hvhost_vp *vp = partition->vps[vp_index];
	struct hv_slot *slot = &vp->sim->slot[sint];

	(void)vector;
	do {
		__atomic_store_n(&slot->message_type, HV_MESSAGE_TYPE_NONE,
				 __ATOMIC_SEQ_CST);
		if (!(__atomic_load_n(&slot->message_flags, __ATOMIC_SEQ_CST) &
		      HV_MESSAGE_PENDING))
			return;
	} while (synic_fill_slot(vp, sint));
}

static const struct hvhost_partition_ops ops = {
	.read_memory = no_read,
	.write_memory = no_write,
	.assert_sint = take,
};

static int add_partition(struct topology *topology, enum role role)
{
	const struct hvhost_partition_config config = {
		.privileges = HV_ACCESS_SYNIC_REGS,
		.gpa_size = GPA_SIZE,
		.vp_count_max = 4,
		.ports_max = COUNT(links) + 1 + SPARE_PORTS_MAX,
		.ops = &ops,
	};
	struct hvhost_partition *new;
	int err = hvhost_partition_new(topology->prober->machine, &config,
				       &new);

	if (err)
		return err;
	/* It lives as long as its callbacks may come. */
	new->config.context = new;
	topology->partition[role] = new;
	return hvhost_partition_activate(new);
}

static int add_vp(struct hvhost_partition *partition, uint32_t index,
		  uint64_t scontrol, uint64_t page)
{
	struct hvhost_vp *vp;
	int err = hvhost_vp_new(partition, index, NULL, NULL, &vp);

	if (err)
		return err;
	hvhost_vp_write_msr(vp, HV_MSR_SCONTROL, scontrol);
	hvhost_vp_write_msr(vp, HV_MSR_SIMP, SIM_GPA | page);
	hvhost_vp_write_msr(vp, HV_MSR_SIEFP, SIEF_GPA | page);
	return 0;
}

static void unmask(struct hvhost_partition *partition, unsigned int sint)
{
	hvhost_vp_write_msr(hvhost_vp_find(partition, 0), HV_MSR_SINT0 + sint,
			    VECTOR + sint);
}

static int add_vps(const struct topology *topology)
{
	struct hvhost_partition *peer = topology->partition[PEER];
	const struct {
		enum role role;
		uint32_t index;
		uint64_t scontrol;
		uint64_t page;
	} vps[] = {
		{ PEER, 0, HV_SCONTROL_ENABLE, HV_PAGE_ENABLE },
		{ PEER, 1, 0, HV_PAGE_ENABLE },
		{ PEER, 2, HV_SCONTROL_ENABLE, 0 },
		{ PEER, 3, HV_SCONTROL_ENABLE, HV_PAGE_ENABLE },
		{ SLEEPER, 0, 0, HV_PAGE_ENABLE },
		{ SLEEPER, 1, 0, HV_PAGE_ENABLE },
		{ BLIND, 0, HV_SCONTROL_ENABLE, 0 },
		{ BLIND, 1, HV_SCONTROL_ENABLE, 0 },
	};

	for (size_t i = 0; i < COUNT(vps); i++) {
		int err = add_vp(topology->partition[vps[i].role],
				 vps[i].index, vps[i].scontrol, vps[i].page);

		if (err)
			return err;
	}
	unmask(peer, SINT_TAKEN);
	unmask(peer, SINT_EVENTS);
	return 0;
}

/* Ports and connections */

static int error_of(uint16_t status)
{
	switch (status) {
	case HV_STATUS_SUCCESS:
		return 0;
	case HV_STATUS_INSUFFICIENT_MEMORY:
		return -ENOMEM;
	case HV_STATUS_NO_RESOURCES:
		return -ENOSPC;
	default: /* an id is taken */
		return -EEXIST;
	}
}

static struct hv_port_info port_info(const struct link *link)
{
	struct hv_port_info info = {
		.port_type = link->type,
		/* The two kinds have these in the same place. */
		.u.message.target_sint = link->sint,
		.u.message.target_vp = link->vp,
	};

	if (link->type == EVENT)
		info.u.event.flag_count = HVPOST_CONFORMANCE_FLAGS;
	return info;
}

static int add_port(const struct topology *topology, const struct link *link,
		    const struct hvhost_partition *partner)
{
	const struct hv_create_port_input input = {
		.port_partition = topology->partition[link->owner]->id,
		.port_id = topology->base + link->offset,
		.connection_partition = partner->id,
		.port_info = port_info(link),
	};

	return error_of(hvhost_create_port(topology->prober->machine, &input));
}

static int add_link(const struct topology *topology, const struct link *link)
{
	const struct hv_connect_port_input input = {
		.connection_partition = topology->prober->id,
		.connection_id = topology->base + link->offset,
		.port_partition = topology->partition[link->owner]->id,
		.port_id = topology->base + link->offset,
		.connection_info.port_type = link->type,
	};
	int err = add_port(topology, link, topology->prober);

	if (err)
		return err;
	return error_of(hvhost_connect_port(topology->prober->machine, &input));
}

static int add_unconnected_ports(const struct topology *topology,
				 uint32_t spare_ports)
{
	struct link link = { HVPOST_CONFORM_FOREIGN, MESSAGE, PEER, 0,
			     SINT_TAKEN };
	int err = add_port(topology, &link, topology->partition[EMPTY]);

	for (uint32_t i = 0; i < spare_ports && !err; i++) {
		link.offset = HVPOST_CONFORM_SPARE + i;
		err = add_port(topology, &link, topology->prober);
	}
	return err;
}

/* What the ports needed to be made is there no more. */
static void take_away(const struct topology *topology)
{
	struct hvhost_partition *peer = topology->partition[PEER];
	struct hv_delete_port_input port = { .port_partition = peer->id };

	port.port_id = topology->base + HVPOST_CONFORM_PORT_DELETED;
	hvhost_delete_port(topology->prober->machine, &port);
	port.port_id = topology->base + TWIN(PORT_DELETED);
	hvhost_delete_port(topology->prober->machine, &port);
	hvhost_vp_free(hvhost_vp_find(peer, 3));
	hvhost_partition_begin_finalize(topology->partition[INACTIVE]);
}

static int build(struct topology *topology, uint32_t spare_ports)
{
	int err = 0;

	for (enum role role = 0; role < ROLES && !err; role++)
		err = add_partition(topology, role);
	if (!err)
		err = add_vps(topology);
	while (!err && topology->link_count < COUNT(links)) {
		err = add_link(topology, &links[topology->link_count]);
		if (!err)
			topology->link_count++;
	}
	if (!err)
		err = add_unconnected_ports(topology, spare_ports);
	if (!err)
		take_away(topology);
	return err;
}

/* What we made, and nothing of a prober who has run meanwhile. */
static void undo(const struct topology *topology)
{
	struct hv_disconnect_port_input input = {
		.connection_partition = topology->prober->id,
	};

	for (size_t i = 0; i < topology->link_count; i++) {
		input.connection_id = topology->base + links[i].offset;
		hvhost_disconnect_port(topology->prober->machine, &input);
	}
	for (enum role role = 0; role < ROLES; role++)
		hvhost_partition_free(topology->partition[role]);
}

static bool is_taken(const struct topology *topology, uint32_t offset)
{
	struct hvhost_connection_counters counters;

	return !hvhost_connection_counters(topology->prober,
					   topology->base + offset, &counters);
}

static bool some_id_is_taken(const struct topology *topology)
{
	for (size_t i = 0; i < COUNT(links); i++)
		if (is_taken(topology, links[i].offset))
			return true;
	return is_taken(topology, HVPOST_CONFORM_NEVER);
}

int hvhost_conformance_prepare(struct hvhost_partition *prober,
			       const struct hvhost_conformance *config)
{
	struct topology topology = {
		.prober = prober,
		.base = HVPOST_CONFORMANCE_BASE,
	};
	uint32_t spare_ports = SPARE_PORTS;
	int err;

	if (config && config->base)
		topology.base = config->base;
	if (config && config->spare_ports)
		spare_ports = config->spare_ports;
	if (topology.base > HVPOST_CONFORMANCE_BASE_MAX ||
	    spare_ports > SPARE_PORTS_MAX)
		return -EINVAL;
	if (hvhost_partition_state(prober) != HVHOST_PARTITION_ACTIVE)
		return -EBUSY;
	if (some_id_is_taken(&topology))
		return -EEXIST;

	err = build(&topology, spare_ports);
	if (err)
		undo(&topology);
	return err;
}
