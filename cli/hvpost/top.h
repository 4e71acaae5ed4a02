/* SPDX-License-Identifier: MIT */
/*
 * top.h - what `hvpost top` shows: samples of what is counted somewhere, and how two
 * of them read side by side.
 */
#ifndef TOP_H
#define TOP_H

#include <stdbool.h>
#include <stdio.h>

#include <json-c/json.h>

#include "echo.h"
#include "failure.h"
#include "samples.h"
#include "tally.h"

#define TOP_ROWS_MAX	512u
#define TOP_NAME_SIZE	96

enum top_kind {
	TOP_CONNECTION,
	TOP_SINT,
	TOP_STATUS,
	TOP_COUNTER,
	TOP_KINDS
};

/* Counters go on from sample to sample; those that nobody keeps are TOP_UNKNOWN. */
#define TOP_UNKNOWN UINT64_MAX

struct top_row {
	enum top_kind kind;
	char name[TOP_NAME_SIZE];
	uint64_t passed;	/* posts that were taken, or got that status;
				   messages that arrived; or what is counted */
	uint64_t refused;	/* posts that were not, of a connection */
	uint64_t lost;		/* messages, of a SINT */
	uint64_t queued;	/* now, of a SINT: by a host, or in the guest */
	uint64_t occupied;	/* slots, now */
	const char *state;	/* a word about a SINT, or NULL */
};

/* Round trips that were made for a sample. */
struct top_trips {
	bool were_made;
	uint64_t received, lost;
	struct samples_summary rtt_ns;	/* of those received */
};

struct top_sample {
	uint64_t time_ns;	/* CLOCK_MONOTONIC */
	size_t count;
	size_t left_out;	/* rows that found no room */
	bool has_statuses;	/* somebody counts by status */
	struct top_row rows[TOP_ROWS_MAX];
	struct top_trips trips;
};

/* The row of that name, made of zeros if there is none; NULL: there is no room. */
struct top_row *top_row(struct top_sample *sample, enum top_kind kind,
			const char *name);

/* Short of its HV_STATUS_, "other" for one that is not documented. */
const char *top_status_name(uint32_t status);

/* An hvhost that is asked. */
struct top_host {
	const char *socket;
	int patience_ms;	/* for its answer, at most */
	bool is_asked;		/* and has not answered */
	int asked;		/* the connection by which it was */
};

/*
 * Add to a sample. Each returns an exit status; unless it is EXIT_DONE, why. Of a
 * host -ETIMEDOUT is no end: the next call goes on waiting.
 */
int top_take_host(struct top_host *host, struct top_sample *sample,
		  struct failure *failure);
/* Forget what it was asked. */
void top_leave_host(struct top_host *host);
/* @folder: of the driver's counters, TOP_COUNTERS; @info: what it says of SINTs. */
#define TOP_COUNTERS "/sys/class/misc/hvpost"
int top_take_device(const char *folder, const struct hvpost_info *info,
		    struct top_sample *sample, struct failure *failure);

/* What hvhost answered to "inspect", as a sample. */
void top_read_inspection(struct json_object *inspection,
			 struct top_sample *sample);

/* Round trips of top's own, to something that echoes. */
struct top_ping {
	uint32_t connection_id, sint;
	struct hvpost *handle;	/* has @sint bound */
	struct echo echo;
	uint64_t sequence;
	struct tally posts;	/* all, since the first */
};

/* Bind the SINT. Return as the others. */
int top_ping_start(struct top_ping *ping, struct failure *failure);
int top_ping_take(struct top_ping *ping, struct top_sample *sample,
		  struct failure *failure);
/* The same as rows: for a host that nobody else counts for. */
void top_ping_rows(const struct top_ping *ping, struct top_sample *sample);

/*
 * @now, with what changed since @before, or, where that is NULL, without it; the
 * first line is the head. Busiest rows come first.
 */
void top_print(FILE *out, const char *title, const struct top_sample *before,
	       const struct top_sample *now);
void top_print_json(FILE *out, const char *target,
		    const struct top_sample *before,
		    const struct top_sample *now);

/* Where samples come from, and how often. */
struct top_source {
	const char *title;
	int64_t interval_ms;
	/* Both NULL: nothing is counted but what top does itself */
	struct top_host *host;
	const char *counters;		/* of the driver: their folder */
	struct hvpost *described;	/* says who has SINTs, unless NULL */
	struct top_ping *ping;		/* or NULL */
};

/* Take one from there, and the time. Return as top_take_host(). */
int top_take(const struct top_source *source, struct top_sample *sample,
	     struct failure *failure);

/*
 * The screen, until 'q', SIGINT or SIGTERM, or until no sample can be taken. A host
 * that does not answer is waited for. Return as top_take_host().
 */
int top_show(const struct top_source *source, struct failure *failure);

#endif /* TOP_H */
