/* SPDX-License-Identifier: MIT */
/*
 * sighting_packet.h - a sighting as the bytes of a packet, for files that outlive
 * this program and are read elsewhere: little endian everywhere, versioned, and
 * written down in docs/capture.md. Its time is not in it: packets have one.
 */
#ifndef SIGHTING_PACKET_H
#define SIGHTING_PACKET_H

#include <stddef.h>
#include <stdint.h>

#include "sighting.h"

#define SIGHTING_PACKET_MAGIC	"hvps"
#define SIGHTING_PACKET_VERSION	1

enum {
	SIGHTING_PACKET_HEAD_SIZE = 80,	/* then type and size of the message, */
	SIGHTING_PACKET_PAYLOAD = 88,	/* then its payload */
	SIGHTING_PACKET_SIZE_MAX =
		SIGHTING_PACKET_PAYLOAD + HV_MESSAGE_PAYLOAD_SIZE_MAX
};

/* Return the size of the packet, in @bytes, which holds the largest. */
size_t sighting_to_packet(const struct sighting *sighting, uint8_t *bytes);

/*
 * All but the time of @sighting, from any bytes. Return NULL, or why they are no
 * packet of ours.
 */
const char *sighting_from_packet(struct sighting *sighting,
				 const uint8_t *bytes, size_t size);

#endif /* SIGHTING_PACKET_H */
