/* SPDX-License-Identifier: MIT */
/*
 * mapped_rings.h - the reader's side of the rings that the driver shares with us,
 * as device.h has it: records are taken without a system call.
 */
#ifndef HVPOST_MAPPED_RINGS_H
#define HVPOST_MAPPED_RINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <hvpost/device.h>

struct mapped_rings {
	struct hvpost_ioc_rings layout;
	struct hvpost_ring_words *words;	/* NULL: nothing is mapped */
	const uint8_t *records;
	uint32_t current;	/* ring to look at first */
	uint32_t burst;		/* records that may still come from it in a row */
};

/* Map what @layout says of @fd. Return 0 or a negative errno value. */
int mapped_rings_map(struct mapped_rings *rings,
		     const struct hvpost_ioc_rings *layout, int fd);
void mapped_rings_unmap(struct mapped_rings *rings);

/*
 * The next record, which stays as it is until it is released; NULL: all rings are
 * empty. Rings that are busy take turns.
 */
const struct hvpost_record *mapped_rings_peek(struct mapped_rings *rings);
/* Give that record back. Return true: the driver is to be told to resume. */
bool mapped_rings_release(struct mapped_rings *rings);

#endif /* HVPOST_MAPPED_RINGS_H */
