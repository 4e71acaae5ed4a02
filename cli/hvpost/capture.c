// SPDX-License-Identifier: MIT
#include "command.h"

#include <hvpost/device.h>

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "capture_file.h"
#include "failure.h"
#include "json.h"
#include "listeners.h"
#include "sighting_filter.h"
#include "sighting_print.h"
#include "stop.h"

struct capture_options {
	struct common_options common;
	const char *read;	/* NULL: look at what happens now */
	const char *write;	/* NULL: print */
	const char *listen;	/* SINTs */
	const char *connection, *sint, *status;
	uint64_t count;		/* 0: no limit */
	int64_t timeout_ms;	/* negative: no limit */
	uint64_t ring_records;
	bool quiet;
};

/* What is going on. */
struct capture {
	const struct capture_options *options;
	struct sighting_filter filter;
	struct capture_writer writer;	/* counts also what is printed */
	FILE *file;		/* NULL: sightings are printed */
	struct listeners listeners;
	struct capture_reader *reader;
};

static int misuse(const struct capture_options *options, const char *text)
{
	struct failure failure = failure_of_usage("%s", text);

	return failure_report(&options->common, &failure);
}

static bool is_one_file(const char *path, const char *other)
{
	struct stat status, other_status;

	return !stat(path, &status) && !stat(other, &other_status) &&
	       status.st_dev == other_status.st_dev &&
	       status.st_ino == other_status.st_ino;
}

static int check_options(const struct capture_options *options)
{
	const char *misplaced;

	if (!options->read == !options->listen)
		return misuse(options, options->read ?
				"--read and --listen exclude each other" :
				"say where to look: --listen SINT, or --read "
				"FILE");
	if (options->read && options->write && strcmp(options->write, "-") &&
	    is_one_file(options->read, options->write))
		return misuse(options, "--read and --write name one file, which "
				       "would be lost");
	misplaced = options->write ? capture_misplaced(options->write,
						       options->common.json) :
				     NULL;
	return misplaced ? misuse(options, misplaced) : EXIT_DONE;
}

static int make_filter(struct capture *capture)
{
	const struct capture_options *options = capture->options;
	const char *wrong =
		sighting_filter_make(&capture->filter, options->connection,
				     options->sint, options->status);

	return wrong ? misuse(options, wrong) : EXIT_DONE;
}

/* Where sightings go. Say what failed on the way, with @err. */
static int report_output(const struct capture *capture, int err)
{
	struct failure failure =
		failure_of_capture_output(capture->options->write, err);

	return failure_report(&capture->options->common, &failure);
}

static int open_output(struct capture *capture)
{
	const struct capture_options *options = capture->options;
	const char *seen_by = options->read ? options->read :
				command_target_name(&options->common);
	int err;

	if (!options->write)
		return EXIT_DONE;
	capture->file = capture_create(options->write);
	if (!capture->file)
		return report_output(capture, -errno);
	err = capture_begin(&capture->writer, capture->file, seen_by);
	return err ? report_output(capture, err) : EXIT_DONE;
}

/* What has been seen is to be there for others whenever nothing more comes. */
static int flush_output(struct capture *capture)
{
	errno = 0;
	if (!capture->file || !fflush(capture->file))
		return EXIT_DONE;
	return report_output(capture, errno ? -errno : -EIO);
}

static int close_output(struct capture *capture)
{
	int err;

	if (!capture->file)
		return EXIT_DONE;
	err = capture_end(&capture->writer);
	if (capture->file != stdout && fclose(capture->file) && !err)
		err = -errno;
	return err ? report_output(capture, err) : EXIT_DONE;
}

static bool is_done(const struct capture *capture)
{
	return capture->options->count &&
	       capture->writer.written >= capture->options->count;
}

static int put(struct capture *capture, const struct sighting *sighting)
{
	int err;

	if (!sighting_passes(&capture->filter, sighting))
		return EXIT_DONE;
	if (capture->file) {
		err = capture_write(&capture->writer, sighting);
		return err ? report_output(capture, err) : EXIT_DONE;
	}
	capture->writer.written++;
	if (capture->options->common.json)
		sighting_print_json(stdout, sighting);
	else
		sighting_print(stdout, sighting);
	return command_check_output(&capture->options->common);
}

static int read_all(struct capture *capture)
{
	const struct capture_options *options = capture->options;
	struct sighting sighting;
	struct failure failure;
	uint64_t dropped;
	int status = EXIT_DONE, found = 0;

	while (!status && !is_done(capture)) {
		found = capture_read(capture->reader, &sighting, &dropped);
		if (found <= 0)
			break;
		capture_drop(&capture->writer, dropped);
		status = put(capture, &sighting);
	}
	if (status || found > 0)
		return status;
	dropped = capture_dropped(capture->reader);
	if (dropped > capture->writer.dropped)
		capture_drop(&capture->writer,
			     dropped - capture->writer.dropped);
	if (!found)
		return EXIT_DONE;
	failure = failure_of_capture(capture->reader, options->read, found);
	return failure_report(&options->common, &failure);
}

static int report_end(const struct capture *capture, int err)
{
	const struct capture_options *options = capture->options;
	const uint64_t seen = capture->writer.written;
	struct failure failure;

	if (err == -EINTR ||
	    (err == -ETIMEDOUT && seen && !options->count))
		return EXIT_DONE;
	if (err == -ETIMEDOUT)
		failure = failure_of_timeout(
			"%" PRIu64 " %s seen, then none for %" PRId64 " ms",
			seen, seen == 1 ? "message was" : "messages were",
			options->timeout_ms);
	else
		failure = failure_of_receive(
			capture->listeners.sints[capture->listeners.which], err);
	return failure_report(&options->common, &failure);
}

static int listen_until_done(struct capture *capture)
{
	const struct capture_options *options = capture->options;
	struct listeners *listeners = &capture->listeners;
	struct sighting sighting;
	int status = EXIT_DONE, err;
	uint64_t dropped;

	while (!status && !is_done(capture)) {
		err = listeners_next(listeners, &sighting, &dropped, HVPOST_NOW);
		if (err == -ETIMEDOUT) {
			status = flush_output(capture);
			if (status)
				return status;
			err = listeners_next(
				listeners, &sighting, &dropped,
				hvpost_deadline_in_ms(options->timeout_ms));
		}
		if (err)
			return report_end(capture, err);
		capture_drop(&capture->writer, dropped);
		status = put(capture, &sighting);
	}
	return status;
}

/* Scripts wait for this line. */
static void say_ready(const struct capture *capture)
{
	const struct capture_options *options = capture->options;

	if (!options->quiet)
		fprintf(stderr, "capturing at SINT %s of %s\n", options->listen,
			command_target_name(&options->common));
}

static int listen_to_all(struct capture *capture)
{
	uint64_t dropped;
	int status;

	say_ready(capture);
	status = listen_until_done(capture);
	dropped = listeners_dropped(&capture->listeners);
	if (dropped > capture->writer.dropped)
		capture_drop(&capture->writer,
			     dropped - capture->writer.dropped);
	return status;
}

static void print_summary_json(const struct capture *capture, uint64_t foreign)
{
	struct json_object *object = json_new();

	json_add_string(object, "event", "end");
	json_add_number(object, "seen", capture->writer.written);
	json_add_number(object, "dropped", capture->writer.dropped);
	json_add_number(object, "foreign", foreign);
	json_print(stdout, object);
}

static void say_goodbye(const struct capture *capture)
{
	const struct capture_options *options = capture->options;
	const uint64_t foreign =
		capture->reader ? capture_foreign(capture->reader) : 0;

	if (options->common.json)
		print_summary_json(capture, foreign);
	if (options->quiet)
		return;
	fprintf(stderr, "%" PRIu64 " seen, %" PRIu64 " dropped",
		capture->writer.written, capture->writer.dropped);
	if (foreign)
		fprintf(stderr, ", %" PRIu64 " of others in the file", foreign);
	fputc('\n', stderr);
}

static int open_source(struct capture *capture)
{
	const struct capture_options *options = capture->options;
	struct failure failure;
	int err;

	if (options->listen)
		return listeners_open(&capture->listeners, &options->common,
				      options->listen,
				      (unsigned int)options->ring_records);
	err = capture_open(&capture->reader, options->read);
	if (!err)
		return EXIT_DONE;
	failure = failure_of_capture(NULL, options->read, err);
	return failure_report(&options->common, &failure);
}

static void close_source(struct capture *capture)
{
	if (capture->reader)
		capture_close(capture->reader);
	else
		listeners_close(&capture->listeners);
}

static int capture_all(struct capture *capture)
{
	int closed, status = open_output(capture);

	if (status)
		return status;
	status = capture->reader ? read_all(capture) : listen_to_all(capture);
	/* Whatever ended it: what has been seen is a whole file. */
	closed = close_output(capture);
	say_goodbye(capture);
	return status ? status : closed;
}

static int run_capture(void *values, char **operands)
{
	static struct capture capture;
	int status;

	(void)operands;
	capture = (struct capture){ .options = values };
	status = check_options(capture.options);
	if (!status)
		status = make_filter(&capture);
	if (!status)
		status = open_source(&capture);
	if (status)
		return status;

	stop_on_signals();
	status = capture_all(&capture);
	close_source(&capture);
	return status;
}

static const struct capture_options defaults = {
	.timeout_ms = -1,
	.ring_records = 1024,
};

#define VALUE(member) offsetof(struct capture_options, member)

static const struct option_line lines[] = {
	{ 'l', "listen", "SINTS",
	  "see what arrives at these SINTs, such as 6 or 2,6, by\n"
	  "listening there",
	  OPTION_TEXT, VALUE(listen), 0, 0 },
	{ 'r', "read", "FILE", "see what a capture has; - is standard input",
	  OPTION_TEXT, VALUE(read), 0, 0 },
	{ 'w', "write", "FILE",
	  "write a capture (pcapng) in place of text; - is\n"
	  "standard output",
	  OPTION_TEXT, VALUE(write), 0, 0 },
	{ 'n', "count", "N", "end after N of them (default: no limit)",
	  OPTION_NUMBER, VALUE(count), 1, UINT64_MAX },
	{ 'T', "timeout", "DURATION",
	  "end when nothing came for so long: 20ms, 5s, 1m\n"
	  "(default: no limit)",
	  OPTION_DURATION, VALUE(timeout_ms), 0, 0 },
	{ 0, "connection", "N", "only what is of this connection",
	  OPTION_TEXT, VALUE(connection), 0, 0 },
	{ 0, "sint", "N", "only what is of this SINT",
	  OPTION_TEXT, VALUE(sint), 0, 0 },
	{ 0, "status", "STATUS", "only what got this status, a name or number",
	  OPTION_TEXT, VALUE(status), 0, 0 },
	{ 0, "ring", "N",
	  "messages kept for us per VP, up to 4096 (default 1024)",
	  OPTION_NUMBER, VALUE(ring_records), 1, HVPOST_RING_RECORDS_MAX },
	{ 'q', "quiet", NULL, "nothing on standard error but errors",
	  OPTION_FLAG, VALUE(quiet), 0, 0 },
	OPTION_TARGET,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_capture = {
	.name = "capture",
	.operands = "",
	.summary = "keep what is seen of messages, and read it back",
	.details =
	"Print what is seen of messages, a line each, or write it to a file of packets\n"
	"that Wireshark reads as well (pcapng; docs/capture.md has the format). On the\n"
	"device, others who listen to a SINT share it if they say --shared. 'capturing\n"
	"at ...' on standard error says that all is set up. SIGINT and SIGTERM end it,\n"
	"and the file is whole. What was lost is counted, there and at the end.",
	.examples = "  hvpost capture --listen 6\n"
		    "  hvpost capture --listen 2,6 --write seen.pcapng\n"
		    "  hvpost capture --read seen.pcapng --sint 6 --json\n"
		    "  hvpost capture --listen 6 --write - | wireshark -k -i -\n",
	.operands_min = 0,
	.operands_max = 0,
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_capture,
};
