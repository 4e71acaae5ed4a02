// SPDX-License-Identifier: MIT
#include "top.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "stop.h"

/* What --once waits for a host's answer. */
#define ANSWER_TIMEOUT_MS 5000

struct top_options {
	struct common_options common;
	const char *ping;	/* CONNECTION,SINT */
	int64_t interval_ms;
	bool once;
};

/* All that is looked at, and with what. */
struct top {
	const struct top_options *options;
	struct top_source source;
	struct top_host host;
	struct top_ping ping;
	struct hvpost *handle;	/* or NULL */
	char title[400], socket[256];
};

/* The part of "host:SOCKET,partition=NAME" that is the socket. */
static bool is_host(struct top *top, const char *target)
{
	static const char prefix[] = "host:";

	if (strncmp(target, prefix, strlen(prefix)))
		return false;
	snprintf(top->socket, sizeof(top->socket), "%s",
		 target + strlen(prefix));
	top->socket[strcspn(top->socket, ",")] = '\0';
	return true;
}

static bool is_embedded(const char *target)
{
	return !strncmp(target, "embedded", strlen("embedded"));
}

static void choose_source(struct top *top)
{
	const char *target = command_target_name(&top->options->common);

	snprintf(top->title, sizeof(top->title), "hvpost top, %s", target);
	top->source.title = top->title;
	top->source.interval_ms = top->options->interval_ms;
	if (is_embedded(target))
		return;
	if (is_host(top, target)) {
		top->host.socket = top->socket;
		top->host.patience_ms = ANSWER_TIMEOUT_MS;
		top->source.host = &top->host;
		return;
	}
	top->source.counters = TOP_COUNTERS;
}

/* Nobody else can post to an embedded host: what leads back is pinged there. */
static const char *ping_of(const struct top *top)
{
	const bool is_counted = top->source.host || top->source.counters;

	return top->options->ping || is_counted ? top->options->ping :
						  "0x13,3";
}

static int parse_ping(struct top *top, const char *text)
{
	const struct common_options *common = &top->options->common;
	char copy[64], *sint = copy, *connection;
	struct failure failure;
	int status;

	snprintf(copy, sizeof(copy), "%s", text);
	connection = strsep(&sint, ",");
	if (!sint) {
		failure = failure_of_usage("--ping takes CONNECTION,SINT, "
					   "not '%.40s'", text);
		return failure_report(common, &failure);
	}
	status = command_number(common, "CONNECTION", connection, UINT32_MAX,
				&top->ping.connection_id);
	if (!status)
		status = command_sint(common, sint, &top->ping.sint);
	top->source.ping = &top->ping;
	return status;
}

/* hvhost is asked over a socket of its own; a ping makes us one of its partitions. */
static int open_all(struct top *top)
{
	const struct common_options *common = &top->options->common;
	struct failure failure;
	int status;

	if (top->source.host && !top->source.ping)
		return EXIT_DONE;
	status = command_open_target(common, &top->handle);
	if (status)
		return status;
	if (top->source.counters)
		top->source.described = top->handle;
	if (!top->source.ping)
		return EXIT_DONE;
	top->ping.handle = top->handle;
	status = top_ping_start(&top->ping, &failure);
	return status ? failure_report(common, &failure) : EXIT_DONE;
}

/* Two samples, unless no time is to pass between them. */
static int take_both(const struct top_source *source,
		     struct top_sample *samples, struct failure *failure)
{
	int status = top_take(source, &samples[0], failure);

	if (status || !source->interval_ms)
		return status;
	if (stop_or_sleep_until(hvpost_deadline_in_ms(source->interval_ms))) {
		*failure = failure_of("stopped by a signal", -EINTR);
		failure->code = "interrupted";
		return failure->exit;
	}
	return top_take(source, &samples[1], failure);
}

static int print_once(const struct top *top, struct failure *failure)
{
	static struct top_sample samples[2];
	const struct common_options *common = &top->options->common;
	const struct top_sample *before = NULL, *now = &samples[0];
	int status;

	stop_on_signals();
	status = take_both(&top->source, samples, failure);
	if (status)
		return status;
	if (top->source.interval_ms) {
		before = &samples[0];
		now = &samples[1];
	}
	if (common->json)
		top_print_json(stdout, command_target_name(common), before,
			       now);
	else
		top_print(stdout, top->title, before, now);
	return EXIT_DONE;
}

static int look(const struct top *top)
{
	const struct common_options *common = &top->options->common;
	struct failure failure;
	int status;

	if (top->options->once)
		status = print_once(top, &failure);
	else
		status = top_show(&top->source, &failure);
	if (status)
		return failure_report(common, &failure);
	return command_check_output(common);
}

static int run_top(void *values, char **operands)
{
	const struct top_options *options = values;
	struct top top = { .options = options };
	struct failure failure;
	const char *ping;
	int status = EXIT_DONE;

	(void)operands;
	if (options->common.json && !options->once) {
		failure = failure_of_usage("--json needs --once: a screen is "
					   "for people");
		return failure_report(&options->common, &failure);
	}
	choose_source(&top);
	ping = ping_of(&top);
	if (ping)
		status = parse_ping(&top, ping);
	if (!status)
		status = open_all(&top);
	if (!status)
		status = look(&top);
	top_leave_host(&top.host);
	hvpost_close(top.handle);
	return status;
}

static const struct top_options defaults = {
	.interval_ms = 1000,
};

#define VALUE(member) offsetof(struct top_options, member)

static const struct option_line lines[] = {
	{ 'i', "interval", "DURATION",
	  "time from one look to the next (default 1s)", OPTION_DURATION,
	  VALUE(interval_ms), 0, 0 },
	{ '1', "once", NULL,
	  "print once what one interval had, no screen; with\n"
	  "--interval 0 the totals alone",
	  OPTION_FLAG, VALUE(once), 0, 0 },
	{ 'p', "ping", "C,SINT",
	  "make round trips by connection C, which something\n"
	  "that echoes reads, and SINT: up to 100 for each look,\n"
	  "to know the latency",
	  OPTION_TEXT, VALUE(ping), 0, 0 },
	OPTION_TARGET,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_top = {
	.name = "top",
	.operands = "",
	.summary = "show rates, queues and refusals as they change",
	.details =
	"Show, anew each second, what passes and what waits. Of an hvhost: each\n"
	"connection with its posts and refusals, each SINT with what arrives, what is\n"
	"queued and how many slots are taken. Of the device, for root: posts by status\n"
	"and the same of each SINT, whose queues are its readers' rings. Of an embedded\n"
	"host: round trips that top makes itself. What is not known there is shown as\n"
	"'-'. 'q' ends it.",
	.examples = "  hvpost top --target host:/run/hvhost.sock\n"
		    "  hvpost top --ping 0x10,6\n"
		    "  hvpost top --once --json | jq '.statuses[]'\n",
	.operands_min = 0,
	.operands_max = 0,
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_top,
};
