/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What a SIM slot's bytes mean. Pure: the unit tests run it as it stands.
 */
#ifndef HVP_SLOT_H
#define HVP_SLOT_H

#include <hvpost/device.h>
#include <hvpost/hyperv.h>

/*
 * The first 16 bytes of a slot, read once by the caller: the host may rewrite
 * them at any time, so nothing here looks at the slot's own copy again.
 */
struct hvp_slot_head {
	uint64_t word;		/* type, size, flags */
	uint64_t origin;
};

static inline uint32_t hvp_slot_type(const struct hvp_slot_head *head)
{
	return (uint32_t)head->word;
}

/*
 * hvp_slot_decode - fill the parts of @record that come from the slot
 *
 * @payload is read once, and never past its 240 bytes: a larger size is cut
 * and marked with HVPOST_RECORD_OVERSIZE. Everything of @record is written
 * except sequence, time_ns, vp_index and sint.
 */
void hvp_slot_decode(struct hvpost_record *record,
		     const struct hvp_slot_head *head, const uint8_t *payload);

#endif /* HVP_SLOT_H */
