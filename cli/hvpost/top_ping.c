// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <hvpost/hyperv.h>

#include "stop.h"
#include "top.h"

/* Of one sample: as many as tell a p99, as long as a screen may stand still */
#define TRIPS		100u
#define TRIPS_MS	250

#define ECHO_SIZE	56u

int top_ping_start(struct top_ping *ping, struct failure *failure)
{
	int err = hvpost_bind(ping->handle, ping->sint, 0);

	ping->echo.message_type = HV_MESSAGE_TYPE_VMBUS;
	ping->echo.size = ECHO_SIZE;
	if (!err)
		return EXIT_DONE;
	*failure = failure_of_bind(ping->sint, err);
	return failure->exit;
}

/*
 * These return 0, -ETIMEDOUT: no echo will come, -EINTR, or another error, which
 * @failure then describes.
 */
static int post(struct top_ping *ping, uint64_t deadline_ns,
		struct failure *failure)
{
	struct hvpost_post post = {
		.connection_id = ping->connection_id,
		.message_type = ping->echo.message_type,
		.payload = ping->echo.payload,
		.payload_size = ping->echo.size,
	};
	uint64_t attempts;
	int err = stop_or_post(ping->handle, &post, deadline_ns, &attempts);
	uint32_t status = hvpost_last_status(ping->handle);

	tally_add(&ping->posts, status, attempts);
	if (!err || err == -EINTR)
		return err;
	if (status != HVPOST_NO_STATUS)
		return -ETIMEDOUT;
	*failure = failure_of_post(&post, err, status);
	return err;
}

/* Echoes of earlier samples may come late, and others may post as well. */
static int await_echo(struct top_ping *ping, uint64_t deadline_ns,
		      struct failure *failure)
{
	struct hvpost_message message;
	int err;

	do {
		err = stop_or_receive(ping->handle, &message, deadline_ns);
		if (!err && echo_matches(&ping->echo, &message))
			return 0;
	} while (!err && now_ns() < deadline_ns);
	if (!err || err == -ETIMEDOUT)
		return -ETIMEDOUT;
	if (err != -EINTR)
		*failure = failure_of_receive(ping->sint, err);
	return err;
}

static int make_trip(struct top_ping *ping, uint64_t deadline_ns,
		     uint64_t *rtt_ns, struct failure *failure)
{
	uint64_t start_ns = now_ns();
	int err;

	echo_fill(&ping->echo, ++ping->sequence, start_ns);
	err = post(ping, deadline_ns, failure);
	if (!err)
		err = await_echo(ping, deadline_ns, failure);
	*rtt_ns = now_ns() - start_ns;
	return err;
}

int top_ping_take(struct top_ping *ping, struct top_sample *sample,
		  struct failure *failure)
{
	uint64_t deadline_ns = hvpost_deadline_in_ms(TRIPS_MS);
	struct top_trips *trips = &sample->trips;
	uint64_t rtt_ns[TRIPS];
	int err = 0;

	*trips = (struct top_trips){ .were_made = true };
	while (!err && trips->received < TRIPS && now_ns() < deadline_ns) {
		err = make_trip(ping, deadline_ns, &rtt_ns[trips->received],
				failure);
		if (!err)
			trips->received++;
	}
	trips->rtt_ns = samples_summarize(rtt_ns, trips->received);
	if (err == -ETIMEDOUT)
		trips->lost++;
	/* Who shows it sees the signal, too. */
	if (!err || err == -ETIMEDOUT || err == -EINTR)
		return EXIT_DONE;
	return failure->exit;
}

void top_ping_rows(const struct top_ping *ping, struct top_sample *sample)
{
	struct hvpost_counters counters;
	struct top_row *row;
	char name[TOP_NAME_SIZE];

	snprintf(name, sizeof(name), "0x%" PRIx32, ping->connection_id);
	row = top_row(sample, TOP_CONNECTION, name);
	row->passed = ping->posts.posted;
	row->refused = ping->posts.refused;
	for (size_t i = 0; i < ping->posts.rows_used; i++)
		top_row(sample, TOP_STATUS,
			top_status_name(ping->posts.rows[i].status))->passed +=
			ping->posts.rows[i].count;
	if (hvpost_get_counters(ping->handle, &counters, sizeof(counters)))
		return;
	snprintf(name, sizeof(name), "%" PRIu32, ping->sint);
	row = top_row(sample, TOP_SINT, name);
	row->passed = counters.messages;
	row->lost = counters.dropped;
	row->queued = TOP_UNKNOWN;
	row->occupied = TOP_UNKNOWN;
}
