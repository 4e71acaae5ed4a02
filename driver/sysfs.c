// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/class/misc/hvpost: what an administrator who set a quota or an allow list
 * wants to know, and what count.c counts.
 */
#include "hvpost.h"

#include <linux/device.h>
#include <linux/sysfs.h>

#include "count.h"

static ssize_t quota_held_back_show(struct device *device,
				    struct device_attribute *attribute,
				    char *page)
{
	return sysfs_emit(page, "%llu\n", hvp_quota_held_back());
}
static DEVICE_ATTR_RO(quota_held_back);

static ssize_t allow_refused_show(struct device *device,
				  struct device_attribute *attribute,
				  char *page)
{
	return sysfs_emit(page, "%llu\n", hvp_permit_refused());
}
static DEVICE_ATTR_RO(allow_refused);

static ssize_t synic_losses_show(struct device *device,
				 struct device_attribute *attribute, char *page)
{
	return sysfs_emit(page, "%llu\n", hvp_watch_losses());
}
static DEVICE_ATTR_RO(synic_losses);

static struct attribute *hvp_sysfs_attrs[] = {
	&dev_attr_quota_held_back.attr,
	&dev_attr_allow_refused.attr,
	&dev_attr_synic_losses.attr,
	NULL
};

static const struct attribute_group hvp_sysfs_group = {
	.attrs = hvp_sysfs_attrs,
};

const struct attribute_group *hvp_sysfs_groups[] = {
	&hvp_sysfs_group,
	&hvp_count_group,
	&hvp_count_status_group,
	&hvp_sint_slots_group,
	&hvp_sint_drops_group,
	&hvp_sint_queued_group,
	&hvp_sint_occupied_group,
	NULL
};
