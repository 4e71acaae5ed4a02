// SPDX-License-Identifier: MIT
#include "command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "capture_file.h"
#include "chart.h"
#include "failure.h"
#include "json.h"
#include "sighting_filter.h"
#include "witness.h"

struct plot_options {
	struct common_options common;
	const char *output;	/* NULL: standard output */
	const char *title;	/* NULL: the file's name */
	const char *connection, *sint;
	const char *source;	/* NULL: the nearest */
};

struct plot {
	const struct plot_options *options;
	const char *path;
	struct sighting_filter filter;
	struct witness witness;
	struct timeline timeline;
};

static int report(const struct plot *plot, const char *what, int err)
{
	struct failure failure = failure_of(what, err);

	return failure_report(&plot->options->common, &failure);
}

static int add_all(struct plot *plot, struct capture_reader *reader)
{
	struct sighting sighting;
	struct failure failure;
	uint64_t dropped;
	int found, err;

	err = witness_survey(&plot->witness, reader, &plot->filter);
	if (err)
		return report(plot, plot->path, err);
	/* No source that is named sees both ends of a delivery. */
	plot->timeline.has_slots =
		plot->witness.named == SIGHTING_SOURCES &&
		plot->witness.taken[SIGHTING_SLOT] != SIGHTING_SOURCES;
	while ((found = capture_read(reader, &sighting, &dropped)) > 0) {
		if (!sighting_passes(&plot->filter, &sighting) ||
		    !timeline_has(&sighting) ||
		    !witness_takes(&plot->witness, &sighting))
			continue;
		err = timeline_add(&plot->timeline, &sighting);
		if (err)
			return report(plot, plot->path, err);
	}
	if (!found)
		return EXIT_DONE;
	failure = failure_of_capture(reader, plot->path, found);
	return failure_report(&plot->options->common, &failure);
}

static int read_capture(struct plot *plot)
{
	struct capture_reader *reader;
	struct failure failure;
	int status, err = capture_open(&reader, plot->path);

	if (err) {
		failure = failure_of_capture(NULL, plot->path, err);
		return failure_report(&plot->options->common, &failure);
	}
	status = add_all(plot, reader);
	capture_close(reader);
	if (status || timeline_count(&plot->timeline))
		return status;
	failure = failure_of(plot->path, -ENODATA);
	failure.code = "empty";
	snprintf(failure.text, sizeof(failure.text),
		 "%s: nothing in it can be drawn: no post, no slot, no EOM",
		 plot->path);
	return failure_report(&plot->options->common, &failure);
}

static const char *title_of(const struct plot *plot)
{
	const char *name = strrchr(plot->path, '/');

	if (plot->options->title)
		return plot->options->title;
	return name ? name + 1 : plot->path;
}

static int draw(struct plot *plot)
{
	const char *path = plot->options->output;
	FILE *out;
	int err = 0;

	if (!path) {
		chart_draw(stdout, &plot->timeline, title_of(plot));
		return command_check_output(&plot->options->common);
	}
	out = fopen(path, "we");
	if (!out)
		return report(plot, path, -errno);
	chart_draw(out, &plot->timeline, title_of(plot));
	errno = 0;
	if (fflush(out) || ferror(out))
		err = errno ? -errno : -EIO;
	if (fclose(out) && !err)
		err = -errno;
	return err ? report(plot, path, err) : EXIT_DONE;
}

static void add_latency(struct json_object *object,
			struct timeline *timeline, enum timeline_latency which)
{
	struct json_object *times = json_object_new_object();
	const struct numbers *all = &timeline->latencies[which];
	struct samples_summary summary =
		samples_summarize(all->values, all->count);

	json_add_number(times, "count", all->count);
	json_add_number(times, "min_ns", summary.min);
	json_add_number(times, "median_ns", summary.median);
	json_add_number(times, "p99_ns", summary.p99);
	json_add_number(times, "max_ns", summary.max);
	json_object_object_add(object, chart_latency_key(which), times);
}

static int print_numbers(struct plot *plot)
{
	struct timeline *timeline = &plot->timeline;
	struct json_object *object = json_new(), *lanes, *latencies;

	lanes = json_object_new_object();
	latencies = json_object_new_object();
	json_add_number(object, "duration_ns",
			timeline->last_ns - timeline->first_ns);
	for (int i = 0; i < LANES; i++)
		json_add_number(lanes, chart_lane_key((enum timeline_lane)i),
				timeline->lanes[i].count);
	for (int i = 0; i < LATENCIES; i++)
		if (timeline->latencies[i].count)
			add_latency(latencies, timeline,
				    (enum timeline_latency)i);
	json_object_object_add(object, "counts", lanes);
	json_object_object_add(object, "latencies", latencies);
	json_add_number(object, "left_out", witness_left_out(&plot->witness));
	json_print(stdout, object);
	return command_check_output(&plot->options->common);
}

static int run_plot(void *values, char **operands)
{
	const struct plot_options *options = values;
	struct plot plot = { .options = options, .path = operands[0] };
	struct failure failure;
	const char *wrong;
	int status;

	wrong = sighting_filter_make(&plot.filter, options->connection,
				     options->sint, NULL);
	if (!wrong)
		wrong = witness_make(&plot.witness, options->source);
	if (wrong) {
		failure = failure_of_usage("%s", wrong);
		return failure_report(&options->common, &failure);
	}
	if (timeline_begin(&plot.timeline))
		return report(&plot, plot.path, -ENOMEM);
	status = read_capture(&plot);
	if (!status)
		status = options->common.json ? print_numbers(&plot) :
						draw(&plot);
	witness_print(stderr, &plot.witness);
	timeline_end(&plot.timeline);
	return status;
}

static const struct plot_options defaults;

#define VALUE(member) offsetof(struct plot_options, member)

static const struct option_line lines[] = {
	{ 'o', "output", "FILE", "where to (default: standard output)",
	  OPTION_TEXT, VALUE(output), 0, 0 },
	{ 't', "title", "TEXT", "what stands above it (default: FILE's name)",
	  OPTION_TEXT, VALUE(title), 0, 0 },
	{ 0, "connection", "N", "only what is of this connection",
	  OPTION_TEXT, VALUE(connection), 0, 0 },
	{ 0, "sint", "N", "only what is of this SINT",
	  OPTION_TEXT, VALUE(sint), 0, 0 },
	{ 0, "source", "SOURCE",
	  "only what this one saw: hvpost.ko, libhvpost,\n"
	  "libhvhost, hv_vmbus, kvm (default: of each the one\n"
	  "nearest to who posts and receives)",
	  OPTION_TEXT, VALUE(source), 0, 0 },
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_plot = {
	.name = "plot",
	.operands = "FILE",
	.summary = "draw what a capture has: how long, and when",
	.details =
	"Draw a picture (SVG) of a capture: how long posts took and, where both ends\n"
	"were seen, how long it was from a post to its slot; and when posts, refusals,\n"
	"slots and EOMs were. It is readable on light and on dark. With --json, the\n"
	"numbers behind it. FILE may be '-', standard input.",
	.examples = "  hvpost plot seen.pcapng --output seen.svg\n"
		    "  hvpost plot seen.pcapng --json | jq .latencies.post\n",
	.operands_min = 1,
	.operands_max = 1,
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_plot,
};
