// SPDX-License-Identifier: MIT
/*
 * Only the engine knows its snapshots: what is in one it tells while it makes a
 * machine of it, which nobody uses.
 */
#include "shape.h"

#include <errno.h>
#include <stdlib.h>

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

static void no_interrupt(void *context, uint32_t vp_index, unsigned int sint,
			 uint8_t vector)
{
	(void)context, (void)vp_index, (void)sint, (void)vector;
}

static const struct hvhost_partition_ops no_ops = {
	.read_memory = no_read,
	.write_memory = no_write,
	.assert_sint = no_interrupt,
};

static bool numbers_are_same(const struct hvhost_partition_config *one,
			     const struct hvhost_partition_config *other)
{
	return one->gpa_size == other->gpa_size &&
	       one->vp_count_max == other->vp_count_max &&
	       one->message_buffers == other->message_buffers &&
	       one->ports_max == other->ports_max &&
	       one->connections_max == other->connections_max;
}

static const char other_parts[] = "other partitions or VPs are in it";

/* What is known of a part before it is made. */
static const char *compare_plan(const struct shape_part *here,
				const struct shape_part *there)
{
	if (here->partition != there->partition || here->is_vp != there->is_vp ||
	    here->vp_index != there->vp_index)
		return other_parts;
	if (here->config.privileges != there->config.privileges)
		return "a partition has other privileges in it";
	if (!numbers_are_same(&here->config, &there->config))
		return "a partition has other memory or limits in it";
	return NULL;
}

static const char *compare_next(const struct shape *shape,
				const struct shape_part *part)
{
	const struct shape *like = shape->like;

	if (!like)
		return NULL;
	return shape->count < like->count ?
	       compare_plan(&like->parts[shape->count], part) : other_parts;
}

static int add(struct shape *shape, const struct shape_part *part)
{
	shape->wrong = compare_next(shape, part);
	if (shape->wrong)
		return -EINVAL;
	if (shape->count == shape->room) {
		size_t room = shape->room ? 2 * shape->room : 64;
		struct shape_part *parts =
			realloc(shape->parts, room * sizeof(*parts));

		if (!parts)
			return -ENOMEM;
		shape->parts = parts;
		shape->room = room;
	}
	shape->parts[shape->count++] = *part;
	return 0;
}

static int note_partition(void *context, uint64_t id,
			  struct hvhost_partition_config *config)
{
	config->ops = &no_ops;
	return add(context, &(struct shape_part){
			.partition = id, .config = *config,
		});
}

static int note_vp(void *context, uint64_t id, uint32_t vp_index, void **sim,
		   void **sief)
{
	(void)sim, (void)sief;
	return add(context, &(struct shape_part){
			.partition = id, .is_vp = true, .vp_index = vp_index,
		});
}

static void note_states(struct shape *shape, struct hvhost_machine *machine)
{
	for (size_t i = 0; i < shape->count; i++) {
		struct shape_part *part = &shape->parts[i];

		part->state = hvhost_partition_state(
			hvhost_partition_find(machine, part->partition));
	}
	shape->flags = hvhost_machine_flags(machine);
}

int shape_of_snapshot(struct shape *shape, const struct shape *like,
		      const void *snapshot, size_t size, const char **reason)
{
	static const struct hvhost_restore_ops ops = {
		.restore_partition = note_partition,
		.restore_vp = note_vp,
	};
	struct hvhost_machine *machine;
	int err;

	*shape = (struct shape){ .like = like };
	err = hvhost_machine_restore(snapshot, size, &ops, shape, &machine,
				     reason);
	if (err)
		return err;
	note_states(shape, machine);
	hvhost_machine_free(machine);
	return 0;
}

int shape_of_machine(struct shape *shape, struct hvhost_machine *machine)
{
	const char *reason;
	void *snapshot;
	size_t size;
	int err;

	*shape = (struct shape){ .count = 0 };
	err = hvhost_machine_save(machine, &snapshot, &size);
	if (err)
		return err;
	err = shape_of_snapshot(shape, NULL, snapshot, size, &reason);
	free(snapshot);
	return err;
}

void shape_free(struct shape *shape)
{
	free(shape->parts);
}

static const char *compare_part(const struct shape_part *here,
				const struct shape_part *there)
{
	const char *wrong = compare_plan(here, there);

	if (!wrong && here->state != there->state)
		return "a partition is in another state in it";
	return wrong;
}

const char *shape_compare(const struct shape *here, const struct shape *there)
{
	const char *wrong = NULL;

	if (here->flags != there->flags)
		return "it is of a machine with other flags";
	if (here->count != there->count)
		return other_parts;
	for (size_t i = 0; i < here->count && !wrong; i++)
		wrong = compare_part(&here->parts[i], &there->parts[i]);
	return wrong;
}
