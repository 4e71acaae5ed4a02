// SPDX-License-Identifier: MIT
#include "echo.h"

#include <string.h>

void echo_fill(struct echo *echo, uint64_t sequence, uint64_t time_ns)
{
	memcpy(echo->payload, &sequence, sizeof(sequence));
	memcpy(echo->payload + sizeof(sequence), &time_ns, sizeof(time_ns));
	for (uint32_t i = ECHO_SIZE_MIN; i < echo->size; i++)
		echo->payload[i] = (uint8_t)(sequence + i);
}

bool echo_matches(const struct echo *echo, const struct hvpost_message *message)
{
	return message->message_type == echo->message_type &&
	       message->payload_size == echo->size &&
	       !memcmp(message->payload, echo->payload, echo->size);
}
