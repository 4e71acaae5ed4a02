// SPDX-License-Identifier: MIT
#include "capture_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "pcapng.h"
#include "sighting_packet.h"

static uint64_t real_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* As those see it whom the messages go to and come from: guests and processes. */
static enum pcapng_direction direction_of(enum sighting_kind kind)
{
	switch (kind) {
	case SIGHTING_POST:
	case SIGHTING_SIGNAL:
	case SIGHTING_EOM:
	case SIGHTING_HYPERCALL:
		return PCAPNG_OUTBOUND;
	case SIGHTING_SLOT:
	case SIGHTING_FLAG:
	case SIGHTING_DELIVER:
	case SIGHTING_INTERRUPT:
		return PCAPNG_INBOUND;
	default:
		return PCAPNG_UNKNOWN;
	}
}

static bool is_stdout(const char *path)
{
	return !strcmp(path, "-");
}

const char *capture_misplaced(const char *path, bool json)
{
	if (!is_stdout(path))
		return NULL;
	if (isatty(STDOUT_FILENO))
		return "--write -: a terminal is no place for a capture; "
		       "redirect it";
	if (json)
		return "--json and --write - exclude each other: both are for "
		       "standard output";
	return NULL;
}

FILE *capture_create(const char *path)
{
	if (!is_stdout(path))
		return fopen(path, "we");
	/* Packets are no lines. */
	setvbuf(stdout, NULL, _IOFBF, BUFSIZ);
	return stdout;
}

struct failure failure_of_capture_output(const char *path, int error)
{
	char what[300];

	snprintf(what, sizeof(what), "cannot write to %s",
		 is_stdout(path) ? "standard output" : path);
	return failure_of(what, error);
}

int capture_begin(struct capture_writer *writer, FILE *out, const char *seen_by)
{
	*writer = (struct capture_writer){ .out = out };
	return pcapng_begin(out, seen_by, PCAPNG_LINK_USER0);
}

int capture_write(struct capture_writer *writer, const struct sighting *sighting)
{
	uint8_t bytes[SIGHTING_PACKET_SIZE_MAX];
	const struct pcapng_packet packet = {
		.direction = direction_of(sighting->kind),
		.time_ns = sighting->time_ns,
		.dropped = writer->dropped_since,
		.size = sighting_to_packet(sighting, bytes),
		.bytes = bytes,
	};
	int err = pcapng_write(writer->out, &packet);

	if (err)
		return err;
	writer->dropped_since = 0;
	writer->written++;
	return 0;
}

void capture_drop(struct capture_writer *writer, uint64_t count)
{
	writer->dropped += count;
	writer->dropped_since += count;
}

int capture_end(struct capture_writer *writer)
{
	const struct pcapng_totals totals = {
		.time_ns = real_ns(),
		.received = writer->written + writer->dropped,
		.dropped = writer->dropped,
	};
	int err = pcapng_end(writer->out, &totals);

	errno = 0;
	if (!err && fflush(writer->out))
		err = errno ? -errno : -EIO;
	return err;
}

struct capture_reader {
	FILE *in;
	off_t start;	/* of what is held */
	struct pcapng_reader *pcapng;
	uint64_t packets;
	uint64_t dropped;	/* as packets have it */
	uint64_t foreign;
	const char *damage;	/* of the last packet */
};

int capture_open(struct capture_reader **result, const char *path)
{
	struct capture_reader *reader = calloc(1, sizeof(*reader));
	int err = -ENOMEM;

	if (!reader)
		return err;
	reader->in = strcmp(path, "-") ? fopen(path, "re") : stdin;
	if (!reader->in)
		err = -errno;
	else
		reader->pcapng = pcapng_open(reader->in);
	if (!reader->pcapng) {
		capture_close(reader);
		return err;
	}
	*result = reader;
	return 0;
}

void capture_close(struct capture_reader *reader)
{
	pcapng_close(reader->pcapng);
	if (reader->in && reader->in != stdin)
		fclose(reader->in);
	free(reader);
}

/* Return a file with the rest of @in, or NULL: errno says why not. */
static FILE *copy_of(FILE *in)
{
	FILE *copy = tmpfile();
	char bytes[4096];
	size_t size;

	if (!copy)
		return NULL;
	while ((size = fread(bytes, 1, sizeof(bytes), in)) > 0)
		if (fwrite(bytes, 1, size, copy) != size)
			break;
	if (ferror(in) || ferror(copy) || fseeko(copy, 0, SEEK_SET)) {
		fclose(copy);
		return NULL;
	}
	return copy;
}

/* Begin where the file stands. */
static int begin(struct capture_reader *reader)
{
	pcapng_close(reader->pcapng);
	reader->pcapng = pcapng_open(reader->in);
	reader->packets = reader->dropped = reader->foreign = 0;
	reader->damage = NULL;
	return reader->pcapng ? 0 : -ENOMEM;
}

int capture_hold(struct capture_reader *reader)
{
	FILE *copy;

	reader->start = ftello(reader->in);
	if (reader->start >= 0)
		return 0;
	copy = copy_of(reader->in);
	if (!copy)
		return -errno;
	if (reader->in != stdin)
		fclose(reader->in);
	reader->in = copy;
	reader->start = 0;
	return begin(reader);
}

int capture_rewind(struct capture_reader *reader)
{
	if (fseeko(reader->in, reader->start, SEEK_SET))
		return -errno;
	return begin(reader);
}

int capture_read(struct capture_reader *reader, struct sighting *sighting,
		 uint64_t *dropped)
{
	struct pcapng_packet packet;
	int found;

	*dropped = 0;
	while ((found = pcapng_read(reader->pcapng, &packet)) > 0) {
		reader->packets++;
		if (packet.link_type != PCAPNG_LINK_USER0) {
			reader->foreign++;
			continue;
		}
		reader->damage = sighting_from_packet(sighting, packet.bytes,
						      packet.size);
		if (reader->damage)
			return -EBADMSG;
		sighting->time_ns = packet.time_ns;
		*dropped = packet.dropped;
		reader->dropped += packet.dropped;
		return 1;
	}
	return found;
}

/* Those that were lost behind the last packet are in the statistics alone. */
uint64_t capture_dropped(const struct capture_reader *reader)
{
	uint64_t total = pcapng_dropped(reader->pcapng);

	return total > reader->dropped ? total : reader->dropped;
}

uint64_t capture_foreign(const struct capture_reader *reader)
{
	return reader->foreign;
}

struct failure failure_of_capture(const struct capture_reader *reader,
				  const char *path, int error)
{
	struct failure failure = failure_of(path, error);

	if (!reader || error != -EBADMSG)
		return failure;
	failure.code = "bad-capture";
	if (reader->damage)
		snprintf(failure.text, sizeof(failure.text),
			 "%s: packet %" PRIu64 " is none of hvpost's: %s", path,
			 reader->packets, reader->damage);
	else
		snprintf(failure.text, sizeof(failure.text), "%s: %s", path,
			 pcapng_error(reader->pcapng));
	failure.hint = "'hvpost capture -w FILE' makes captures; what stands "
		       "before that place can be read";
	return failure;
}
