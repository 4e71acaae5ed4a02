/* SPDX-License-Identifier: MIT */
/*
 * What a snapshot is made of: records in this order, without gaps:
 *
 *	header
 *	machine
 *	for each partition, ids rising:
 *		partition
 *		its ports, ids rising
 *		for each VP, indexes rising:
 *			vp
 *			SIM page, SIEF page
 *			for each SINT: queue, and its messages, oldest first
 *	connections of all, by rising ids of partition and connection
 *
 * Little endian, reserved fields and what follows a payload zero. So one state
 * has one snapshot, and what a restore accepts a save gives back.
 *
 * The header is a promise to all versions: magic, size and checksum are checked
 * before the version. Any change behind it takes a new version.
 */
#ifndef HVHOST_SNAPSHOT_H
#define HVHOST_SNAPSHOT_H

#include <stddef.h>
#include <stdint.h>

#include <hvpost/hyperv.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	      "records are read and written as they lie in memory");

#define SNAPSHOT_MAGIC		"hvhost\r\n"
#define SNAPSHOT_MAGIC_SIZE	8
#define SNAPSHOT_VERSION	1u

struct snapshot_header {
	char magic[SNAPSHOT_MAGIC_SIZE];
	uint64_t size;			/* of all, this included */
	uint32_t version;
	uint32_t checksum;		/* CRC-32 of all but this word */
};
HV_ASSERT_SIZE(struct snapshot_header, 24);
HV_ASSERT_OFFSET(struct snapshot_header, checksum, 20);

struct snapshot_machine {
	uint64_t last_partition_id;
	uint64_t partition_count;
	uint64_t connection_count;
	uint32_t flags;
	uint32_t rsvdz;
};
HV_ASSERT_SIZE(struct snapshot_machine, 32);

struct snapshot_partition {
	uint64_t id;
	uint64_t privileges;
	uint64_t gpa_size;
	uint64_t guest_os_id;
	uint64_t hypercall_msr;
	uint32_t state;			/* enum hvhost_partition_state */
	uint32_t vp_count_max;
	uint32_t message_buffers;
	uint32_t ports_max;
	uint32_t connections_max;
	uint32_t port_count;
	uint32_t vp_count;
	uint32_t rsvdz;
};
HV_ASSERT_SIZE(struct snapshot_partition, 72);

struct snapshot_port {
	uint64_t connection_partition;
	struct hv_port_info info;
	uint64_t posted_before;
	uint64_t refused_before;
	uint64_t lost;
	uint32_t id;
	uint32_t preferred_vp;
	uint32_t next_vp;
	uint32_t rsvdz;
};
HV_ASSERT_SIZE(struct snapshot_port, 72);

struct snapshot_vp {
	uint64_t scontrol;
	uint64_t simp;
	uint64_t siefp;
	uint64_t lost;
	uint64_t eoms;
	uint32_t index;
	uint32_t rsvdz;
};
HV_ASSERT_SIZE(struct snapshot_vp, 48);

struct snapshot_queue {
	uint64_t sint;
	uint64_t delivered;
	uint32_t message_count;
	uint32_t rsvdz;
};
HV_ASSERT_SIZE(struct snapshot_queue, 24);

struct snapshot_message {
	uint32_t port_id;
	uint32_t type;
	uint32_t payload_size;
	uint32_t rsvdz;
	uint8_t payload[HV_MESSAGE_PAYLOAD_SIZE_MAX];
};
HV_ASSERT_SIZE(struct snapshot_message, 256);

struct snapshot_connection {
	uint64_t partition;
	uint64_t port_partition;	/* 0: the port was deleted */
	uint64_t posted;
	uint64_t refused;
	uint32_t id;
	uint32_t port_id;		/* 0 if the port was deleted */
};
HV_ASSERT_SIZE(struct snapshot_connection, 40);

/* The CRC-32 of a snapshot of at least a header's size. */
uint32_t snapshot_checksum(const void *snapshot, size_t size);

#endif /* HVHOST_SNAPSHOT_H */
