// SPDX-License-Identifier: MIT
#include "revival.h"

#include <stdlib.h>

#include <check.h>

struct guest stranger;

static struct guest *guest_of(uint64_t id)
{
	if (id == world.sender.id)
		return &world.sender;
	return id == world.receiver.id ? &world.receiver : &stranger;
}

static int restore_partition(void *context, uint64_t id,
			     struct hvhost_partition_config *config)
{
	struct hvhost_partition_config own = guest_config(guest_of(id));

	(void)context;
	ck_assert_ptr_null(config->ops);
	config->ops = own.ops;
	config->context = own.context;
	return 0;
}

const struct hvhost_restore_ops revival_ops = {
	.restore_partition = restore_partition,
};

struct saved save_machine(struct hvhost_machine *machine)
{
	struct saved saved;

	ck_assert_int_eq(hvhost_machine_save(machine, &saved.bytes,
					     &saved.size), 0);
	ck_assert_ptr_nonnull(saved.bytes);
	return saved;
}

struct saved save_world(void)
{
	return save_machine(world.machine);
}

void assert_same(struct saved one, struct saved other)
{
	ck_assert_uint_eq(one.size, other.size);
	ck_assert_mem_eq(one.bytes, other.bytes, one.size);
}

static void find_guest(struct guest *guest)
{
	guest->partition = hvhost_partition_find(world.machine, guest->id);
	for (uint32_t i = 0; guest->partition && i < WORLD_VPS; i++)
		guest->vp[i] = hvhost_vp_find(guest->partition, i);
}

int restore_world(struct saved saved, const char **reason)
{
	int err = hvhost_machine_restore(saved.bytes, saved.size, &revival_ops,
					 NULL, &world.machine, reason);

	if (err)
		return err;
	find_guest(&world.sender);
	find_guest(&world.receiver);
	return 0;
}

void revive_world(void)
{
	struct saved saved = save_world();
	const char *reason;

	hvhost_machine_free(world.machine);
	ck_assert_msg(!restore_world(saved, &reason), "%s", reason);
	ck_assert_ptr_null(reason);
	free(saved.bytes);
}

void round_trip(void)
{
	struct saved before = save_world(), after;
	unsigned int interrupts = world.receiver.interrupts;

	revive_world();
	after = save_world();
	assert_same(before, after);
	ck_assert_uint_eq(world.receiver.interrupts, interrupts);
	free(before.bytes);
	free(after.bytes);
}
