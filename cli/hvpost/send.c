// SPDX-License-Identifier: MIT
#include "command.h"

#include <hvpost/hyperv.h>

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "failure.h"
#include "json.h"
#include "payload.h"
#include "stop.h"
#include "tally.h"

struct send_options {
	struct common_options common;
	uint64_t message_type;
	uint64_t count;
	int64_t timeout_ms;
	const char *file;
	const char *hex;
	bool retry_connection;
	bool quiet;
};

static int misuse(const struct send_options *options, const char *text)
{
	struct failure failure = failure_of_usage("%s", text);

	return failure_report(&options->common, &failure);
}

static int report_payload(const struct send_options *options, const char *what,
			  int err)
{
	struct failure failure = failure_of(what, err);

	if (err == -E2BIG) {
		failure.code = "too-long";
		snprintf(failure.text, sizeof(failure.text),
			 "payload is over %u bytes; one message carries at "
			 "most %u",
			 PAYLOAD_SIZE_MAX, HVPOST_PAYLOAD_SIZE_MAX);
	}
	return failure_report(&options->common, &failure);
}

/* Get the payload from the one place that the command line names. */
static int get_payload(const struct send_options *options, const char *text,
		       struct payload *payload)
{
	const char *what = "standard input";
	int err;

	if (!!text + !!options->file + !!options->hex > 1)
		return misuse(options,
			      "TEXT, --file and --hex exclude each other");
	if (options->hex) {
		err = payload_from_hex(payload, options->hex);
		if (err == -EINVAL)
			return misuse(options, "--hex takes pairs of "
					       "hexadecimal digits");
	} else if (options->file) {
		what = options->file;
		err = payload_from_file(payload, options->file);
	} else if (text && strcmp(text, "-")) {
		err = payload_from_text(payload, text);
	} else if (!text && isatty(STDIN_FILENO)) {
		return misuse(options, "nothing to send: give TEXT, --file or "
				       "--hex, or pipe it in");
	} else {
		err = payload_from_stream(payload, stdin);
	}
	return err ? report_payload(options, what, err) : EXIT_DONE;
}

/*
 * Post as often as asked. A refusal does not end a burst: how many were refused
 * is what a burst is to find out. @failure is the first one, unless something
 * on this side ended the burst: that says more.
 */
static void post_all(struct hvpost *handle, const struct send_options *options,
		     const struct hvpost_post *post, struct tally *tally,
		     struct failure *failure)
{
	for (uint64_t i = 0; i < options->count; i++) {
		uint64_t deadline_ns =
			options->timeout_ms ?
				hvpost_deadline_in_ms(options->timeout_ms) :
				HVPOST_NOW;
		uint64_t attempts;
		int err = stop_or_post(handle, post, deadline_ns, &attempts);
		uint32_t status = err == -EINTR ? HVPOST_NO_STATUS :
						  hvpost_last_status(handle);

		tally_add(tally, status, attempts);
		if (!err)
			continue;
		if (!failure->exit || exit_status_of(err, status) == EXIT_LOCAL)
			*failure = failure_of_post(post, err, status);
		if (exit_status_of(err, status) != EXIT_REFUSED)
			return;
	}
}

static void print_tally(const struct send_options *options,
			const struct hvpost_post *post,
			const struct tally *tally)
{
	printf("posted ");
	if (options->count > 1)
		printf("%" PRIu64 " of %" PRIu64 " messages of ", tally->posted,
		       options->count);
	printf("%u bytes to connection 0x%x, type %u, in %" PRIu64 " %s\n",
	       post->payload_size, post->connection_id, post->message_type,
	       tally->attempts, tally->attempts == 1 ? "try" : "tries");
	if (options->count == 1)
		return;
	for (size_t i = 0; i < tally->rows_used; i++) {
		const struct tally_row *row = &tally->rows[i];
		const char *name = hvpost_status_name(row->status);

		printf("%8" PRIu64 "  0x%02x  %s\n", row->count, row->status,
		       name ? name : "unknown status");
	}
}

static void print_tally_json(const struct send_options *options,
			     const struct hvpost_post *post,
			     const struct tally *tally)
{
	struct json_object *object = json_new();
	struct json_object *list = json_object_new_array();

	json_add_number(object, "connection", post->connection_id);
	json_add_number(object, "type", post->message_type);
	json_add_number(object, "size", post->payload_size);
	json_add_number(object, "count", options->count);
	json_add_number(object, "posted", tally->posted);
	json_add_number(object, "refused", tally->refused);
	json_add_number(object, "attempts", tally->attempts);
	for (size_t i = 0; i < tally->rows_used; i++) {
		struct json_object *row = json_object_new_object();
		const char *name = hvpost_status_name(tally->rows[i].status);

		json_add_number(row, "status", tally->rows[i].status);
		if (name)
			json_add_string(row, "name", name);
		json_add_number(row, "count", tally->rows[i].count);
		json_object_array_add(list, row);
	}
	json_object_object_add(object, "statuses", list);
	json_print(stdout, object);
}

static int send_payload(const struct send_options *options,
			uint32_t connection_id, const struct payload *payload)
{
	struct hvpost_post post = {
		.connection_id = connection_id,
		.message_type = (uint32_t)options->message_type,
		.payload = payload->bytes,
		.payload_size = (uint32_t)payload->size,
		.flags = options->retry_connection ? HVPOST_RETRY_CONNECTION :
						     0,
	};
	struct failure failure = { .exit = EXIT_DONE };
	struct tally tally = { 0 };
	struct hvpost *handle;
	int status = command_open_target(&options->common, &handle);

	if (status)
		return status;
	/* A burst has a tally to print first; a single message just ends. */
	if (options->count > 1)
		stop_on_signals();
	post_all(handle, options, &post, &tally, &failure);
	hvpost_close(handle);

	if (!failure.exit || options->count > 1) {
		if (options->common.json)
			print_tally_json(options, &post, &tally);
		else if (!options->quiet)
			print_tally(options, &post, &tally);
	}
	return failure.exit ? failure_report(&options->common, &failure) :
			      EXIT_DONE;
}

static int run_send(void *values, char **operands)
{
	const struct send_options *options = values;
	struct payload payload;
	uint32_t connection_id;
	int status;

	status = command_number(&options->common, "CONNECTION", operands[0],
				UINT32_MAX, &connection_id);
	if (!status)
		status = get_payload(options, operands[1], &payload);
	if (status)
		return status;
	return send_payload(options, connection_id, &payload);
}

static const struct send_options defaults = {
	.message_type = HV_MESSAGE_TYPE_VMBUS,
	.count = 1,
	.timeout_ms = 5000,
};

#define VALUE(member) offsetof(struct send_options, member)

static const struct option_line lines[] = {
	{ 'f', "file", "FILE", "send what is in FILE", OPTION_TEXT, VALUE(file),
	  0, 0 },
	{ 'x', "hex", "DIGITS", "send bytes given as 'de ad be ef'",
	  OPTION_TEXT, VALUE(hex), 0, 0 },
	{ 't', "type", "N", "message type, 1 to 0x7fffffff (default 1)",
	  OPTION_NUMBER, VALUE(message_type), 1, HV_MESSAGE_TYPE_GUEST_MAX },
	{ 'T', "timeout", "DURATION",
	  "how long to try again while the host refuses for now:\n"
	  "20ms, 5s, 1m; 0 means one try (default 5s)",
	  OPTION_DURATION, VALUE(timeout_ms), 0, 0 },
	{ 0, "retry-connection", NULL,
	  "try again on INVALID_CONNECTION_ID too, which some\n"
	  "hosts answer to slow senders down",
	  OPTION_FLAG, VALUE(retry_connection), 0, 0 },
	{ 'n', "count", "N",
	  "send it N times, 1 to 1000000 (default 1), go on after\n"
	  "refusals, and count the statuses",
	  OPTION_NUMBER, VALUE(count), 1, 1000000 },
	{ 'q', "quiet", NULL, "print nothing on success", OPTION_FLAG,
	  VALUE(quiet), 0, 0 },
	OPTION_TARGET,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_send = {
	.name = "send",
	.operands = "CONNECTION [TEXT]",
	.summary = "post a message (HvCallPostMessage)",
	.details = "Post one message, up to 240 bytes, to the port behind "
		   "CONNECTION. The payload is\nTEXT, or comes from --file or "
		   "--hex, or from standard input where there is none\n(or "
		   "TEXT is '-'); its bytes are sent as they are. Numbers are "
		   "decimal, or\nhexadecimal after 0x.",
	.examples = "  hvpost send 0x10 hello\n"
		    "  hvpost send 0x10 --hex 'de ad be ef' --type 7\n"
		    "  date | hvpost send 0x10\n"
		    "  hvpost send 0x10 --count 100 --timeout 0 burst\n",
	.operands_min = 1,
	.operands_max = 2,
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_send,
};
