// SPDX-License-Identifier: MIT
#include "message.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <hvpost/hyperv.h>

#include "bytes.h"
#include "json.h"

#define NS_PER_US UINT64_C(1000)
#define NS_PER_S  UINT64_C(1000000000)

int message_format_find(const char *name, enum message_format *format)
{
	static const char *const names[] = {
		[MESSAGE_TEXT] = "text",
		[MESSAGE_HEX] = "hex",
		[MESSAGE_RAW] = "raw",
		[MESSAGE_JSON] = "json",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]))
			continue;
		*format = (enum message_format)i;
		return 0;
	}
	return -EINVAL;
}

static bool is_event(const struct hvpost_message *message)
{
	return message->flags & HVPOST_MESSAGE_EVENT;
}

static void print_place(FILE *out, const struct hvpost_message *message)
{
	fprintf(out,
		"[%5" PRIu64 ".%06" PRIu64 "] vp %u sint %u seq %" PRIu64,
		message->time_ns / NS_PER_S,
		message->time_ns % NS_PER_S / NS_PER_US, message->vp_index,
		message->sint, message->sequence);
}

static void print_event(FILE *out, const struct hvpost_message *message)
{
	print_place(out, message);
	fprintf(out, " event %" PRIu64 "\n", message->origin);
}

static void print_head(FILE *out, const struct hvpost_message *message)
{
	print_place(out, message);
	fprintf(out, " type %u size %u origin 0x%" PRIx64 "%s",
		message->message_type, message->payload_size, message->origin,
		message->flags & HVPOST_MESSAGE_OVERSIZE ? " oversize" : "");
}

static void print_text(FILE *out, const struct hvpost_message *message)
{
	if (is_event(message)) {
		print_event(out, message);
		return;
	}
	print_head(out, message);
	fputs(" \"", out);
	bytes_print_escaped(out, message->payload, message->payload_size);
	fputs("\"\n", out);
}

static void print_hex(FILE *out, const struct hvpost_message *message)
{
	if (is_event(message)) {
		print_event(out, message);
		return;
	}
	print_head(out, message);
	fputc('\n', out);
	bytes_print_hexdump(out, message->payload, message->payload_size);
}

static void add_payload_text(struct json_object *object,
			     const struct hvpost_message *message)
{
	char *text = NULL;
	size_t size;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		return;
	bytes_print_escaped(memory, message->payload, message->payload_size);
	fclose(memory);
	if (text)
		json_add_string(object, "payload_text", text);
	free(text);
}

static void add_place(struct json_object *object, const char *event,
		      const struct hvpost_message *message)
{
	json_add_string(object, "event", event);
	json_add_number(object, "time_ns", message->time_ns);
	json_add_number(object, "vp", message->vp_index);
	json_add_number(object, "sint", message->sint);
	json_add_number(object, "sequence", message->sequence);
}

static void print_event_json(FILE *out, const struct hvpost_message *message)
{
	struct json_object *object = json_new();

	add_place(object, "signal", message);
	json_add_number(object, "flag", message->origin);
	json_print(out, object);
}

static void print_json(FILE *out, const struct hvpost_message *message)
{
	char hex[2 * HVPOST_PAYLOAD_SIZE_MAX + 1];
	struct json_object *object;

	if (is_event(message)) {
		print_event_json(out, message);
		return;
	}
	object = json_new();
	bytes_to_hex(hex, message->payload, message->payload_size);
	add_place(object, "message", message);
	json_add_number(object, "type", message->message_type);
	json_add_number(object, "size", message->payload_size);
	json_add_hex(object, "origin", message->origin);
	json_add_bool(object, "pending",
		      message->message_flags & HV_MESSAGE_PENDING);
	json_add_bool(object, "oversize",
		      message->flags & HVPOST_MESSAGE_OVERSIZE);
	json_add_string(object, "payload_hex", hex);
	add_payload_text(object, message);
	json_print(out, object);
}

void message_print(FILE *out, const struct hvpost_message *message,
		   enum message_format format)
{
	switch (format) {
	case MESSAGE_TEXT:
		print_text(out, message);
		break;
	case MESSAGE_HEX:
		print_hex(out, message);
		break;
	case MESSAGE_RAW:
		fwrite(message->payload, 1, message->payload_size, out);
		break;
	case MESSAGE_JSON:
		print_json(out, message);
		break;
	}
	fflush(out);
}
