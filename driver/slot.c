// SPDX-License-Identifier: GPL-2.0-only OR MIT
#ifdef __KERNEL__
#include <linux/string.h>
#else
#include <string.h>
#endif

#include "slot.h"

void hvp_slot_decode(struct hvpost_record *record,
		     const struct hvp_slot_head *head, const uint8_t *payload)
{
	uint8_t size = (uint8_t)(head->word >> 32);

	record->message_type = hvp_slot_type(head);
	record->message_flags = (uint8_t)(head->word >> 40);
	record->origin = head->origin;
	record->flags = 0;
	record->reserved = 0;

	if (size > sizeof(record->payload)) {
		size = sizeof(record->payload);
		record->flags |= HVPOST_RECORD_OVERSIZE;
	}
	record->payload_size = size;
	memcpy(record->payload, payload, size);
	memset(record->payload + size, 0, sizeof(record->payload) - size);
}
