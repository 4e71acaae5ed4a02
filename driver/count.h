/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was counted since load, in sysfs. Each CPU counts for itself, in whatever
 * context; who reads adds up, and may miss what is being counted.
 */
#ifndef HVP_COUNT_H
#define HVP_COUNT_H

#include <linux/percpu.h>
#include <linux/sysfs.h>
#include <linux/types.h>

#include <hvpost/hyperv.h>
#include <hvpost/hyperv_status.h>

/* Where a status is counted that the table does not name, and no status at all. */
enum hvp_status_row {
#define HVP_STATUS_ROW(name, value, err, retry, meaning) HVP_STATUS_ROW_##name,
	HV_STATUS_TABLE(HVP_STATUS_ROW)
#undef HVP_STATUS_ROW
	HVP_STATUS_ROW_OTHER,
	HVP_STATUS_ROW_NONE,
	HVP_STATUS_ROWS
};

/* The trace point of the same name is passed as often, see trace.h. */
struct hvp_counts {
	u64 posts;
	u64 signals;
	u64 slots[HV_SINT_COUNT];
	u64 flags;
	u64 eoms;
	u64 ring_full;
	u64 ring_resumed;
	u64 drops[HV_SINT_COUNT];
	u64 owner_changes;
	u64 attempts;	/* hypercalls for posts */
	u64 statuses[HVP_STATUS_ROWS];	/* posts by their last status */
};

DECLARE_PER_CPU(struct hvp_counts, hvp_counts);

#define hvp_count(what)		this_cpu_inc(hvp_counts.what)

/* @status: an HV_STATUS, or HVPOST_STATUS_NONE. */
void hvp_count_post(u32 status, u32 attempts);

/* So far, of @sint. */
u64 hvp_count_slots(unsigned int sint);
u64 hvp_count_drops(unsigned int sint);

extern const struct attribute_group hvp_count_group, hvp_count_status_group;

#endif /* HVP_COUNT_H */
