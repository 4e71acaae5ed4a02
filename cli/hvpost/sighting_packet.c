// SPDX-License-Identifier: MIT
#include "sighting_packet.h"

#include <endian.h>
#include <string.h>

/* What stands in a packet before the payload. */
struct packet {
	char magic[4];
	uint8_t version;
	uint8_t head_size;	/* a later one may be longer */
	uint8_t kind;
	uint8_t source;
	uint64_t duration_ns;
	uint64_t partition;
	uint64_t origin;
	uint32_t pid;
	uint32_t cpu;
	uint32_t vp;
	uint32_t connection_id;
	uint32_t sint;
	uint32_t status;
	uint32_t attempts;
	uint32_t detail;
	char process[SIGHTING_PROCESS_SIZE];
};
HV_ASSERT_SIZE(struct packet, SIGHTING_PACKET_HEAD_SIZE);
HV_ASSERT_OFFSET(struct packet, pid, 32);
HV_ASSERT_OFFSET(struct packet, process, 64);

struct message_head {
	uint32_t type;
	uint32_t payload_size;
};
HV_ASSERT_SIZE(struct message_head,
	       SIGHTING_PACKET_PAYLOAD - SIGHTING_PACKET_HEAD_SIZE);

size_t sighting_to_packet(const struct sighting *sighting, uint8_t *bytes)
{
	struct packet packet = {
		.version = SIGHTING_PACKET_VERSION,
		.head_size = sizeof(packet),
		.kind = (uint8_t)sighting->kind,
		.source = (uint8_t)sighting->source,
		.duration_ns = htole64(sighting->duration_ns),
		.partition = htole64(sighting->partition),
		.origin = htole64(sighting->origin),
		.pid = htole32(sighting->pid),
		.cpu = htole32(sighting->cpu),
		.vp = htole32(sighting->vp),
		.connection_id = htole32(sighting->connection_id),
		.sint = htole32(sighting->sint),
		.status = htole32(sighting->status),
		.attempts = htole32(sighting->attempts),
		.detail = htole32(sighting->detail),
	};
	const struct message_head head = {
		.type = htole32(sighting->message_type),
		.payload_size = htole32(sighting->payload_size),
	};

	memcpy(packet.magic, SIGHTING_PACKET_MAGIC, sizeof(packet.magic));
	memcpy(packet.process, sighting->process,
	       strnlen(sighting->process, sizeof(packet.process) - 1));
	memcpy(bytes, &packet, sizeof(packet));
	memcpy(bytes + sizeof(packet), &head, sizeof(head));
	memcpy(bytes + SIGHTING_PACKET_PAYLOAD, sighting->payload,
	       sighting->payload_captured);
	return SIGHTING_PACKET_PAYLOAD + sighting->payload_captured;
}

static const char *check_head(const struct packet *packet, size_t size)
{
	if (memcmp(packet->magic, SIGHTING_PACKET_MAGIC, sizeof(packet->magic)))
		return "it does not begin with \"" SIGHTING_PACKET_MAGIC "\"";
	if (packet->version != SIGHTING_PACKET_VERSION)
		return "it is of an unknown version";
	if (packet->head_size < sizeof(*packet))
		return "its head is too short";
	if (size < packet->head_size + sizeof(struct message_head))
		return "its head is longer than the packet";
	if (packet->kind >= SIGHTING_KINDS)
		return "it is of an unknown kind";
	if (packet->source >= SIGHTING_SOURCES)
		return "it is of an unknown source";
	if (packet->process[sizeof(packet->process) - 1])
		return "its process has no end";
	return NULL;
}

const char *sighting_from_packet(struct sighting *sighting,
				 const uint8_t *bytes, size_t size)
{
	struct message_head head;
	struct packet packet;
	const char *why;
	size_t at;

	if (size < sizeof(packet))
		return "it is too short";
	memcpy(&packet, bytes, sizeof(packet));
	why = check_head(&packet, size);
	if (why)
		return why;
	at = packet.head_size;
	memcpy(&head, bytes + at, sizeof(head));
	at += sizeof(head);

	*sighting = (struct sighting){
		.duration_ns = le64toh(packet.duration_ns),
		.kind = (enum sighting_kind)packet.kind,
		.source = (enum sighting_source)packet.source,
		.pid = le32toh(packet.pid),
		.cpu = le32toh(packet.cpu),
		.partition = le64toh(packet.partition),
		.vp = le32toh(packet.vp),
		.connection_id = le32toh(packet.connection_id),
		.sint = le32toh(packet.sint),
		.message_type = le32toh(head.type),
		.origin = le64toh(packet.origin),
		.status = le32toh(packet.status),
		.attempts = le32toh(packet.attempts),
		.detail = le32toh(packet.detail),
		.payload_size = le32toh(head.payload_size),
		.payload_captured = (uint32_t)(size - at),
	};
	why = sighting_check(sighting);
	if (why)
		return why;
	memcpy(sighting->process, packet.process, strlen(packet.process));
	memcpy(sighting->payload, bytes + at, size - at);
	return NULL;
}
