// SPDX-License-Identifier: MIT
/*
 * A message on its way, on a machine of the engine's made for it. Nothing is
 * printed here that did not just happen: statuses are the engine's, bytes are
 * those of the SIM page, numbers are counted.
 */
#include "demo.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <hvpost/hvpost.h>

#include "bytes.h"
#include "command.h"
#include "demo_machine.h"
#include "failure.h"

#define TEXT_DEFAULT	"hello, hypervisor"
#define BUFFERS_MAX	64u
#define NUMBERS_A_LINE	20u

static void print_status(FILE *out, uint16_t status)
{
	const char *name = hvpost_status_name(status);

	fprintf(out, "%s (0x%x)\n", name ? name : "unknown status", status);
}

/* Field by field: @label explains what is at @field in the slot. */
static void print_field(FILE *out, const struct hv_slot *slot,
			const void *field, size_t size, const char *label)
{
	const uint8_t *bytes = field;

	fprintf(out, "     %02x ", (unsigned int)(bytes -
						  (const uint8_t *)slot));
	for (size_t i = 0; i < 8; i++)
		if (i < size)
			fprintf(out, " %02x", bytes[i]);
		else
			fputs("   ", out);
	fprintf(out, "   %s ", label);
}

static void print_flags(FILE *out, const struct hv_slot *slot)
{
	print_field(out, slot, &slot->message_flags, 1,
		    "flags: MessagePending");
	fprintf(out, "%u\n", slot->message_flags & HV_MESSAGE_PENDING);
}

/* Of what the slot says, as much as there can be. */
static uint32_t payload_size(const struct hv_slot *slot)
{
	return slot->payload_size < sizeof(slot->payload) ?
		       slot->payload_size : sizeof(slot->payload);
}

static void print_payload(FILE *out, const struct hv_slot *slot)
{
	uint32_t size = payload_size(slot);

	for (uint32_t at = 0; at < size; at += 16) {
		uint32_t row = size - at < 16 ? size - at : 16;

		fprintf(out, "     %02x ",
			(unsigned int)offsetof(struct hv_slot, payload) + at);
		for (uint32_t i = 0; i < 16; i++)
			if (i < row)
				fprintf(out, " %02x", slot->payload[at + i]);
			else
				fputs("   ", out);
		fputs("   ", out);
		bytes_print_escaped(out, slot->payload + at, row);
		fputc('\n', out);
	}
}

void demo_print_slot(FILE *out, const struct hv_slot *slot)
{
	print_field(out, slot, &slot->message_type, 4, "message type");
	fprintf(out, "%u\n", slot->message_type);
	print_field(out, slot, &slot->payload_size, 1, "payload size");
	fprintf(out, "%u\n", slot->payload_size);
	print_flags(out, slot);
	print_field(out, slot, &slot->origin, 8, "origin: port");
	fprintf(out, "0x%" PRIx64 "\n", slot->origin);
	print_payload(out, slot);
}

static void print_port(FILE *out, const struct demo_machine *machine)
{
	struct hvhost_port_counters port = demo_machine_counters(machine);
	bool occupied = demo_machine_slot(machine)->message_type;

	fprintf(out, "the slot is %s, %u queued behind it, %u buffers free\n",
		occupied ? "occupied" : "free", port.queued,
		port.buffers_free);
}

static void show_first(FILE *out, struct demo_machine *machine,
		       const char *text)
{
	uint16_t status = demo_machine_post(machine, text, strlen(text));

	fprintf(out, "1. post \"%s\": ", text);
	print_status(out, status);
	fprintf(out, "   interrupts: %u, vector 0x%x for SINT %u; "
		     "the SINT's slot in the SIM page:\n",
		machine->interrupts, machine->vector, machine->sint);
	demo_print_slot(out, demo_machine_slot(machine));
}

/* The message with @number; its payload is a text that says so. */
static uint16_t post_number(struct demo_machine *machine, unsigned int number)
{
	char text[32];

	snprintf(text, sizeof(text), "message %u", number);
	return demo_machine_post(machine, text, strlen(text));
}

static void show_second(FILE *out, struct demo_machine *machine)
{
	uint16_t status = post_number(machine, 2);

	fprintf(out, "\n2. post \"message 2\": ");
	print_status(out, status);
	fputs("   ", out);
	print_port(out, machine);
	print_flags(out, demo_machine_slot(machine));
}

/* The port has few buffers, so that this ends; should it not, we do. */
static void show_full(FILE *out, struct demo_machine *machine)
{
	unsigned int number = 3;
	uint16_t status;

	while (!(status = post_number(machine, number)) &&
	       number < 3 + BUFFERS_MAX)
		number++;
	fprintf(out, "\n3. post \"message 3\" and so on: %u taken\n"
		     "   \"message %u\": ",
		number - 3, number);
	print_status(out, status);
	fputs("   ", out);
	print_port(out, machine);
}

/* The number in "message N"; the first message had none. */
static unsigned int number_of(const struct hv_slot *message)
{
	char text[sizeof(message->payload) + 1];
	unsigned int number;

	memcpy(text, message->payload, sizeof(message->payload));
	text[payload_size(message)] = '\0';
	return sscanf(text, "message %u", &number) == 1 ? number : 1;
}

static void show_drain(FILE *out, struct demo_machine *machine)
{
	unsigned int taken = 0;
	struct hv_slot message;

	fputs("\n4. clear the slot's type, and write EOM where MessagePending "
	      "was set, until it\n   stays empty: message", out);
	while (demo_machine_take(machine, &message)) {
		if (taken && taken % NUMBERS_A_LINE == 0)
			fputs("\n  ", out);
		fprintf(out, " %u", number_of(&message));
		taken++;
	}
	fprintf(out, "\n   messages: %u, EOMs: %u, interrupts: %u\n   ", taken,
		machine->eoms, machine->interrupts);
	print_port(out, machine);
}

int demo_show(FILE *out, const char *text, uint32_t buffers)
{
	struct demo_machine machine;
	int err = demo_machine_make(&machine, buffers);

	if (!err) {
		fprintf(out, "Partition %" PRIu64 " has connection 0x%x to "
			     "port 0x%x: partition %" PRIu64 ", VP 0, SINT "
			     "%u.\n\n",
			hvhost_partition_id(machine.sender), DEMO_CONNECTION,
			DEMO_PORT, hvhost_partition_id(machine.receiver),
			DEMO_SINT);
		show_first(out, &machine, text);
		show_second(out, &machine);
		show_full(out, &machine);
		show_drain(out, &machine);
	}
	demo_machine_free(&machine);
	return err;
}

/* The command */

struct demo_options {
	struct common_options common;
	uint64_t buffers;
};

static int run_demo(void *values, char **operands)
{
	const struct demo_options *options = values;
	struct failure failure;
	int err;

	(void)operands;
	err = demo_show(stdout, TEXT_DEFAULT, (uint32_t)options->buffers);
	if (!err)
		return EXIT_DONE;
	failure = failure_of("cannot make a machine to show", err);
	return failure_report(&options->common, &failure);
}

static const struct demo_options defaults = {
	.buffers = HV_PORT_MESSAGE_BUFFERS,
};

static const struct option_line lines[] = {
	{ 'b', "buffers", "N",
	  "message buffers of the port, 1 to 64 (default 16)", OPTION_NUMBER,
	  offsetof(struct demo_options, buffers), 1, BUFFERS_MAX },
	OPTION_HELP,
	OPTION_END,
};

const struct command command_demo = {
	.name = "demo",
	.operands = "",
	.summary = "show a message on its way, without driver or host",
	.details = "Make a machine of two partitions inside this process, post "
		   "a message, and show\nwhat becomes of it: the slot byte by "
		   "byte, MessagePending, a port whose buffers\nare all in "
		   "use, and the way out of that. All that is printed has just "
		   "happened.",
	.examples = "  hvpost demo\n"
		    "  hvpost demo --buffers 4\n",
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_demo,
};
