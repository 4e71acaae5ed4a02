// SPDX-License-Identifier: MIT
/* A capture of any bytes: read to its end, written anew, and read again. */
#define _GNU_SOURCE /* memfd_create */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "capture_file.h"
#include "fuzz.h"
#include "sighting_print.h"

/* More than fits into what a fuzzer brings */
#define SIGHTINGS_MAX 64u

static struct sighting sightings[SIGHTINGS_MAX];

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "This does not hold: %s\n", what);
	abort();
}

/* A file in memory, by a name that opens it anew. */
struct file {
	int fd;
	char path[32];
};

static void file_make(struct file *file)
{
	if (file->path[0])
		return;
	file->fd = memfd_create("capture", MFD_CLOEXEC);
	snprintf(file->path, sizeof(file->path), "/proc/self/fd/%d", file->fd);
}

static void check(const struct sighting *sighting)
{
	static FILE *nowhere;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	must(sighting->kind < SIGHTING_KINDS, "kinds have names");
	must(sighting->source < SIGHTING_SOURCES, "sources have names");
	must(sighting->sint < HV_SINT_COUNT || sighting->sint == SIGHTING_NONE,
	     "SINTs are SINTs");
	must(sighting->payload_captured <= sizeof(sighting->payload),
	     "payloads fit");
	must(memchr(sighting->process, '\0', sizeof(sighting->process)),
	     "names end");
	sighting_print(nowhere, sighting);
	sighting_print_json(nowhere, sighting);
}

static size_t read_all(const char *path, uint64_t *dropped)
{
	struct capture_reader *reader;
	struct failure failure;
	struct sighting sighting;
	uint64_t lost;
	size_t count = 0;
	int found;

	must(!capture_open(&reader, path), "the file opens");
	while ((found = capture_read(reader, &sighting, &lost)) > 0) {
		check(&sighting);
		if (count < SIGHTINGS_MAX)
			sightings[count++] = sighting;
	}
	must(found == 0 || found == -EBADMSG, "memory can be read");
	if (found) {
		failure = failure_of_capture(reader, path, found);
		must(!strchr(failure.text, '\n'), "an error is one line");
	}
	*dropped = capture_dropped(reader);
	capture_close(reader);
	return count;
}

/* But what pads them */
static bool are_equal(const struct sighting *one, const struct sighting *other)
{
	return !memcmp(one, other, offsetof(struct sighting, payload) +
					   sizeof(one->payload));
}

/* What was read is a capture like any other. */
static void write_and_read(const struct file *file, size_t count)
{
	static struct sighting before[SIGHTINGS_MAX];
	struct capture_writer writer;
	uint64_t dropped;
	FILE *out = fopen(file->path, "w");

	memcpy(before, sightings, count * sizeof(before[0]));
	must(out && !capture_begin(&writer, out, "fuzz"), "memory is there");
	for (size_t i = 0; i < count; i++)
		must(!capture_write(&writer, &before[i]), "what is read fits");
	capture_drop(&writer, 3);
	must(!capture_end(&writer) && !fclose(out), "memory is there");
	must(read_all(file->path, &dropped) == count, "none is lost");
	must(dropped == 3, "what is lost is counted");
	for (size_t i = 0; i < count; i++)
		must(are_equal(&before[i], &sightings[i]),
		     "what is written is read");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct file given, written;
	uint64_t dropped;
	size_t count;

	file_make(&given);
	file_make(&written);
	must(!ftruncate(given.fd, 0) &&
	     pwrite(given.fd, data, size, 0) == (ssize_t)size,
	     "memory is there");
	count = read_all(given.path, &dropped);
	write_and_read(&written, count);
	return 0;
}
