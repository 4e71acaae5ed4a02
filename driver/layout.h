/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Where a file's rings lie for mmap(), and the indices into them. Pure: the unit
 * tests run it as it stands.
 */
#ifndef HVP_LAYOUT_H
#define HVP_LAYOUT_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stdint.h>
#endif

#include <hvpost/device.h>

/* The two areas, whole pages each. */
enum hvp_area {
	HVP_AREA_NONE,
	HVP_AREA_WORDS,
	HVP_AREA_RECORDS,
};

/* Lay out @ring_count rings of @ring_records. */
void hvp_layout_make(struct hvpost_ioc_rings *layout, uint32_t ring_count,
		     uint32_t ring_records);

/* The area in which all of these @size bytes lie. */
enum hvp_area hvp_layout_find(const struct hvpost_ioc_rings *layout,
			      uint64_t offset, uint64_t size);

/*
 * Is there room for one more? @tail is what the reader says: one that cannot be
 * true, for it is ahead of @head or further behind than there are records, is
 * taken for a full ring.
 */
static inline bool hvp_index_has_room(uint32_t head, uint32_t tail,
				      uint32_t records)
{
	return head - tail < records;
}

/*
 * Is there nothing that the reader could take? Its @tail may be ahead of @head, where
 * it has seen a record in its mapping that we were just about to count.
 */
static inline bool hvp_index_is_empty(uint32_t head, uint32_t tail)
{
	return (int32_t)(head - tail) <= 0;
}

/* How many records wait for the reader, by such a @tail? No more than there can be. */
static inline uint32_t hvp_index_queued(uint32_t head, uint32_t tail,
					uint32_t records)
{
	if (hvp_index_is_empty(head, tail))
		return 0;
	return head - tail < records ? head - tail : records;
}

#endif /* HVP_LAYOUT_H */
