/* SPDX-License-Identifier: MIT */
/* record.h - what holds of every record, whatever the host wrote. */
#ifndef HVPOST_TESTS_VM_RECORD_H
#define HVPOST_TESTS_VM_RECORD_H

#include <hvpost/device.h>
#include <hvpost/hyperv.h>

#include <err.h>
#include <stdbool.h>
#include <stddef.h>

static inline void check_record(const struct hvpost_record *record)
{
	const bool event = record->flags & HVPOST_RECORD_EVENT;

	if (record->sint == 0 || record->sint >= HV_SINT_COUNT ||
	    record->payload_size > (event ? 0 : HV_MESSAGE_PAYLOAD_SIZE_MAX) ||
	    (event && record->origin >= HV_EVENT_FLAG_COUNT) ||
	    event != !record->message_type || !record->sequence ||
	    record->reserved)
		errx(1, "a record cannot be: SINT %u size %u sequence %llu type %#x",
		     record->sint, record->payload_size,
		     (unsigned long long)record->sequence, record->message_type);
	for (size_t i = record->payload_size; i < sizeof(record->payload); i++)
		if (record->payload[i])
			errx(1, "byte %zu after a payload of %u is not zero", i,
			     record->payload_size);
}

#endif /* HVPOST_TESTS_VM_RECORD_H */
