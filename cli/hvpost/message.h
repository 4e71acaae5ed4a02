/* SPDX-License-Identifier: MIT */
/* message.h - a received message as text, as a dump, raw, or as JSON. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdio.h>

#include <hvpost/hvpost.h>

enum message_format {
	MESSAGE_TEXT,	/* one line, payload escaped */
	MESSAGE_HEX,	/* one line, then a hexdump of the payload */
	MESSAGE_RAW,	/* the payload's bytes and nothing else */
	MESSAGE_JSON	/* one object on one line */
};

/* Return 0, or -EINVAL: no format has this name. */
int message_format_find(const char *name, enum message_format *format);

/* Print @message and flush. */
void message_print(FILE *out, const struct hvpost_message *message,
		   enum message_format format);

#endif /* MESSAGE_H */
