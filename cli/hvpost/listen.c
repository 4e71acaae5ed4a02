// SPDX-License-Identifier: MIT
#include "command.h"

#include <hvpost/device.h>

#include <errno.h>
#include <inttypes.h>

#include "failure.h"
#include "json.h"
#include "message.h"
#include "rules.h"
#include "stop.h"

struct listen_options {
	struct common_options common;
	uint64_t count; /* 0: no limit */
	int64_t timeout_ms; /* negative: no limit */
	uint64_t ring_records;
	const char *format;
	const char *types; /* NULL: any */
	const char *origin; /* NULL: any */
	bool events;
	bool shared;
	bool bulk;
	bool stats;
	bool quiet;
};

/* What is going on: fixed at the start but for the number of messages. */
struct listener {
	const struct listen_options *options;
	struct hvpost *handle;
	uint32_t sint;
	enum message_format format;
	struct rules rules;
	uint64_t messages; /* and events */
};

static int choose_format(struct listen_options *options,
			 enum message_format *format)
{
	struct failure failure;

	if (options->common.json)
		options->format = "json";
	if (!message_format_find(options->format, format)) {
		options->common.json = *format == MESSAGE_JSON;
		return EXIT_DONE;
	}
	failure = failure_of_usage("--format: '%.40s' is not text, hex, raw or "
				   "json",
				   options->format);
	return failure_report(&options->common, &failure);
}

static int choose_rules(const struct listen_options *options,
			struct rules *rules)
{
	struct failure failure;

	if (!rules_make(rules, options->types, options->origin))
		return EXIT_DONE;
	failure = failure_of_usage("--type takes a type, 1 to 0xffffffff, or "
				   "FIRST-LAST; --from a number");
	return failure_report(&options->common, &failure);
}

/* Scripts wait for this line; it goes where messages do not. */
static void say_ready(const struct listener *listener)
{
	struct hvpost_info info = { 0 };

	if (listener->options->quiet)
		return;
	hvpost_get_info(listener->handle, &info, sizeof(info));
	fprintf(stderr, "listening on SINT %u, %u VPs\n", listener->sint,
		info.vps_online);
}

static bool is_done(const struct listener *listener)
{
	return listener->options->count &&
	       listener->messages >= listener->options->count;
}

static int report_receive(const struct listener *listener, int err)
{
	struct failure failure;

	if (err == -ETIMEDOUT)
		failure = failure_of_timeout(
			"%" PRIu64 " %s came, then none "
			"for %" PRId64 " ms",
			listener->messages,
			listener->messages == 1 ? "message" : "messages",
			listener->options->timeout_ms);
	else
		failure = failure_of_receive(listener->sint, err);
	return failure_report(&listener->options->common, &failure);
}

/* Print messages until enough came, none comes, or a signal does. */
static int listen_until_done(struct listener *listener)
{
	const struct listen_options *options = listener->options;
	struct hvpost_message message;
	int status, err;

	while (!is_done(listener)) {
		err = stop_or_receive(
			listener->handle, &message,
			hvpost_deadline_in_ms(options->timeout_ms));
		if (err == -EINTR)
			return EXIT_DONE;
		if (err == -ETIMEDOUT && listener->messages && !options->count)
			return EXIT_DONE;
		if (err)
			return report_receive(listener, err);
		listener->messages++;
		message_print(stdout, &message, listener->format);
		/* What is not printed is lost: leave the rest where it is. */
		status = command_check_output(&options->common);
		if (status)
			return status;
	}
	return EXIT_DONE;
}

static void print_stats(const struct hvpost_counters *counters)
{
	fprintf(stderr,
		"messages %" PRIu64 ", interrupts %" PRIu64 ", empty %" PRIu64
		", EOMs %" PRIu64 ", stalls %" PRIu64 ", oversize %" PRIu64
		", events %" PRIu64 ", dropped %" PRIu64 ", filtered %" PRIu64
		", losses %" PRIu64 "\n",
		counters->messages, counters->interrupts, counters->empty,
		counters->eoms, counters->stalls, counters->oversize,
		counters->events, counters->dropped, counters->filtered,
		counters->losses);
}

static void print_stats_json(const struct hvpost_counters *counters)
{
	struct json_object *object = json_new();

	json_add_string(object, "event", "counters");
	json_add_number(object, "messages", counters->messages);
	json_add_number(object, "interrupts", counters->interrupts);
	json_add_number(object, "empty", counters->empty);
	json_add_number(object, "eoms", counters->eoms);
	json_add_number(object, "stalls", counters->stalls);
	json_add_number(object, "oversize", counters->oversize);
	json_add_number(object, "events", counters->events);
	json_add_number(object, "dropped", counters->dropped);
	json_add_number(object, "filtered", counters->filtered);
	json_add_number(object, "losses", counters->losses);
	json_print(stdout, object);
}

static void say_goodbye(const struct listener *listener)
{
	struct hvpost_counters counters;

	if (!listener->options->quiet)
		fprintf(stderr, "%" PRIu64 " %s received\n", listener->messages,
			listener->messages == 1 ? "message" : "messages");
	if (!listener->options->stats ||
	    hvpost_get_counters(listener->handle, &counters, sizeof(counters)))
		return;
	if (listener->format == MESSAGE_JSON)
		print_stats_json(&counters);
	else
		print_stats(&counters);
}

static int bind_as_wished(const struct listener *listener)
{
	const struct listen_options *options = listener->options;
	const struct hvpost_bind wish = {
		.sint = listener->sint,
		.ring_records = (unsigned int)options->ring_records,
		.flags = (options->events ? HVPOST_WITH_EVENTS : 0) |
			 (options->shared ? HVPOST_SHARED : 0) |
			 (options->bulk ? HVPOST_BULK : 0),
	};
	int err = hvpost_set_filter(listener->handle, listener->rules.rule,
				    listener->rules.count);

	return err ? err : hvpost_bind_with(listener->handle, &wish);
}

static int bind_and_listen(struct listener *listener)
{
	const struct listen_options *options = listener->options;
	struct failure failure;
	int status, err = bind_as_wished(listener);

	if (err) {
		failure = failure_of_bind(listener->sint, err);
		return failure_report(&options->common, &failure);
	}
	say_ready(listener);
	status = listen_until_done(listener);
	say_goodbye(listener);
	return status;
}

static int run_listen(void *values, char **operands)
{
	struct listener listener = { .options = values };
	struct listen_options *options = values;
	int status;

	status = command_sint(&options->common, operands[0], &listener.sint);
	if (!status)
		status = choose_format(options, &listener.format);
	if (!status)
		status = choose_rules(options, &listener.rules);
	if (!status)
		status =
			command_open_target(&options->common, &listener.handle);
	if (status)
		return status;

	stop_on_signals();
	status = bind_and_listen(&listener);
	hvpost_close(listener.handle);
	return status;
}

static const struct listen_options defaults = {
	.timeout_ms = -1,
	.format = "text",
};

#define VALUE(member) offsetof(struct listen_options, member)

static const struct option_line lines[] = {
	{ 'n', "count", "N", "end after N messages (default: no limit)",
	  OPTION_NUMBER, VALUE(count), 1, UINT64_MAX },
	{ 'T', "timeout", "DURATION",
	  "end when no message came for so long: 20ms, 5s, 1m\n"
	  "(default: no limit)",
	  OPTION_DURATION, VALUE(timeout_ms), 0, 0 },
	{ 'f', "format", "FORMAT",
	  "text: a line per message (default); hex: and a dump;\n"
	  "raw: payload bytes only; json: as --json",
	  OPTION_TEXT, VALUE(format), 0, 0 },
	{ 0, "ring", "N",
	  "messages kept for us per VP, up to 4096 (default 64)", OPTION_NUMBER,
	  VALUE(ring_records), 1, HVPOST_RING_RECORDS_MAX },
	{ 'e', "events", NULL, "print the SINT's events as well",
	  OPTION_FLAG, VALUE(events), 0, 0 },
	{ 0, "type", "TYPE", "only messages of this type, or of FIRST-LAST",
	  OPTION_TEXT, VALUE(types), 0, 0 },
	{ 0, "from", "ORIGIN", "only messages with this origin",
	  OPTION_TEXT, VALUE(origin), 0, 0 },
	{ 0, "shared", NULL,
	  "let others listen too, who say the same: each gets a\n"
	  "copy; what finds our ring full is lost to us",
	  OPTION_FLAG, VALUE(shared), 0, 0 },
	{ 0, "bulk", NULL,
	  "on host: receive by 64 slots, where a guest has one",
	  OPTION_FLAG, VALUE(bulk), 0, 0 },
	{ 's', "stats", NULL, "print the SINT's counters at the end",
	  OPTION_FLAG, VALUE(stats), 0, 0 },
	{ 'q', "quiet", NULL, "nothing on standard error but errors",
	  OPTION_FLAG, VALUE(quiet), 0, 0 },
	OPTION_TARGET,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_listen = {
	.name = "listen",
	.operands = "SINT",
	.summary = "print the messages that arrive at a SINT",
	.details = "Bind SINT, 1 to 15, and print each message that arrives "
		   "there on any VP. Which\nSINT a port delivers to is the "
		   "host's choice. 'listening on SINT ...' on\nstandard error "
		   "says that all is set up. Ends on SIGINT or SIGTERM; while "
		   "it is\nstopped or slow, messages wait and none is lost.",
	.examples = "  hvpost listen 6\n"
		    "  hvpost listen 6 --count 1 --timeout 5s\n"
		    "  hvpost listen 6 --events --shared\n"
		    "  hvpost listen 6 --type 1-99 --from 0x16\n"
		    "  hvpost listen 6 --json | jq -r .payload_hex\n",
	.operands_min = 1,
	.operands_max = 1,
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_listen,
};
