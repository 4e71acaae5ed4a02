/* SPDX-License-Identifier: MIT */
/* payload.h - what to send, from wherever it comes. */
#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * More than a message carries, so that a payload that is too long can be told
 * with its size, and bounded, so that no input fills memory.
 */
#define PAYLOAD_SIZE_MAX 4096

struct payload {
	size_t size;
	uint8_t bytes[PAYLOAD_SIZE_MAX];
};

/* Each returns 0 or a negative errno value; -E2BIG: over PAYLOAD_SIZE_MAX. */

int payload_from_text(struct payload *payload, const char *text);

/* -EINVAL: not pairs of hexadecimal digits. */
int payload_from_hex(struct payload *payload, const char *text);

int payload_from_stream(struct payload *payload, FILE *stream);
int payload_from_file(struct payload *payload, const char *path);

#endif /* PAYLOAD_H */
