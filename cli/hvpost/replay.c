// SPDX-License-Identifier: MIT
#include "command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "capture_file.h"
#include "comparison.h"
#include "failure.h"
#include "json.h"
#include "number.h"
#include "stop.h"
#include "witness.h"

/* Faster than anybody can post. */
#define SPEED_MAX 1000000

struct replay_options {
	struct common_options common;
	const char *speed;
	int64_t timeout_ms;
	struct option_list connections;	/* FROM=TO */
	const char *slots;		/* NULL: what was received is left out */
	const char *source;		/* NULL: the nearest */
	bool quiet;
};

struct mapping {
	uint32_t from, to;
};

struct replay {
	const struct replay_options *options;
	const char *path;
	uint64_t speed;			/* 0: as fast as it goes */
	uint32_t slots_connection;
	size_t mapping_count;
	struct mapping mappings[OPTION_LIST_MAX];
	struct capture_reader *reader;
	struct witness witness;
	struct hvpost *handle;

	uint64_t first_ns, start_ns;	/* of the capture, and of now */
	uint64_t posted;		/* posts that got an answer */
	uint64_t cut;			/* left out: not all was kept */
	uint64_t unanswered;		/* left out: no status is recorded */
	struct comparison comparison;
};

static int misuse(const struct replay *replay, const char *text)
{
	struct failure failure = failure_of_usage("%s", text);

	return failure_report(&replay->options->common, &failure);
}

static bool parse_connection(const char *text, uint32_t *connection_id)
{
	uint64_t number;

	if (parse_number(text, &number) || number >= SIGHTING_NONE)
		return false;
	*connection_id = (uint32_t)number;
	return true;
}

static bool parse_mapping(const char *text, struct mapping *mapping)
{
	const char *to = strchr(text, '=');
	char from[32];

	if (!to || (size_t)(to - text) >= sizeof(from))
		return false;
	memcpy(from, text, (size_t)(to - text));
	from[to - text] = '\0';
	return parse_connection(from, &mapping->from) &&
	       parse_connection(to + 1, &mapping->to);
}

static int parse_options(struct replay *replay)
{
	const struct replay_options *options = replay->options;
	const struct option_list *list = &options->connections;
	const char *wrong;

	if (strcmp(options->speed, "max") &&
	    (parse_number(options->speed, &replay->speed) || !replay->speed ||
	     replay->speed > SPEED_MAX))
		return misuse(replay, "--speed takes a number from 1 to 1000000, "
				      "or max");
	if (options->slots &&
	    !parse_connection(options->slots, &replay->slots_connection))
		return misuse(replay, "--slots takes a connection's number");
	for (size_t i = 0; i < list->count; i++)
		if (!parse_mapping(list->text[i], &replay->mappings[i]))
			return misuse(replay, "--connection takes two numbers, "
					      "such as 0x10=0x13");
	replay->mapping_count = list->count;
	wrong = witness_make(&replay->witness, options->source);
	if (wrong)
		return misuse(replay, wrong);
	return EXIT_DONE;
}

/* Is it to be posted? What is left out though it was posted is counted. */
static bool is_wanted(struct replay *replay, const struct sighting *sighting)
{
	const bool is_slot = sighting->kind == SIGHTING_SLOT;

	if (sighting->kind != SIGHTING_POST &&
	    !(is_slot && replay->options->slots))
		return false;
	if (!witness_takes(&replay->witness, sighting))
		return false;
	if (!is_slot && (sighting->status == SIGHTING_NONE ||
			 sighting->connection_id == SIGHTING_NONE)) {
		replay->unanswered++;
		return false;
	}
	if (sighting->payload_captured != sighting->payload_size) {
		replay->cut++;
		return false;
	}
	return true;
}

static uint32_t connection_of(const struct replay *replay,
			      const struct sighting *sighting)
{
	if (sighting->kind == SIGHTING_SLOT)
		return replay->slots_connection;
	for (size_t i = 0; i < replay->mapping_count; i++)
		if (replay->mappings[i].from == sighting->connection_id)
			return replay->mappings[i].to;
	return sighting->connection_id;
}

/* Whoever received a message was sent it. */
static uint32_t recorded_status(const struct sighting *sighting)
{
	return sighting->kind == SIGHTING_SLOT ? HV_STATUS_SUCCESS :
						 sighting->status;
}

/* Sleep until it is this one's turn. Return 0 or as stop_or_sleep_until(). */
static int await_turn(struct replay *replay, const struct sighting *sighting)
{
	uint64_t since_ns;

	if (!replay->start_ns) {
		replay->start_ns = now_ns();
		replay->first_ns = sighting->time_ns;
	}
	if (!replay->speed || sighting->time_ns < replay->first_ns)
		return 0;
	since_ns = (sighting->time_ns - replay->first_ns) / replay->speed;
	if (now_ns() - replay->start_ns >= since_ns)
		return 0;
	return stop_or_sleep_until(replay->start_ns + since_ns);
}

static int report_stop(const struct replay *replay, int err)
{
	struct failure failure = failure_of("the replay was stopped", err);

	if (err == -EINTR) {
		failure.code = "interrupted";
		snprintf(failure.text, sizeof(failure.text),
			 "stopped by a signal, what was left is not posted");
	}
	return failure_report(&replay->options->common, &failure);
}

/* One that was refused is not tried for long: that is what it is to be again. */
static uint64_t deadline_of(const struct replay *replay, uint32_t then)
{
	if (then != HV_STATUS_SUCCESS || !replay->options->timeout_ms)
		return HVPOST_NOW;
	return hvpost_deadline_in_ms(replay->options->timeout_ms);
}

static int post_again(struct replay *replay, const struct sighting *sighting)
{
	const struct hvpost_post post = {
		.connection_id = connection_of(replay, sighting),
		.message_type = sighting->message_type,
		.payload = sighting->payload,
		.payload_size = sighting->payload_size,
		/* What a host refused may be what the driver would refuse. */
		.flags = HVPOST_UNCHECKED,
	};
	const uint32_t then = recorded_status(sighting);
	uint32_t now = HVPOST_NO_STATUS;
	struct failure failure;
	uint64_t attempts;
	int err = await_turn(replay, sighting);

	if (!err) {
		err = stop_or_post(replay->handle, &post,
				   deadline_of(replay, then), &attempts);
		now = err == -EINTR ? HVPOST_NO_STATUS :
				      hvpost_last_status(replay->handle);
	}
	if (now != HVPOST_NO_STATUS) {
		replay->posted++;
		comparison_add(&replay->comparison, then, now);
		return EXIT_DONE;
	}
	if (err == -EINTR || err == -EPIPE)
		return report_stop(replay, err);
	failure = failure_of_post(&post, err, now);
	return failure_report(&replay->options->common, &failure);
}

static int replay_all(struct replay *replay)
{
	struct sighting sighting;
	struct failure failure;
	uint64_t dropped;
	int status, found;

	while ((found = capture_read(replay->reader, &sighting, &dropped)) > 0) {
		if (!is_wanted(replay, &sighting))
			continue;
		status = post_again(replay, &sighting);
		if (status)
			return status;
	}
	if (!found)
		return EXIT_DONE;
	failure = failure_of_capture(replay->reader, replay->path, found);
	return failure_report(&replay->options->common, &failure);
}

static const char *name_of(uint32_t status)
{
	const char *name = hvpost_status_name(status);

	return name ? name : "unknown status";
}

static void print_summary(const struct replay *replay)
{
	const struct comparison *all = &replay->comparison;

	printf("%" PRIu64 " posted, %" PRIu64 " answered as recorded",
	       replay->posted, all->same);
	if (replay->cut)
		printf("; %" PRIu64 " left out, not kept whole", replay->cut);
	if (replay->unanswered)
		printf("; %" PRIu64 " left out, of no status",
		       replay->unanswered);
	puts("");
	witness_print(stdout, &replay->witness);
	for (size_t i = 0; i < all->rows_used; i++) {
		const struct comparison_row *row = &all->rows[i];

		printf("%8" PRIu64 "  0x%02x %s", row->count, row->then,
		       name_of(row->then));
		if (row->now != row->then)
			printf(", now 0x%02x %s", row->now, name_of(row->now));
		puts("");
	}
}

static struct json_object *show_row(const struct comparison_row *row)
{
	struct json_object *object = json_object_new_object();

	json_add_number(object, "recorded", row->then);
	json_add_string(object, "recorded_name", name_of(row->then));
	json_add_number(object, "status", row->now);
	json_add_string(object, "name", name_of(row->now));
	json_add_number(object, "count", row->count);
	return object;
}

static void print_summary_json(const struct replay *replay)
{
	struct json_object *object = json_new();
	struct json_object *list = json_object_new_array();

	json_add_number(object, "posted", replay->posted);
	json_add_number(object, "same", replay->comparison.same);
	json_add_number(object, "different", replay->comparison.different);
	json_add_number(object, "cut", replay->cut);
	json_add_number(object, "unanswered", replay->unanswered);
	json_add_number(object, "left_out", witness_left_out(&replay->witness));
	for (size_t i = 0; i < replay->comparison.rows_used; i++)
		json_object_array_add(list,
				      show_row(&replay->comparison.rows[i]));
	json_object_object_add(object, "statuses", list);
	json_print(stdout, object);
}

static int replay_and_compare(struct replay *replay)
{
	const struct replay_options *options = replay->options;
	int status = replay_all(replay);

	if (options->common.json)
		print_summary_json(replay);
	else if (!options->quiet)
		print_summary(replay);
	if (status)
		return status;
	return replay->comparison.different ? EXIT_REFUSED : EXIT_DONE;
}

static int open_capture(struct replay *replay)
{
	static const struct sighting_filter all = {
		SIGHTING_NONE, SIGHTING_NONE, SIGHTING_NONE,
	};
	int err = capture_open(&replay->reader, replay->path);
	struct failure failure;

	if (!err) {
		err = witness_survey(&replay->witness, replay->reader, &all);
		if (!err)
			return EXIT_DONE;
		capture_close(replay->reader);
	}
	failure = failure_of_capture(NULL, replay->path, err);
	return failure_report(&replay->options->common, &failure);
}

static int run_replay(void *values, char **operands)
{
	static struct replay replay;
	int status;

	replay = (struct replay){ .options = values, .path = operands[0] };
	status = parse_options(&replay);
	if (!status)
		status = open_capture(&replay);
	if (status)
		return status;
	status = command_open_target(&replay.options->common, &replay.handle);
	if (!status) {
		stop_on_signals();
		status = replay_and_compare(&replay);
		hvpost_close(replay.handle);
	}
	capture_close(replay.reader);
	return status;
}

static const struct replay_options defaults = {
	.speed = "1",
	.timeout_ms = 5000,
};

#define VALUE(member) offsetof(struct replay_options, member)

static const struct option_line lines[] = {
	{ 's', "speed", "N", "so many times as fast as then, or max (default 1)",
	  OPTION_TEXT, VALUE(speed), 0, 0 },
	{ 'c', "connection", "A=B",
	  "post to connection B what was posted to A; may be\n"
	  "given for several",
	  OPTION_LIST, VALUE(connections), 0, 0 },
	{ 0, "slots", "CONNECTION",
	  "post what was received, too, to this connection",
	  OPTION_TEXT, VALUE(slots), 0, 0 },
	{ 0, "source", "SOURCE",
	  "post what this one saw posted: hvpost.ko, libhvpost,\n"
	  "libhvhost, hv_vmbus (default: the one nearest to who\n"
	  "posted)", OPTION_TEXT, VALUE(source), 0, 0 },
	{ 'T', "timeout", "DURATION",
	  "how long to try again, for each that was taken then,\n"
	  "while the host refuses for now (default 5s)",
	  OPTION_DURATION, VALUE(timeout_ms), 0, 0 },
	{ 'q', "quiet", NULL, "print nothing but errors", OPTION_FLAG,
	  VALUE(quiet), 0, 0 },
	OPTION_TARGET,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_replay = {
	.name = "replay",
	.operands = "FILE",
	.summary = "post again what a capture has",
	.details =
	"Post again each message that was posted in a capture, at the times it was\n"
	"posted then, and compare what the host answers with what is recorded. One that\n"
	"was refused then is tried once. Exits with 2 if any was answered otherwise.\n"
	"FILE may be '-', standard input.",
	.examples =
	"  hvpost replay seen.pcapng --speed max\n"
	"  hvpost replay seen.pcapng --connection 0x10=0x13 --target embedded\n"
	"  hvpost replay seen.pcapng --slots 0x10 --speed 10\n",
	.operands_min = 1,
	.operands_max = 1,
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_replay,
};
