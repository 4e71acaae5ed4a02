// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is told of each SINT: folders in sysfs with a file for each that can be bound.
 */
#include "hvpost.h"

#include <linux/device.h>
#include <linux/sysfs.h>

#include "count.h"

struct sint_attribute {
	struct device_attribute attribute;
	unsigned int sint;
	u64 (*number)(unsigned int sint);
};

static ssize_t sint_show(struct device *device,
			 struct device_attribute *attribute, char *page)
{
	const struct sint_attribute *file =
		container_of(attribute, struct sint_attribute, attribute);

	return sysfs_emit(page, "%llu\n", file->number(file->sint));
}

#define EACH_SINT(what, argument)					\
	what(1, argument), what(2, argument), what(3, argument),	\
	what(4, argument), what(5, argument), what(6, argument),	\
	what(7, argument), what(8, argument), what(9, argument),	\
	what(10, argument), what(11, argument), what(12, argument),	\
	what(13, argument), what(14, argument), what(15, argument)

/* For root: they tell how much others say, and when. */
#define FILE(file, of)							\
	{ __ATTR(file, 0400, sint_show, NULL), .sint = file, .number = of }
#define ENTRY(file, files)	&files[file - 1].attribute.attr

#define FOLDER(what, of)						\
	static struct sint_attribute what##_files[] = {			\
		EACH_SINT(FILE, of)					\
	};								\
	static struct attribute *what##_attributes[] = {		\
		EACH_SINT(ENTRY, what##_files), NULL			\
	};								\
	const struct attribute_group hvp_sint_##what##_group = {	\
		.name = #what "_by_sint",				\
		.attrs = what##_attributes,				\
	}

FOLDER(slots, hvp_count_slots);
FOLDER(drops, hvp_count_drops);
FOLDER(queued, hvp_bind_queued);
FOLDER(occupied, hvp_bind_occupied);
