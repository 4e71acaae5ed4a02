// SPDX-License-Identifier: GPL-2.0-only OR MIT
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

#include "layout.h"

#define LAYOUT_PAGE	4096ull

static uint64_t whole_pages(uint64_t size)
{
	return (size + LAYOUT_PAGE - 1) & ~(LAYOUT_PAGE - 1);
}

void hvp_layout_make(struct hvpost_ioc_rings *layout, uint32_t ring_count,
		     uint32_t ring_records)
{
	memset(layout, 0, sizeof(*layout));
	layout->ring_count = ring_count;
	layout->ring_records = ring_records;
	layout->words_size = whole_pages((uint64_t)ring_count *
					 sizeof(struct hvpost_ring_words));
	layout->ring_stride = whole_pages((uint64_t)ring_records *
					  sizeof(struct hvpost_record));
	layout->records_offset = layout->words_offset + layout->words_size;
	layout->records_size = layout->ring_stride * ring_count;
}

static bool lies_in(uint64_t offset, uint64_t size, uint64_t area_offset,
		    uint64_t area_size)
{
	return offset >= area_offset && offset - area_offset <= area_size &&
	       size <= area_size - (offset - area_offset);
}

enum hvp_area hvp_layout_find(const struct hvpost_ioc_rings *layout,
			      uint64_t offset, uint64_t size)
{
	if (!size)
		return HVP_AREA_NONE;
	if (lies_in(offset, size, layout->words_offset, layout->words_size))
		return HVP_AREA_WORDS;
	if (lies_in(offset, size, layout->records_offset,
		    layout->records_size))
		return HVP_AREA_RECORDS;
	return HVP_AREA_NONE;
}
