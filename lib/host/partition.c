// SPDX-License-Identifier: MIT
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

#define VP_COUNT_MAX		4096u
#define BUFFERS_MAX		65535u
#define TABLE_DEFAULT		65536u
#define TABLE_MAX		(HV_ID_MASK + 1)

static void set_default(uint32_t *value, uint32_t value_default)
{
	if (!*value)
		*value = value_default;
}

bool partition_numbers_are_valid(const struct hvhost_partition_config *config)
{
	return config->vp_count_max && config->vp_count_max <= VP_COUNT_MAX &&
	       config->message_buffers &&
	       config->message_buffers <= BUFFERS_MAX &&
	       config->ports_max && config->ports_max <= TABLE_MAX &&
	       config->connections_max && config->connections_max <= TABLE_MAX;
}

static int check_config(struct hvhost_partition_config *config)
{
	const struct hvhost_partition_ops *ops = config->ops;

	if (!ops || !ops->read_memory || !ops->write_memory ||
	    !ops->assert_sint)
		return -EINVAL;

	set_default(&config->message_buffers, HV_PORT_MESSAGE_BUFFERS);
	set_default(&config->ports_max, TABLE_DEFAULT);
	set_default(&config->connections_max, TABLE_DEFAULT);
	return partition_numbers_are_valid(config) ? 0 : -EINVAL;
}

/* Few enough for a list, which every port call looks through. */
static int add_to_machine(struct hvhost_partition *partition)
{
	struct hvhost_machine *machine = partition->machine;
	int err = -ENOSPC;

	lock_exclude(&machine->lock);
	if (machine->partition_count < HVHOST_PARTITIONS_MAX) {
		machine->partition_count++;
		partition->id = ++machine->last_partition_id;
		LIST_INSERT_HEAD(&machine->partitions, partition, next);
		err = 0;
	}
	lock_unexclude(&machine->lock);
	return err;
}

int hvhost_partition_new(struct hvhost_machine *machine,
			 const struct hvhost_partition_config *config,
			 struct hvhost_partition **partition)
{
	struct hvhost_partition *new;

	*partition = NULL;
	new = calloc(1, sizeof(*new));
	if (!new)
		return -ENOMEM;
	new->machine = machine;
	new->config = *config;
	if (check_config(&new->config)) {
		free(new);
		return -EINVAL;
	}
	new->vps = calloc(new->config.vp_count_max, sizeof(struct hvhost_vp *));
	if (!new->vps) {
		free(new);
		return -ENOMEM;
	}

	if (add_to_machine(new)) {
		free(new->vps);
		free(new);
		return -ENOSPC;
	}
	*partition = new;
	return 0;
}

uint64_t hvhost_partition_id(const struct hvhost_partition *partition)
{
	return partition->id;
}

enum hvhost_partition_state
hvhost_partition_state(const struct hvhost_partition *partition)
{
	struct lock_shard *shard = lock_share(&partition->machine->lock);
	enum hvhost_partition_state state = partition->state;

	lock_unshare(shard);
	return state;
}

static int change_state(struct hvhost_partition *partition,
			enum hvhost_partition_state from,
			enum hvhost_partition_state to)
{
	int err = 0;

	lock_exclude(&partition->machine->lock);
	if (partition->state == from)
		partition->state = to;
	else
		err = -EBUSY;
	lock_unexclude(&partition->machine->lock);
	return err;
}

int hvhost_partition_activate(struct hvhost_partition *partition)
{
	return change_state(partition, HVHOST_PARTITION_UNINITIALIZED,
			    HVHOST_PARTITION_ACTIVE);
}

int hvhost_partition_begin_finalize(struct hvhost_partition *partition)
{
	return change_state(partition, HVHOST_PARTITION_ACTIVE,
			    HVHOST_PARTITION_FINALIZING);
}

void hvhost_partition_reset(struct hvhost_partition *partition)
{
	lock_exclude(&partition->machine->lock);
	for (uint32_t i = 0; i < partition->vp_limit; i++)
		if (partition->vps[i])
			vp_reset_locked(partition->vps[i]);
	atomic_store(&partition->guest_os_id, 0);
	atomic_store(&partition->hypercall_msr, 0);
	lock_unexclude(&partition->machine->lock);
}

/* VPs before ports, so that queues are walked once, and not for each port. */
static void free_contents(struct hvhost_partition *partition)
{
	void *thing;
	uint32_t i;

	for (i = 0; (thing = idtable_next(&partition->connections, &i));)
		connection_free(thing);
	for (i = 0; i < partition->vp_limit; i++)
		if (partition->vps[i])
			vp_free_locked(partition->vps[i]);
	for (i = 0; (thing = idtable_next(&partition->ports, &i));)
		port_free(thing);
	idtable_destroy(&partition->connections);
	idtable_destroy(&partition->ports);
}

int hvhost_partition_finalize(struct hvhost_partition *partition)
{
	lock_exclude(&partition->machine->lock);
	partition->state = HVHOST_PARTITION_FINALIZING;
	free_contents(partition);
	partition->state = HVHOST_PARTITION_FINALIZED;
	lock_unexclude(&partition->machine->lock);
	return 0;
}

void hvhost_partition_free(struct hvhost_partition *partition)
{
	if (!partition)
		return;
	hvhost_partition_finalize(partition);

	lock_exclude(&partition->machine->lock);
	LIST_REMOVE(partition, next);
	partition->machine->partition_count--;
	lock_unexclude(&partition->machine->lock);
	free(partition->vps);
	free(partition);
}

struct hvhost_partition *partition_find(struct hvhost_machine *machine,
					uint64_t id)
{
	struct hvhost_partition *partition;

	LIST_FOREACH(partition, &machine->partitions, next)
		if (partition->id == id)
			return partition;
	return NULL;
}

struct hvhost_partition *hvhost_partition_find(struct hvhost_machine *machine,
					       uint64_t id)
{
	struct lock_shard *shard = lock_share(&machine->lock);
	struct hvhost_partition *partition = partition_find(machine, id);

	lock_unshare(shard);
	return partition;
}

uint16_t partition_for_caller(struct hvhost_machine *machine,
			      const struct hvhost_partition *caller,
			      uint64_t id, struct hvhost_partition **found)
{
	if (caller && id == HV_PARTITION_ID_SELF)
		id = caller->id;
	*found = partition_find(machine, id);
	if (!*found)
		return HV_STATUS_INVALID_PARTITION_ID;
	/* A guest has no children here: it may manage itself only. */
	if (caller && *found != caller)
		return HV_STATUS_ACCESS_DENIED;
	return HV_STATUS_SUCCESS;
}

bool partition_has_page(const struct hvhost_partition *partition,
			uint64_t page_msr)
{
	uint64_t gpa = page_msr & HV_PAGE_ADDRESS_MASK;

	return gpa < partition->config.gpa_size &&
	       partition->config.gpa_size - gpa >= HV_PAGE_SIZE;
}
