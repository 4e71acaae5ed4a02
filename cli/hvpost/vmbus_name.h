/* SPDX-License-Identifier: MIT */
/* vmbus_name.h - VMBus's channel messages by name. */
#ifndef VMBUS_NAME_H
#define VMBUS_NAME_H

#include "sighting.h"

/* Which channel message @sighting is, or SIGHTING_NONE: it is none of VMBus's. */
uint32_t vmbus_message_of(const struct sighting *sighting);

/* As in "initiate contact"; NULL: unknown. */
const char *vmbus_name(uint32_t message);

#endif /* VMBUS_NAME_H */
