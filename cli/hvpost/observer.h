/* SPDX-License-Identifier: MIT */
/*
 * observer.h - what happens to messages on this machine, as it happens, by BPF.
 * observer_why.h has the words for what could not be followed.
 */
#ifndef OBSERVER_H
#define OBSERVER_H

#include <stdbool.h>

#include "options.h"
#include "sighting.h"
#include "sighting_filter.h"

struct observer_wish {
	struct sighting_filter filter;
	uint32_t pid;		/* of whoever posts; "none" lets all pass */
	bool sources[SIGHTING_SOURCES];
	const struct option_list *programs;	/* files with probes of their own */
	uint32_t buffer_bytes;	/* for what waits; the next power of two is taken */
};

enum observer_state {
	OBSERVER_UNASKED,
	OBSERVER_FOLLOWS,
	OBSERVER_AWAITS,	/* what is to come later */
	OBSERVER_FAILED
};

/* What came of one source: an errno value, negative, where it failed. */
struct observer_outcome {
	enum observer_state state;
	int error;
};

struct observer;

/*
 * Begin to observe. Return 0, and in @outcomes what came of each source, or a
 * negative errno value: the kernel took no program at all.
 */
int observer_open(struct observer **observer, const struct observer_wish *wish,
		  struct observer_outcome outcomes[SIGHTING_SOURCES]);
void observer_close(struct observer *observer);

/*
 * Return 0: the file that is @program of the wish is followed, or a negative errno
 * value; -ENODATA: none of the libraries that are wished for is in it.
 */
int observer_program_error(const struct observer *observer, size_t program);

/* A file of a library's name that a process has mapped, and that is not followed. */
struct observer_missed {
	uint32_t pid;
	int error;	/* a negative errno value; see observer_why_not_file() */
	char name[128];	/* as the process sees it: any bytes; may be cut */
};

#define OBSERVER_MISSED_MAX 16

/* Return how many there are: in *@missed are the first of them, so many at most. */
size_t observer_missed(const struct observer *observer,
		       const struct observer_missed **missed);

/* Readable while there is something to collect. */
int observer_fd(const struct observer *observer);

/* Return a negative errno value to have the rest left for the next time. */
typedef int observer_handler(const struct sighting *sighting, void *context);

/*
 * Hand out what was seen, but not for ever: return 1: there may be more, 0: that was
 * all, or what @handler returned.
 */
int observer_collect(struct observer *observer, observer_handler *handler,
		     void *context);

/* How many were seen and found no room while nobody collected. */
uint64_t observer_lost(const struct observer *observer);

/* How many were not handed out: a process says what cannot be (sighting_check()). */
uint64_t observer_refused(const struct observer *observer);

/* Look no more. What was seen until now can still be collected. */
void observer_stop(struct observer *observer);

#endif /* OBSERVER_H */
