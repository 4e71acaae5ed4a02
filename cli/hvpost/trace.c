// SPDX-License-Identifier: MIT
#include "command.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "bytes.h"
#include "capture_file.h"
#include "failure.h"
#include "histogram.h"
#include "json.h"
#include "number.h"
#include "observer.h"
#include "observer_why.h"
#include "sighting_print.h"
#include "stop.h"
#include "witness.h"

/* Losses are told so often, at most. */
#define LOSSES_TOLD_MS 1000

struct trace_options {
	struct common_options common;
	uint64_t count; /* 0: no limit */
	uint64_t pid;
	uint64_t buffer_kib;
	int64_t timeout_ms; /* negative: no limit */
	const char *connection; /* these three: NULL: any */
	const char *sint;
	const char *status;
	const char *write; /* NULL: text; "-": standard output */
	struct option_list sources;
	struct option_list programs;
	bool histogram;
	bool payload;
	bool quiet;
};

struct tracer {
	const struct trace_options *options;
	struct observer *observer;
	uint64_t seen;
	uint64_t lost;		/* as far as it is known */
	uint64_t lost_told;	/* of these */
	uint64_t next_telling_ns;
	struct histogram posts[SIGHTING_SOURCES];	/* that have a duration */
	FILE *file;	/* NULL: text */
	struct capture_writer writer;	/* into the file */
};

static int refuse(const struct trace_options *options, const char *text)
{
	struct failure failure = failure_of_usage("%s", text);

	return failure_report(&options->common, &failure);
}

/* Wishes */

/* All of them, unless some are named. Return false: one is not there. */
static bool choose_sources(const struct trace_options *options,
			   struct observer_wish *wish)
{
	enum sighting_source source;

	for (int i = 0; i < SIGHTING_SOURCES; i++)
		wish->sources[i] = !options->sources.count;
	for (size_t i = 0; i < options->sources.count; i++) {
		if (sighting_source_find(options->sources.text[i], &source))
			return false;
		wish->sources[source] = true;
	}
	return true;
}

static int choose(const struct trace_options *options,
		  struct observer_wish *wish)
{
	const char *wrong = sighting_filter_make(
		&wish->filter, options->connection, options->sint,
		options->status);

	if (!wrong && options->write)
		wrong = capture_misplaced(options->write, options->common.json);
	if (wrong)
		return refuse(options, wrong);
	if (options->histogram && options->common.json)
		return refuse(options, "--histogram is text: --json lines have "
				       "each duration");
	if (options->histogram && options->write)
		return refuse(options, "--histogram prints no lines, so there "
				       "are none to --write");
	if (!choose_sources(options, wish))
		return refuse(options, "--source is hvpost.ko, libhvpost, "
				       "libhvhost, hv_vmbus or kvm");
	wish->pid = options->pid ? (uint32_t)options->pid : SIGHTING_NONE;
	wish->programs = &options->programs;
	wish->buffer_bytes = (uint32_t)options->buffer_kib * 1024;
	return EXIT_DONE;
}

/* What is followed, and what is not */

static struct failure failure_of_reason(const struct observer_reason *reason,
					int error)
{
	struct failure failure = failure_of("cannot trace", error);

	snprintf(failure.text, sizeof(failure.text), "cannot trace: %s",
		 reason->text);
	failure.hint = reason->hint;
	return failure;
}

static int report_none(const struct trace_options *options, int error)
{
	struct observer_facts facts;
	struct observer_reason reason;
	struct failure failure;

	observer_facts_collect(&facts, "");
	reason = observer_why_none(error, &facts);
	failure = failure_of_reason(&reason, error);
	return failure_report(&options->common, &failure);
}

static void say_missing(enum sighting_source source,
			const struct observer_reason *reason)
{
	fprintf(stderr, "not %s: %s; %s\n", sighting_source_name(source),
		reason->text, reason->hint);
}

static void say_missed_files(const struct observer *observer)
{
	const struct observer_missed *missed;
	size_t count = observer_missed(observer, &missed);

	for (size_t i = 0; i < count && i < OBSERVER_MISSED_MAX; i++) {
		fprintf(stderr, "not process %" PRIu32 ", which has ",
			missed[i].pid);
		bytes_print_escaped(stderr, (const uint8_t *)missed[i].name,
				    strlen(missed[i].name));
		fprintf(stderr, ": %s\n",
			observer_why_not_file(missed[i].error));
	}
	if (count > OBSERVER_MISSED_MAX)
		fprintf(stderr, "nor %zu more of such names\n",
			count - OBSERVER_MISSED_MAX);
}

/* Scripts wait for this line. */
static void say_ready(const struct observer_outcome *outcomes)
{
	const char *separator = "following ";

	for (int i = 0; i < SIGHTING_SOURCES; i++) {
		if (outcomes[i].state != OBSERVER_FOLLOWS &&
		    outcomes[i].state != OBSERVER_AWAITS)
			continue;
		fprintf(stderr, "%s%s%s", separator,
			sighting_source_name((enum sighting_source)i),
			outcomes[i].state == OBSERVER_AWAITS ?
				" once it is loaded" : "");
		separator = ", ";
	}
	fputc('\n', stderr);
}

/*
 * Of a source that was asked for by name, that it is missing is a failure; of all of
 * them, that all are.
 */
static int judge(const struct trace_options *options,
		 const struct observer_outcome *outcomes)
{
	struct observer_reason reason;
	struct observer_facts facts;
	struct failure failure;
	int followed = 0, missed = -1;

	observer_facts_collect(&facts, "");
	for (int i = 0; i < SIGHTING_SOURCES; i++) {
		followed += outcomes[i].state == OBSERVER_FOLLOWS ||
			    outcomes[i].state == OBSERVER_AWAITS;
		if (outcomes[i].state != OBSERVER_FAILED)
			continue;
		reason = observer_why((enum sighting_source)i, &outcomes[i],
				      &facts);
		missed = missed < 0 ? i : missed;
		if (!options->quiet && !options->sources.count)
			say_missing((enum sighting_source)i, &reason);
	}
	if (missed < 0 || (followed && !options->sources.count))
		return EXIT_DONE;
	reason = observer_why((enum sighting_source)missed, &outcomes[missed],
			      &facts);
	failure = failure_of_reason(&reason, outcomes[missed].error);
	return failure_report(&options->common, &failure);
}

/* A program that was asked for by name has something to follow. */
static int judge_programs(const struct tracer *tracer)
{
	const struct option_list *programs = &tracer->options->programs;
	struct failure failure;
	int err;

	for (size_t i = 0; i < programs->count; i++) {
		err = observer_program_error(tracer->observer, i);
		if (!err)
			continue;
		failure = failure_of(programs->text[i], err);
		snprintf(failure.text, sizeof(failure.text),
			 "cannot follow %s: %s", programs->text[i],
			 observer_why_not_file(err));
		failure.hint = "--program takes one that has libhvpost or "
			       "libhvhost linked in, or such a library";
		return failure_report(&tracer->options->common, &failure);
	}
	return EXIT_DONE;
}

/* The file, if there is to be one */

static int report_file(const struct tracer *tracer, int err)
{
	struct failure failure =
		failure_of_capture_output(tracer->options->write, err);

	return failure_report(&tracer->options->common, &failure);
}

static int open_file(struct tracer *tracer)
{
	int err;

	if (!tracer->options->write)
		return EXIT_DONE;
	tracer->file = capture_create(tracer->options->write);
	if (!tracer->file)
		return report_file(tracer, -errno);
	err = capture_begin(&tracer->writer, tracer->file, "hvpost trace");
	return err ? report_file(tracer, err) : EXIT_DONE;
}

static int close_file(struct tracer *tracer)
{
	int err;

	if (!tracer->file)
		return EXIT_DONE;
	err = capture_end(&tracer->writer);
	if (fclose(tracer->file) && !err)
		err = -errno;
	return err ? report_file(tracer, err) : EXIT_DONE;
}

/* Following */

static bool is_done(const struct tracer *tracer)
{
	return tracer->options->count && tracer->seen >= tracer->options->count;
}

static int show(struct tracer *tracer, const struct sighting *sighting)
{
	struct sighting shown = *sighting;

	/* Payloads are private to those who send and receive them. */
	if (!tracer->options->payload)
		shown.payload_captured = 0;
	if (tracer->file)
		return capture_write(&tracer->writer, &shown);
	if (tracer->options->common.json)
		sighting_print_json(stdout, &shown);
	else
		sighting_print(stdout, &shown);
	return 0;
}

static int handle(const struct sighting *sighting, void *context)
{
	struct tracer *tracer = context;

	if (is_done(tracer))
		return 0;
	tracer->seen++;
	if (!tracer->options->histogram)
		return show(tracer, sighting);
	if (sighting->kind == SIGHTING_POST &&
		 sighting->duration_ns != SIGHTING_NONE_64)
		histogram_add(&tracer->posts[sighting->source],
			      sighting->duration_ns);
	return 0;
}

static void tell_losses(struct tracer *tracer)
{
	struct json_object *object;

	tracer->lost_told = tracer->lost;
	tracer->next_telling_ns = hvpost_deadline_in_ms(LOSSES_TOLD_MS);
	if (tracer->options->common.json && !tracer->file) {
		object = json_new();
		json_add_string(object, "event", "lost");
		json_add_number(object, "lost", tracer->lost);
		json_print(stdout, object);
	}
	fprintf(stderr, "%" PRIu64 " lost so far: more is seen than can be "
			"written; a filter leaves fewer, --buffer keeps more\n",
		tracer->lost);
}

/* What is lost while others wait comes behind them, and before the next ones. */
static void note_losses(struct tracer *tracer)
{
	uint64_t lost = observer_lost(tracer->observer);

	if (tracer->file)
		capture_drop(&tracer->writer, lost - tracer->lost);
	tracer->lost = lost;
	if (lost != tracer->lost_told && now_ns() >= tracer->next_telling_ns)
		tell_losses(tracer);
}

/* Return 1: there may be more, 0: that was all, or what went wrong. */
static int collect(struct tracer *tracer)
{
	int more = observer_collect(tracer->observer, handle, tracer);

	if (more >= 0)
		note_losses(tracer);
	return more;
}

static int flush(const struct tracer *tracer)
{
	FILE *out = tracer->file ? tracer->file : stdout;

	errno = 0;
	if (!fflush(out) && !ferror(out))
		return 0;
	return errno ? -errno : -EIO;
}

/* As stop_or_wait(). What was seen is there for others before nothing comes. */
static int await(struct tracer *tracer, uint64_t deadline_ns)
{
	int fd = observer_fd(tracer->observer);
	int err, n = stop_or_wait(fd, HVPOST_NOW);

	if (n)
		return n;
	err = flush(tracer);
	return err ? err : stop_or_wait(fd, deadline_ns);
}

/* Nothing comes any more: what waits is all there is. */
static int collect_rest(struct tracer *tracer)
{
	int more;

	observer_stop(tracer->observer);
	do
		more = collect(tracer);
	while (more > 0);
	return more ? more : flush(tracer);
}

/* Return 0: it is over, or -ETIMEDOUT: --count was not reached, or worse. */
static int follow(struct tracer *tracer)
{
	const struct trace_options *options = tracer->options;
	uint64_t deadline_ns = hvpost_deadline_in_ms(options->timeout_ms);
	int n, err;

	do {
		n = await(tracer, deadline_ns);
		err = n > 0 ? collect(tracer) : 0;
	} while (n > 0 && err >= 0 && !is_done(tracer));
	if (err < 0 || (n < 0 && n != -EINTR))
		return err < 0 ? err : n;
	err = collect_rest(tracer);
	if (err || is_done(tracer) || n == -EINTR)
		return err;
	return options->count ? -ETIMEDOUT : 0;
}

static int report_follow(const struct tracer *tracer, int err)
{
	struct failure failure;

	if (err == -ETIMEDOUT)
		failure = failure_of_timeout("%" PRIu64 " of %" PRIu64
					     " were seen in %" PRId64 " ms",
					     tracer->seen,
					     tracer->options->count,
					     tracer->options->timeout_ms);
	else
		failure = failure_of("cannot go on tracing", err);
	return failure_report(&tracer->options->common, &failure);
}

/* Several may have seen the same post: it counts once. */
static void print_histogram(const struct tracer *tracer)
{
	struct witness witness = { 0 };
	bool saw[SIGHTING_SOURCES];
	enum sighting_source taken;

	for (int i = 0; i < SIGHTING_SOURCES; i++) {
		witness.left_out[i] = tracer->posts[i].count;
		saw[i] = tracer->posts[i].count;
	}
	taken = witness_nearest(saw);
	if (taken == SIGHTING_SOURCES) {
		puts("0 posts with a duration");
		return;
	}
	witness.left_out[taken] = 0;
	printf("%" PRIu64 " posts with a duration\n",
	       tracer->posts[taken].count);
	histogram_print(stdout, &tracer->posts[taken]);
	witness_print(stdout, &witness);
}

static void say_goodbye(const struct tracer *tracer)
{
	const uint64_t refused = observer_refused(tracer->observer);
	struct json_object *object;

	if (tracer->options->histogram)
		print_histogram(tracer);
	if (tracer->options->common.json && !tracer->file) {
		object = json_new();
		json_add_string(object, "event", "end");
		json_add_number(object, "seen", tracer->seen);
		json_add_number(object, "lost", tracer->lost);
		json_add_number(object, "refused", refused);
		json_print(stdout, object);
	}
	if (!tracer->options->quiet || tracer->lost || refused)
		fprintf(stderr, "%" PRIu64 " seen, %" PRIu64 " lost\n",
			tracer->seen, tracer->lost);
	if (refused)
		fprintf(stderr, "%" PRIu64 " refused: a process's probe gave "
				"what cannot be\n", refused);
}

static int trace(struct tracer *tracer, const struct observer_outcome *outcomes)
{
	int err, status = judge(tracer->options, outcomes);

	if (!status)
		status = judge_programs(tracer);
	if (!status)
		status = open_file(tracer);
	if (status)
		return status;
	stop_on_signals();
	if (!tracer->options->quiet) {
		say_missed_files(tracer->observer);
		say_ready(outcomes);
	}
	err = follow(tracer);
	say_goodbye(tracer);
	status = close_file(tracer);
	return err ? report_follow(tracer, err) : status;
}

static int run_trace(void *values, char **operands)
{
	struct observer_outcome outcomes[SIGHTING_SOURCES] = { 0 };
	struct tracer tracer = { .options = values };
	struct observer_wish wish = { 0 };
	int err, status;

	(void)operands;
	status = choose(values, &wish);
	if (status)
		return status;
	err = observer_open(&tracer.observer, &wish, outcomes);
	if (err)
		return report_none(values, err);
	status = trace(&tracer, outcomes);
	observer_close(tracer.observer);
	return status;
}

static const struct trace_options defaults = {
	.timeout_ms = -1,
	.buffer_kib = 4096,
};

#define VALUE(member) offsetof(struct trace_options, member)

static const struct option_line lines[] = {
	{ 'c', "connection", "ID", "only what goes to this connection",
	  OPTION_TEXT, VALUE(connection), 0, 0 },
	{ 's', "sint", "N", "only what comes to this SINT", OPTION_TEXT,
	  VALUE(sint), 0, 0 },
	{ 'p', "pid", "PID", "only what this process does", OPTION_NUMBER,
	  VALUE(pid), 1, INT32_MAX },
	{ 0, "status", "STATUS",
	  "only what ended with this status: a number or a name\n"
	  "that 'hvpost status' lists",
	  OPTION_TEXT, VALUE(status), 0, 0 },
	{ 0, "source", "SOURCE",
	  "only what this one sees: hvpost.ko, libhvpost,\n"
	  "libhvhost, hv_vmbus, kvm; may be given several times\n"
	  "(default: all that are there)",
	  OPTION_LIST, VALUE(sources), 0, 0 },
	{ 0, "program", "FILE",
	  "look into this program, or library, as well", OPTION_LIST,
	  VALUE(programs), 0, 0 },
	{ 'n', "count", "N", "end after N lines (default: no limit)",
	  OPTION_NUMBER, VALUE(count), 1, UINT64_MAX },
	{ 'T', "timeout", "DURATION",
	  "end after so long: 20ms, 5s, 1m (default: no limit)",
	  OPTION_DURATION, VALUE(timeout_ms), 0, 0 },
	{ 'w', "write", "FILE",
	  "write a capture (pcapng) in place of text; '-': standard\n"
	  "output", OPTION_TEXT, VALUE(write), 0, 0 },
	{ 0, "buffer", "KIB",
	  "keep so much of what waits to be written, from 4 to\n"
	  "65536 KiB (default 4096)",
	  OPTION_NUMBER, VALUE(buffer_kib), 4, 65536 },
	{ 0, "histogram", NULL,
	  "print no lines, but at the end how long posts took",
	  OPTION_FLAG, VALUE(histogram), 0, 0 },
	{ 0, "payload", NULL, "print payloads as well", OPTION_FLAG,
	  VALUE(payload), 0, 0 },
	{ 'q', "quiet", NULL, "nothing on standard error but errors and losses",
	  OPTION_FLAG, VALUE(quiet), 0, 0 },
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_trace = {
	.name = "trace",
	.operands = "",
	.summary = "print what happens to messages on this machine, live",
	.details = "Follow posts and deliveries as they happen, by BPF: of "
		   "hvpost.ko, of the kernel's\nown hv_vmbus, of processes "
		   "that use libhvpost or libhvhost, and, where guests\nrun, "
		   "of kvm. Needs root. 'following ...' on standard error says "
		   "that all is set\nup. Ends on SIGINT or SIGTERM and then "
		   "says how many were seen and lost.",
	.examples = "  hvpost trace\n"
		    "  hvpost trace --connection 0x10 --status "
		    "INSUFFICIENT_BUFFERS\n"
		    "  hvpost trace --source hv_vmbus --timeout 10s\n"
		    "  hvpost trace --histogram --timeout 1m\n"
		    "  hvpost trace --payload --write seen.pcapng\n"
		    "  hvpost trace --write - | wireshark -k -i -\n"
		    "  hvpost trace --json | jq 'select(.event == \"drop\")'\n",
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_trace,
};
