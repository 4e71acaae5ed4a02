/* SPDX-License-Identifier: MIT */
/* capture_file.h - a file of sightings: what is seen goes in, and comes out again. */
#ifndef CAPTURE_FILE_H
#define CAPTURE_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "failure.h"
#include "sighting.h"

/* Writing. */
struct capture_writer {
	FILE *out;
	uint64_t written;
	uint64_t dropped;	/* in all */
	uint64_t dropped_since;	/* the sighting before */
};

/*
 * Where a capture goes: a file of that name, or "-", standard output. Return NULL or
 * what is wrong with that; NULL: errno says what failed.
 */
const char *capture_misplaced(const char *path, bool json);
FILE *capture_create(const char *path);
struct failure failure_of_capture_output(const char *path, int error);

/*
 * Each returns 0 or a negative errno value. @seen_by is what stands for the place
 * that sightings come from, such as a target's name; @out stays the caller's.
 */
int capture_begin(struct capture_writer *writer, FILE *out, const char *seen_by);
int capture_write(struct capture_writer *writer, const struct sighting *sighting);
int capture_end(struct capture_writer *writer);

/* So many were lost; the next sighting, or the end, says so. */
void capture_drop(struct capture_writer *writer, uint64_t count);

/* Reading. */
struct capture_reader;

/* @path may be "-", standard input. Return 0 or a negative errno value. */
int capture_open(struct capture_reader **reader, const char *path);
void capture_close(struct capture_reader *reader);

/*
 * To read it twice: hold it, read, and begin anew. What comes from a pipe is all read
 * first. Each returns 0 or a negative errno value.
 */
int capture_hold(struct capture_reader *reader);
int capture_rewind(struct capture_reader *reader);

/*
 * The next sighting, and how many were lost before it. Return 1; 0: there is none;
 * -EBADMSG: the file is no capture, or damaged; or another errno value.
 */
int capture_read(struct capture_reader *reader, struct sighting *sighting,
		 uint64_t *dropped);

/* How many were lost, as far as the file has been read; packets of others in it. */
uint64_t capture_dropped(const struct capture_reader *reader);
uint64_t capture_foreign(const struct capture_reader *reader);

/* What went wrong with @path, and where in it; @reader is NULL if it did not open. */
struct failure failure_of_capture(const struct capture_reader *reader,
				  const char *path, int error);

#endif /* CAPTURE_FILE_H */
