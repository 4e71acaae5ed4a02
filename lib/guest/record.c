// SPDX-License-Identifier: MIT
#include "record.h"

#include <assert.h>
#include <string.h>

static_assert(HVPOST_MESSAGE_OVERSIZE == HVPOST_RECORD_OVERSIZE &&
		      HVPOST_MESSAGE_EVENT == HVPOST_RECORD_EVENT,
	      "flags of a record go to the caller as they are");
static_assert(sizeof(((struct hvpost_record *)0)->payload) ==
		      HVPOST_PAYLOAD_SIZE_MAX,
	      "a record holds any payload");

void hvpost_message_from_record(struct hvpost_message *message,
				const struct hvpost_record *record)
{
	message->sequence = record->sequence;
	message->time_ns = record->time_ns;
	message->origin = record->origin;
	message->vp_index = record->vp_index;
	message->message_type = record->message_type;
	message->payload_size = record->payload_size;
	message->sint = record->sint;
	message->message_flags = record->message_flags;
	message->flags = record->flags;
	memcpy(message->payload, record->payload, sizeof(message->payload));
}
