// SPDX-License-Identifier: MIT
#include "command.h"

#include <hvpost/hyperv.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "echo.h"
#include "failure.h"
#include "json.h"
#include "samples.h"
#include "stop.h"

#define COUNT_MAX 1000000

struct ping_options {
	struct common_options common;
	uint64_t count;
	int64_t interval_ms;
	uint64_t size;
	uint64_t message_type;
	int64_t timeout_ms;
	bool quiet;
};

struct pinger {
	const struct ping_options *options;
	uint32_t connection_id, sint;
	struct hvpost *handle;
	struct echo echo;
	uint64_t sent;
	uint64_t received;
	uint64_t unexpected; /* messages that are no echo of the last post */
	uint64_t *rtt_ns; /* of the received ones */
};

static double to_us(uint64_t ns)
{
	return (double)ns / 1000;
}

static void print_echo(const struct pinger *pinger, uint32_t vp_index,
		       uint64_t rtt_ns)
{
	struct json_object *object;

	if (pinger->options->quiet)
		return;
	if (!pinger->options->common.json) {
		printf("echo %" PRIu64 ": vp %u, %.1f us\n", pinger->sent,
		       vp_index, to_us(rtt_ns));
		return;
	}
	object = json_new();
	json_add_string(object, "event", "echo");
	json_add_number(object, "sequence", pinger->sent);
	json_add_number(object, "vp", vp_index);
	json_add_number(object, "rtt_ns", rtt_ns);
	json_print(stdout, object);
}

static void print_lost(const struct pinger *pinger)
{
	struct json_object *object;

	if (pinger->options->quiet)
		return;
	if (!pinger->options->common.json) {
		printf("echo %" PRIu64 ": lost, nothing came in %" PRId64
		       " ms\n",
		       pinger->sent, pinger->options->timeout_ms);
		return;
	}
	object = json_new();
	json_add_string(object, "event", "lost");
	json_add_number(object, "sequence", pinger->sent);
	json_print(stdout, object);
}

/* Wait for what was sent; anything else that arrives is only counted. */
static int receive_echo(struct pinger *pinger, uint64_t sent_ns,
			uint64_t deadline_ns)
{
	struct hvpost_message message;
	uint64_t rtt_ns;
	int err;

	for (;;) {
		err = stop_or_receive(pinger->handle, &message, deadline_ns);
		if (err)
			return err;
		rtt_ns = now_ns() - sent_ns;
		if (echo_matches(&pinger->echo, &message))
			break;
		pinger->unexpected++;
		if (now_ns() >= deadline_ns)
			return -ETIMEDOUT;
	}
	pinger->rtt_ns[pinger->received++] = rtt_ns;
	print_echo(pinger, message.vp_index, rtt_ns);
	return 0;
}

/*
 * One round trip. Return an exit status with its failure told, or -EINTR: it is
 * time to stop. A lost echo is no failure yet.
 */
static int round_trip(struct pinger *pinger)
{
	const struct ping_options *options = pinger->options;
	uint64_t sent_ns = now_ns();
	uint64_t deadline_ns = hvpost_deadline_in_ms(options->timeout_ms);
	struct hvpost_post post = {
		.connection_id = pinger->connection_id,
		.message_type = pinger->echo.message_type,
		.payload = pinger->echo.payload,
		.payload_size = pinger->echo.size,
	};
	struct failure failure;
	uint64_t attempts;
	int err;

	echo_fill(&pinger->echo, pinger->sent + 1, sent_ns);
	err = stop_or_post(pinger->handle, &post, deadline_ns, &attempts);
	if (err == -EINTR)
		return err;
	if (err) {
		failure = failure_of_post(&post, err,
					  hvpost_last_status(pinger->handle));
		return failure_report(&options->common, &failure);
	}
	pinger->sent++;

	err = receive_echo(pinger, sent_ns, deadline_ns);
	switch (err) {
	case 0:
		return command_check_output(&options->common);
	case -ETIMEDOUT:
		print_lost(pinger);
		return command_check_output(&options->common);
	case -EINTR:
		pinger->sent--; /* its echo was not waited for to the end */
		return -EINTR;
	}
	failure = failure_of_receive(pinger->sint, err);
	return failure_report(&options->common, &failure);
}

static int round_trips(struct pinger *pinger)
{
	const struct ping_options *options = pinger->options;
	uint64_t next_ns;
	int status;

	for (uint64_t i = 0; i < options->count; i++) {
		next_ns = hvpost_deadline_in_ms(options->interval_ms);
		status = round_trip(pinger);
		if (!status && options->interval_ms && i + 1 < options->count)
			status = stop_or_sleep_until(next_ns);
		if (status)
			return status;
	}
	return EXIT_DONE;
}

static void print_summary(const struct pinger *pinger,
			  const struct samples_summary *rtt)
{
	printf("--- connection 0x%x, SINT %u: %u bytes\n",
	       pinger->connection_id, pinger->sint, pinger->echo.size);
	printf("%" PRIu64 " sent, %" PRIu64 " received, %" PRIu64
	       " lost, %" PRIu64 " unexpected\n",
	       pinger->sent, pinger->received, pinger->sent - pinger->received,
	       pinger->unexpected);
	if (pinger->received)
		printf("round trip min/median/p99/max = %.1f/%.1f/%.1f/%.1f "
		       "us\n",
		       to_us(rtt->min), to_us(rtt->median), to_us(rtt->p99),
		       to_us(rtt->max));
}

static void print_summary_json(const struct pinger *pinger,
			       const struct samples_summary *rtt)
{
	struct json_object *object = json_new(), *times;

	json_add_string(object, "event", "summary");
	json_add_number(object, "connection", pinger->connection_id);
	json_add_number(object, "sint", pinger->sint);
	json_add_number(object, "size", pinger->echo.size);
	json_add_number(object, "sent", pinger->sent);
	json_add_number(object, "received", pinger->received);
	json_add_number(object, "lost", pinger->sent - pinger->received);
	json_add_number(object, "unexpected", pinger->unexpected);
	if (pinger->received) {
		times = json_object_new_object();
		json_add_number(times, "min", rtt->min);
		json_add_number(times, "median", rtt->median);
		json_add_number(times, "p99", rtt->p99);
		json_add_number(times, "max", rtt->max);
		json_object_object_add(object, "rtt_ns", times);
	}
	json_print(stdout, object);
}

static int ping(struct pinger *pinger)
{
	struct samples_summary rtt;
	int status = round_trips(pinger);

	rtt = samples_summarize(pinger->rtt_ns, pinger->received);
	if (pinger->options->common.json)
		print_summary_json(pinger, &rtt);
	else
		print_summary(pinger, &rtt);

	if (status && status != -EINTR)
		return status;
	return pinger->received < pinger->sent ? EXIT_TIMED_OUT : EXIT_DONE;
}

static int bind_and_ping(struct pinger *pinger)
{
	const struct common_options *common = &pinger->options->common;
	int err = hvpost_bind(pinger->handle, pinger->sint, 0);
	struct failure failure;
	int status;

	if (err) {
		failure = failure_of_bind(pinger->sint, err);
		return failure_report(common, &failure);
	}
	pinger->rtt_ns =
		calloc(pinger->options->count, sizeof(*pinger->rtt_ns));
	if (!pinger->rtt_ns) {
		failure = failure_of("room for the round trips", -ENOMEM);
		return failure_report(common, &failure);
	}
	status = ping(pinger);
	free(pinger->rtt_ns);
	return status;
}

static int run_ping(void *values, char **operands)
{
	const struct ping_options *options = values;
	struct pinger pinger = {
		.options = options,
		.echo.message_type = (uint32_t)options->message_type,
		.echo.size = (uint32_t)options->size,
	};
	int status;

	status = command_number(&options->common, "CONNECTION", operands[0],
				UINT32_MAX, &pinger.connection_id);
	if (!status)
		status = command_sint(&options->common, operands[1],
				      &pinger.sint);
	if (!status)
		status = command_open_target(&options->common, &pinger.handle);
	if (status)
		return status;

	stop_on_signals();
	status = bind_and_ping(&pinger);
	hvpost_close(pinger.handle);
	return status;
}

static const struct ping_options defaults = {
	.count = 10,
	.interval_ms = 100,
	.size = 56,
	.message_type = HV_MESSAGE_TYPE_VMBUS,
	.timeout_ms = 1000,
};

#define VALUE(member) offsetof(struct ping_options, member)

static const struct option_line lines[] = {
	{ 'n', "count", "N", "round trips, 1 to 1000000 (default 10)",
	  OPTION_NUMBER, VALUE(count), 1, COUNT_MAX },
	{ 'i', "interval", "DURATION",
	  "time from post to post: 20ms, 5s, 1m (default 100ms);\n"
	  "0 means as fast as echoes come",
	  OPTION_DURATION, VALUE(interval_ms), 0, 0 },
	{ 's', "size", "BYTES", "payload, 16 to 240 bytes (default 56)",
	  OPTION_NUMBER, VALUE(size), ECHO_SIZE_MIN, HVPOST_PAYLOAD_SIZE_MAX },
	{ 't', "type", "N", "message type, 1 to 0x7fffffff (default 1)",
	  OPTION_NUMBER, VALUE(message_type), 1, HV_MESSAGE_TYPE_GUEST_MAX },
	{ 'T', "timeout", "DURATION",
	  "how long to wait for each echo (default 1s)", OPTION_DURATION,
	  VALUE(timeout_ms), 0, 0 },
	{ 'q', "quiet", NULL, "print the summary only", OPTION_FLAG,
	  VALUE(quiet), 0, 0 },
	OPTION_TARGET,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_ping = {
	.name = "ping",
	.operands = "CONNECTION SINT",
	.summary = "measure round trips to something that echoes",
	.details = "Post numbered messages to CONNECTION, whose port must be "
		   "read by something that\nsends them back to SINT, and print "
		   "how long each took to return. An echo counts\nonly if it "
		   "is, to the byte, what was sent.",
	.examples = "  hvpost ping 0x10 6\n"
		    "  hvpost ping 0x10 6 --count 1000 --interval 0 --quiet\n"
		    "  hvpost ping 0x10 6 --size 239 --json\n",
	.operands_min = 2,
	.operands_max = 2,
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_ping,
};
