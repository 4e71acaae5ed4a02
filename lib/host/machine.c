// SPDX-License-Identifier: MIT
#include "internal.h"

#include <errno.h>
#include <stdlib.h>

#define MACHINE_FLAGS \
	(HVHOST_MACHINE_RELAX_RSVDZ | HVHOST_MACHINE_SCONTROL_ON)

int hvhost_machine_new(const struct hvhost_machine_config *config,
		       struct hvhost_machine **machine)
{
	struct hvhost_machine *new;

	*machine = NULL;
	if (config && config->flags & ~MACHINE_FLAGS)
		return -EINVAL;

	new = aligned_alloc(_Alignof(struct hvhost_machine), sizeof(*new));
	if (!new)
		return -ENOMEM;
	lock_init(&new->lock);
	new->flags = config ? config->flags : 0;
	new->last_partition_id = 0;
	new->partition_count = 0;
	LIST_INIT(&new->partitions);
	*machine = new;
	return 0;
}

uint32_t hvhost_machine_flags(const struct hvhost_machine *machine)
{
	return machine->flags;
}

void hvhost_machine_free(struct hvhost_machine *machine)
{
	if (!machine)
		return;
	while (!LIST_EMPTY(&machine->partitions))
		hvhost_partition_free(LIST_FIRST(&machine->partitions));
	lock_destroy(&machine->lock);
	free(machine);
}
