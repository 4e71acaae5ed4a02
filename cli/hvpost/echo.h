/* SPDX-License-Identifier: MIT */
/* echo.h - the messages that ping sends, and knows again. */
#ifndef ECHO_H
#define ECHO_H

#include <stdbool.h>

#include <hvpost/hvpost.h>

/* Sequence number and time of sending, which no echo can do without. */
#define ECHO_SIZE_MIN 16u

struct echo {
	uint32_t message_type;
	uint32_t size;
	uint8_t payload[HVPOST_PAYLOAD_SIZE_MAX];
};

/* Make the payload of @echo, whose size is set; no two are the same. */
void echo_fill(struct echo *echo, uint64_t sequence, uint64_t time_ns);

/* Is @message just what was sent? */
bool echo_matches(const struct echo *echo,
		  const struct hvpost_message *message);

#endif /* ECHO_H */
