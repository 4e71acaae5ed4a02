/* SPDX-License-Identifier: MIT */
/*
 * vmbus.h - as much of VMBus as the examples speak: how guest and host agree on a
 * version and part again. These are payloads of messages of type 1, which a guest
 * posts to connection 1 and receives at SINT 2.
 */
#ifndef VMBUS_H
#define VMBUS_H

#include <hvpost/hyperv.h>

enum {
	VMBUS_REQUEST_OFFERS = 3,	/* guest: a header */
	VMBUS_ALL_OFFERS_DELIVERED = 4,	/* host: a header */
	VMBUS_INITIATE_CONTACT = 14,	/* guest: struct vmbus_contact */
	VMBUS_VERSION_RESPONSE = 15,	/* host: struct vmbus_version_response */
	VMBUS_UNLOAD = 16,		/* guest: a header */
	VMBUS_UNLOAD_RESPONSE = 17	/* host: a header */
};

/* Newest first; a guest asks for one after the other. */
#define VMBUS_VERSION(major, minor) ((uint32_t)(major) << 16 | (minor))
#define VMBUS_MAJOR(version) ((version) >> 16)
#define VMBUS_MINOR(version) ((version) & 0xffff)
#define VMBUS_VERSIONS \
	VMBUS_VERSION(5, 3), VMBUS_VERSION(5, 2), VMBUS_VERSION(5, 1), \
	VMBUS_VERSION(5, 0), VMBUS_VERSION(4, 1), VMBUS_VERSION(4, 0), \
	VMBUS_VERSION(3, 0), VMBUS_VERSION(2, 4), VMBUS_VERSION(1, 1), \
	VMBUS_VERSION(0, 13)

struct vmbus_header {
	uint32_t type;
	uint32_t padding;
};

struct vmbus_contact {
	struct vmbus_header header;
	uint32_t version;
	uint32_t target_vp;		/* where the guest wants the answers */
	union {
		uint64_t interrupt_page;	/* before 5.0 */
		struct {			/* since 5.0, over connection 4 */
			uint8_t target_sint, target_vtl, reserved[6];
		};
	};
	uint64_t monitor_page[2];
};
HV_ASSERT_SIZE(struct vmbus_contact, 40);
HV_ASSERT_OFFSET(struct vmbus_contact, target_sint, 16);

struct vmbus_version_response {
	struct vmbus_header header;
	uint8_t supported;		/* if not, the rest is 0 */
	uint8_t state;			/* 0: connected */
	uint16_t padding;
	uint32_t connection_id;		/* since 5.0: for all further posts */
};
HV_ASSERT_SIZE(struct vmbus_version_response, 16);
HV_ASSERT_OFFSET(struct vmbus_version_response, connection_id, 12);

#endif /* VMBUS_H */
