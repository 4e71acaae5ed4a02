// SPDX-License-Identifier: GPL-2.0-only
#include "count.h"

#include <linux/device.h>
#include <linux/stddef.h>

#include <hvpost/device.h>

DEFINE_PER_CPU(struct hvp_counts, hvp_counts);

static enum hvp_status_row status_row(u32 status)
{
	switch (status) {
#define ROW(name, value, err, retry, meaning) \
	case value: return HVP_STATUS_ROW_##name;
	HV_STATUS_TABLE(ROW)
#undef ROW
	case HVPOST_STATUS_NONE: return HVP_STATUS_ROW_NONE;
	default: return HVP_STATUS_ROW_OTHER;
	}
}

void hvp_count_post(u32 status, u32 attempts)
{
	hvp_count(posts);
	hvp_count(statuses[status_row(status)]);
	this_cpu_add(hvp_counts.attempts, attempts);
}

/* Of all CPUs, what lies in these bytes of their struct hvp_counts. */
static u64 add_up(size_t offset, size_t size)
{
	const u64 *count, *end;
	unsigned int cpu;
	u64 sum = 0;

	for_each_possible_cpu(cpu) {
		count = (void *)per_cpu_ptr(&hvp_counts, cpu) + offset;
		for (end = count + size / sizeof(*count); count < end; count++)
			sum += READ_ONCE(*count);
	}
	return sum;
}

u64 hvp_count_slots(unsigned int sint)
{
	return add_up(offsetof(struct hvp_counts, slots) + sint * sizeof(u64),
		      sizeof(u64));
}

u64 hvp_count_drops(unsigned int sint)
{
	return add_up(offsetof(struct hvp_counts, drops) + sint * sizeof(u64),
		      sizeof(u64));
}

/* sysfs */

struct count_attribute {
	struct device_attribute attribute;
	size_t offset, size;	/* what it adds up in struct hvp_counts */
};

static ssize_t count_show(struct device *device,
			  struct device_attribute *attribute, char *page)
{
	const struct count_attribute *count =
		container_of(attribute, struct count_attribute, attribute);

	return sysfs_emit(page, "%llu\n", add_up(count->offset, count->size));
}

/* For root: they tell how much others say, and when. */
#define COUNT(file, member)						\
	static struct count_attribute count_##file = {			\
		.attribute = __ATTR(file, 0400, count_show, NULL),	\
		.offset = offsetof(struct hvp_counts, member),		\
		.size = sizeof_field(struct hvp_counts, member),	\
	};

COUNT(posts, posts)
COUNT(post_attempts, attempts)
COUNT(signals, signals)
COUNT(slots, slots)
COUNT(flags, flags)
COUNT(eoms, eoms)
COUNT(ring_full, ring_full)
COUNT(ring_resumed, ring_resumed)
COUNT(drops, drops)
COUNT(owner_changes, owner_changes)

static struct attribute *count_attributes[] = {
	&count_posts.attribute.attr,
	&count_post_attempts.attribute.attr,
	&count_signals.attribute.attr,
	&count_slots.attribute.attr,
	&count_flags.attribute.attr,
	&count_eoms.attribute.attr,
	&count_ring_full.attribute.attr,
	&count_ring_resumed.attribute.attr,
	&count_drops.attribute.attr,
	&count_owner_changes.attribute.attr,
	NULL
};

const struct attribute_group hvp_count_group = {
	.attrs = count_attributes,
};

#define STATUS(name, value, err, retry, meaning) \
	COUNT(name, statuses[HVP_STATUS_ROW_##name])
HV_STATUS_TABLE(STATUS)
COUNT(other, statuses[HVP_STATUS_ROW_OTHER])
COUNT(none, statuses[HVP_STATUS_ROW_NONE])

static struct attribute *status_attributes[] = {
#define LINE(name, value, err, retry, meaning) &count_##name.attribute.attr,
	HV_STATUS_TABLE(LINE)
	&count_other.attribute.attr,
	&count_none.attribute.attr,
	NULL
};

const struct attribute_group hvp_count_status_group = {
	.name = "posts_by_status",
	.attrs = status_attributes,
};
