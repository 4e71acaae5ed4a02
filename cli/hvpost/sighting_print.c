// SPDX-License-Identifier: MIT
#include "sighting_print.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hvpost/hvpost.h>

#include "bytes.h"
#include "json.h"
#include "vmbus_name.h"

#define NS_PER_S	1000000000u
#define NS_PER_US	1000u

/* What the detail of a kind is, and whether it is better read in hexadecimal. */
static const struct {
	const char *name;
	bool is_hex;
} details[SIGHTING_KINDS] = {
	[SIGHTING_POST] = { "vmbus_message", false },
	[SIGHTING_SLOT] = { "vmbus_message", false },
	[SIGHTING_SIGNAL] = { "flag", false },
	[SIGHTING_FLAG] = { "flag", false },
	[SIGHTING_OWNER] = { "synic", false },
	[SIGHTING_INTERRUPT] = { "vector", true },
	[SIGHTING_HYPERCALL] = { "call", true },
};

static void print_time(FILE *out, uint64_t time_ns)
{
	const time_t seconds = (time_t)(time_ns / NS_PER_S);
	struct tm local = { 0 };

	localtime_r(&seconds, &local);
	fprintf(out, "%02d:%02d:%02d.%06u", local.tm_hour, local.tm_min,
		local.tm_sec, (unsigned int)(time_ns % NS_PER_S) / NS_PER_US);
}

static void print_number(FILE *out, const char *name, uint32_t value)
{
	if (value != SIGHTING_NONE)
		fprintf(out, " %s %u", name, value);
}

static void print_hex(FILE *out, const char *name, uint32_t value)
{
	if (value != SIGHTING_NONE)
		fprintf(out, " %s 0x%x", name, value);
}

static const char *name_of_detail(enum sighting_kind kind)
{
	return details[kind].name ? details[kind].name : "detail";
}

/* NULL: it is no message of VMBus's, or one without a name. */
static const char *vmbus_name_of(const struct sighting *sighting)
{
	if (sighting->kind != SIGHTING_POST && sighting->kind != SIGHTING_SLOT)
		return NULL;
	return vmbus_name(sighting->detail);
}

static void print_detail(FILE *out, const struct sighting *sighting)
{
	const char *name = name_of_detail(sighting->kind);
	const char *vmbus = vmbus_name_of(sighting);

	if (vmbus) {
		fprintf(out, " VMBus: %s", vmbus);
		return;
	}

	if (details[sighting->kind].is_hex)
		print_hex(out, name, sighting->detail);
	else
		print_number(out, name, sighting->detail);
}

static void print_status(FILE *out, const struct sighting *sighting)
{
	const char *name = hvpost_status_name(sighting->status);

	if (sighting->status == SIGHTING_NONE)
		return;
	if (name)
		fprintf(out, " %s", name);
	else
		fprintf(out, " status 0x%x", sighting->status);
}

static void print_cost(FILE *out, const struct sighting *sighting)
{
	if (sighting->attempts != SIGHTING_NONE && sighting->attempts != 1)
		fprintf(out, " in %u tries", sighting->attempts);
	if (sighting->duration_ns != SIGHTING_NONE_64)
		fprintf(out, " %" PRIu64 ".%u us",
			sighting->duration_ns / NS_PER_US,
			(unsigned int)(sighting->duration_ns % NS_PER_US) / 100);
}

static void print_payload(FILE *out, const struct sighting *sighting)
{
	if (sighting->payload_size == SIGHTING_NONE ||
	    (sighting->payload_size && !sighting->payload_captured))
		return;
	fputs(" \"", out);
	bytes_print_escaped(out, sighting->payload, sighting->payload_captured);
	fputs(sighting->payload_captured < sighting->payload_size ? "\"..." :
								    "\"",
	      out);
}

static void print_witness(FILE *out, const struct sighting *sighting)
{
	fprintf(out, " (%s", sighting_source_name(sighting->source));
	if (*sighting->process) {
		fputs(", ", out);
		bytes_print_escaped(out, (const uint8_t *)sighting->process,
				    strlen(sighting->process));
	}
	print_number(out, *sighting->process ? "pid" : ", pid", sighting->pid);
	print_number(out, "cpu", sighting->cpu);
	fputs(")\n", out);
}

void sighting_print(FILE *out, const struct sighting *sighting)
{
	print_time(out, sighting->time_ns);
	fprintf(out, " %-12s", sighting_kind_name(sighting->kind));
	if (sighting->partition != SIGHTING_NONE_64)
		fprintf(out, " partition %" PRIu64, sighting->partition);
	print_number(out, "vp", sighting->vp);
	print_number(out, "sint", sighting->sint);
	print_hex(out, "connection", sighting->connection_id);
	print_number(out, "type", sighting->message_type);
	print_number(out, "size", sighting->payload_size);
	if (sighting->origin != SIGHTING_NONE_64)
		fprintf(out, " origin 0x%" PRIx64, sighting->origin);
	print_detail(out, sighting);
	print_status(out, sighting);
	print_cost(out, sighting);
	print_payload(out, sighting);
	print_witness(out, sighting);
}

static void add_number(struct json_object *object, const char *key,
		       uint32_t value)
{
	if (value != SIGHTING_NONE)
		json_add_number(object, key, value);
}

/* As text: it has more digits than programs keep of a number. */
static void add_time(struct json_object *object, uint64_t time_ns)
{
	char text[40];

	snprintf(text, sizeof(text), "%" PRIu64 ".%09u", time_ns / NS_PER_S,
		 (unsigned int)(time_ns % NS_PER_S));
	json_add_string(object, "time", text);
}

static void add_escaped(struct json_object *object, const char *key,
			const uint8_t *bytes, size_t size)
{
	char *text = NULL;
	size_t length;
	FILE *memory = open_memstream(&text, &length);

	if (!memory)
		return;
	bytes_print_escaped(memory, bytes, size);
	fclose(memory);
	if (text)
		json_add_string(object, key, text);
	free(text);
}

static void add_place(struct json_object *object,
		      const struct sighting *sighting)
{
	json_add_string(object, "source",
			sighting_source_name(sighting->source));
	if (*sighting->process)
		add_escaped(object, "process",
			    (const uint8_t *)sighting->process,
			    strlen(sighting->process));
	add_number(object, "pid", sighting->pid);
	add_number(object, "cpu", sighting->cpu);
	if (sighting->partition != SIGHTING_NONE_64)
		json_add_number(object, "partition", sighting->partition);
	add_number(object, "vp", sighting->vp);
	add_number(object, "sint", sighting->sint);
	add_number(object, "connection", sighting->connection_id);
}

static void add_outcome(struct json_object *object,
			const struct sighting *sighting)
{
	const char *name = hvpost_status_name(sighting->status);
	const char *vmbus = vmbus_name_of(sighting);

	add_number(object, name_of_detail(sighting->kind), sighting->detail);
	if (vmbus)
		json_add_string(object, "vmbus_name", vmbus);
	add_number(object, "status", sighting->status);
	if (name)
		json_add_string(object, "status_name", name);
	add_number(object, "attempts", sighting->attempts);
	if (sighting->duration_ns != SIGHTING_NONE_64)
		json_add_number(object, "duration_ns", sighting->duration_ns);
}

static void add_message(struct json_object *object,
			const struct sighting *sighting)
{
	char hex[2 * HV_MESSAGE_PAYLOAD_SIZE_MAX + 1];

	add_number(object, "type", sighting->message_type);
	add_number(object, "size", sighting->payload_size);
	if (sighting->origin != SIGHTING_NONE_64)
		json_add_hex(object, "origin", sighting->origin);
	if (!sighting->payload_captured)
		return;
	bytes_to_hex(hex, sighting->payload, sighting->payload_captured);
	json_add_string(object, "payload_hex", hex);
	add_escaped(object, "payload_text", sighting->payload,
		    sighting->payload_captured);
}

void sighting_print_json(FILE *out, const struct sighting *sighting)
{
	struct json_object *object = json_new();

	json_add_string(object, "event", sighting_kind_name(sighting->kind));
	add_time(object, sighting->time_ns);
	add_place(object, sighting);
	add_message(object, sighting);
	add_outcome(object, sighting);
	json_print(out, object);
}
