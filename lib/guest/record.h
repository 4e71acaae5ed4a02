/* SPDX-License-Identifier: MIT */
/* record.h - what the rings of targets hold, as the caller gets it. */
#ifndef HVPOST_RECORD_H
#define HVPOST_RECORD_H

#include <hvpost/device.h>
#include <hvpost/hvpost.h>

void hvpost_message_from_record(struct hvpost_message *message,
				const struct hvpost_record *record);

#endif /* HVPOST_RECORD_H */
