// SPDX-License-Identifier: MIT
#include "vmbus_name.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char *const names[] = {
	[1] = "offer channel",
	[2] = "rescind channel offer",
	[3] = "request offers",
	[4] = "all offers delivered",
	[5] = "open channel",
	[6] = "open channel result",
	[7] = "close channel",
	[8] = "GPADL header",
	[9] = "GPADL body",
	[10] = "GPADL created",
	[11] = "GPADL teardown",
	[12] = "GPADL torn down",
	[13] = "relid released",
	[14] = "initiate contact",
	[15] = "version response",
	[16] = "unload",
	[17] = "unload response",
	[21] = "connect to host socket",
	[22] = "modify channel",
	[23] = "connect to host socket result",
	[24] = "modify channel response",
};

static bool is_vmbus(const struct sighting *sighting)
{
	uint32_t id = sighting->connection_id;

	if (sighting->message_type != HV_MESSAGE_TYPE_VMBUS)
		return false;
	return sighting->sint == HV_SINT_VMBUS ||
	       id == HV_CONNECTION_VMBUS_MESSAGE ||
	       id == HV_CONNECTION_VMBUS_MESSAGE_5;
}

uint32_t vmbus_message_of(const struct sighting *sighting)
{
	uint32_t message;

	if (!is_vmbus(sighting) || sighting->payload_captured < sizeof(message))
		return SIGHTING_NONE;
	memcpy(&message, sighting->payload, sizeof(message));
	return message;
}

const char *vmbus_name(uint32_t message)
{
	return message < sizeof(names) / sizeof(names[0]) ? names[message] :
							     NULL;
}
