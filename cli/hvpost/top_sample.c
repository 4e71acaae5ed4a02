// SPDX-License-Identifier: MIT
#include <string.h>

#include "stop.h"
#include "top.h"

struct top_row *top_row(struct top_sample *sample, enum top_kind kind,
			const char *name)
{
	struct top_row *row = sample->rows;

	for (; row < sample->rows + sample->count; row++)
		if (row->kind == kind && !strcmp(row->name, name))
			return row;
	if (sample->count == TOP_ROWS_MAX) {
		sample->left_out++;
		return NULL;
	}
	sample->count++;
	memset(row, 0, sizeof(*row));
	row->kind = kind;
	snprintf(row->name, sizeof(row->name), "%s", name);
	return row;
}

const char *top_status_name(uint32_t status)
{
	const char *name = hvpost_status_name(status);

	return name ? name + strlen("HV_STATUS_") : "other";
}

int top_take(const struct top_source *source, struct top_sample *sample,
	     struct failure *failure)
{
	struct hvpost_info info = { 0 };
	int status = EXIT_DONE;

	/* Rows are cleared as they come to be. */
	sample->count = 0;
	sample->left_out = 0;
	sample->has_statuses = false;
	sample->trips.were_made = false;
	if (source->described &&
	    hvpost_get_info(source->described, &info, sizeof(info)))
		info = (struct hvpost_info){ 0 };
	if (source->host)
		status = top_take_host(source->host, sample, failure);
	else if (source->counters)
		status = top_take_device(source->counters, &info, sample,
					 failure);
	sample->time_ns = now_ns();
	if (!status && source->ping)
		status = top_ping_take(source->ping, sample, failure);
	if (!status && source->ping && !source->host && !source->counters)
		top_ping_rows(source->ping, sample);
	return status;
}
