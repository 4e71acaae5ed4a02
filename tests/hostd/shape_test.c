// SPDX-License-Identifier: MIT
/* When a snapshot fits a machine, and when not. */
#include <errno.h>
#include <stdlib.h>

#include "cli/hvhost/shape.h"
#include "suites.h"

/* A machine of two partitions; what one of them may have otherwise. */
struct wish {
	uint32_t flags;
	struct hvhost_partition_config config;
	uint32_t vps;
	int is_alone, is_finalizing, is_later;
};

static const struct wish usual = {
	.config = {
		.privileges = HV_ACCESS_SYNIC_REGS, .gpa_size = 1 << 20,
		.vp_count_max = 4, .message_buffers = 8, .ports_max = 10,
		.connections_max = 20,
	},
	.vps = 2,
};

static int no_read(void *context, uint64_t gpa, void *to, size_t size)
{
	(void)context, (void)gpa, (void)to, (void)size;
	return -1;
}

static int no_write(void *context, uint64_t gpa, const void *from, size_t size)
{
	(void)context, (void)gpa, (void)from, (void)size;
	return -1;
}

static void no_interrupt(void *context, uint32_t vp, unsigned int sint,
			 uint8_t vector)
{
	(void)context, (void)vp, (void)sint, (void)vector;
}

static struct hvhost_partition *
add_partition(struct hvhost_machine *machine, const struct wish *wish)
{
	static const struct hvhost_partition_ops ops = {
		.read_memory = no_read, .write_memory = no_write,
		.assert_sint = no_interrupt,
	};
	struct hvhost_partition_config config = wish->config;
	struct hvhost_partition *partition;
	struct hvhost_vp *vp;

	config.ops = &ops;
	ck_assert_int_eq(hvhost_partition_new(machine, &config, &partition), 0);
	for (uint32_t i = 0; i < wish->vps; i++)
		ck_assert_int_eq(hvhost_vp_new(partition, i, NULL, NULL, &vp),
				 0);
	ck_assert_int_eq(hvhost_partition_activate(partition), 0);
	if (wish->is_finalizing)
		hvhost_partition_begin_finalize(partition);
	return partition;
}

static struct hvhost_machine *make_machine(const struct wish *wish)
{
	const struct hvhost_machine_config config = { .flags = wish->flags };
	struct hvhost_machine *machine;

	ck_assert_int_eq(hvhost_machine_new(&config, &machine), 0);
	if (wish->is_later)
		hvhost_partition_free(add_partition(machine, &usual));
	add_partition(machine, &usual);
	if (!wish->is_alone)
		add_partition(machine, wish);
	return machine;
}

/*
 * How the machine of @there, as a snapshot, compares to the usual one; @read: how
 * many parts of it were made to know that.
 */
static const char *compare(const struct wish *there, size_t *read)
{
	struct hvhost_machine *machine = make_machine(&usual);
	struct hvhost_machine *other = make_machine(there);
	struct shape shape, other_shape;
	const char *reason, *wrong;
	void *snapshot;
	size_t size;
	int err;

	ck_assert_int_eq(shape_of_machine(&shape, machine), 0);
	ck_assert_int_eq(hvhost_machine_save(other, &snapshot, &size), 0);
	err = shape_of_snapshot(&other_shape, &shape, snapshot, size, &reason);
	wrong = err ? other_shape.wrong : shape_compare(&shape, &other_shape);
	ck_assert_int_eq(err, other_shape.wrong ? -EINVAL : 0);
	*read = other_shape.count;
	shape_free(&shape);
	shape_free(&other_shape);
	free(snapshot);
	hvhost_machine_free(machine);
	hvhost_machine_free(other);
	return wrong;
}

START_TEST(a_snapshot_of_a_like_machine_fits)
{
	size_t read;

	ck_assert_ptr_null(compare(&usual, &read));
	ck_assert_uint_eq(read, 6);
}
END_TEST

#define OTHER_PARTS "other partitions or VPs are in it"
#define OTHER_LIMITS "a partition has other memory or limits in it"

static const struct {
	struct wish change;	/* what is not 0 in it */
	const char *wrong;
	size_t read;		/* of two partitions, each with two VPs */
} changes[] = {
	{ { .flags = HVHOST_MACHINE_SCONTROL_ON },
	  "it is of a machine with other flags", 6 },
	{ { .is_alone = 1 }, OTHER_PARTS, 3 },
	{ { .is_later = 1 }, OTHER_PARTS, 0 },
	{ { .vps = 1 }, OTHER_PARTS, 5 },
	{ { .vps = 3 }, OTHER_PARTS, 6 },
	{ { .is_finalizing = 1 }, "a partition is in another state in it", 6 },
	{ { .config.privileges = HV_ACCESS_SYNIC_REGS | HV_ACCESS_VP_INDEX },
	  "a partition has other privileges in it", 3 },
	{ { .config.gpa_size = 1 << 21 }, OTHER_LIMITS, 3 },
	{ { .config.vp_count_max = 5 }, OTHER_LIMITS, 3 },
	{ { .config.message_buffers = 9 }, OTHER_LIMITS, 3 },
	{ { .config.ports_max = 11 }, OTHER_LIMITS, 3 },
	{ { .config.connections_max = 21 }, OTHER_LIMITS, 3 },
};

#define TAKE(wish, from, member) \
	((wish)->member = (from)->member ? (from)->member : (wish)->member)

/* Of what does not fit nothing is made. */
START_TEST(a_snapshot_of_another_machine_does_not_fit)
{
	const struct wish *change = &changes[_i].change;
	struct wish wish = usual;
	size_t read;

	TAKE(&wish, change, flags);
	TAKE(&wish, change, vps);
	TAKE(&wish, change, is_alone);
	TAKE(&wish, change, is_finalizing);
	TAKE(&wish, change, is_later);
	TAKE(&wish, change, config.privileges);
	TAKE(&wish, change, config.gpa_size);
	TAKE(&wish, change, config.vp_count_max);
	TAKE(&wish, change, config.message_buffers);
	TAKE(&wish, change, config.ports_max);
	TAKE(&wish, change, config.connections_max);
	ck_assert_pstr_eq(compare(&wish, &read), changes[_i].wrong);
	ck_assert_uint_eq(read, changes[_i].read);
}
END_TEST

START_TEST(what_is_no_snapshot_has_no_shape)
{
	struct shape shape;
	const char *reason;

	ck_assert_int_eq(shape_of_snapshot(&shape, NULL, "x", 1,
					   &reason), -EBADMSG);
	ck_assert_str_eq(reason, "it is too short for a snapshot");
	shape_free(&shape);
}
END_TEST

Suite *shape_suite(void)
{
	Suite *suite = suite_create("shape");
	TCase *tests = tcase_create("shape");

	tcase_add_test(tests, a_snapshot_of_a_like_machine_fits);
	tcase_add_loop_test(tests, a_snapshot_of_another_machine_does_not_fit,
			    0, ROWS(changes));
	tcase_add_test(tests, what_is_no_snapshot_has_no_shape);
	suite_add_tcase(suite, tests);
	return suite;
}
