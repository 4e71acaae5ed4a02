// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "scale.h"
#include "top.h"

#define NS_PER_S 1000000000.0

#define UNKNOWN_RATE (-1.0)

/* A row, beside the one of the same name before; its changes in a second. */
struct change {
	const struct top_row *row;
	double passed, refused;
	double busyness;
};

/* All of one kind. */
struct changes {
	size_t count;
	struct change all[TOP_ROWS_MAX];
};

static const struct top_row *find(const struct top_sample *sample,
				  const struct top_row *wanted)
{
	static const struct top_row nothing;

	for (size_t i = 0; i < sample->count; i++)
		if (sample->rows[i].kind == wanted->kind &&
		    !strcmp(sample->rows[i].name, wanted->name))
			return &sample->rows[i];
	return &nothing;
}

/* What came anew under an old name began at 0. */
static double rate(uint64_t before, uint64_t now, double seconds)
{
	uint64_t since = now >= before ? now - before : now;

	if (before == TOP_UNKNOWN || now == TOP_UNKNOWN)
		return UNKNOWN_RATE;
	return (double)since / seconds;
}

static double seconds_between(const struct top_sample *before,
			      const struct top_sample *now)
{
	double seconds = (double)(now->time_ns - before->time_ns) / NS_PER_S;

	return seconds > 0 ? seconds : 1 / NS_PER_S;
}

static double known(uint64_t count)
{
	return count == TOP_UNKNOWN ? 0 : (double)count;
}

static struct change change_of(const struct top_sample *before,
			       const struct top_sample *now,
			       const struct top_row *row)
{
	struct change change = { row, UNKNOWN_RATE, UNKNOWN_RATE,
				 known(row->passed) + known(row->refused) };
	const struct top_row *old;
	double seconds;

	if (!before)
		return change;
	old = find(before, row);
	seconds = seconds_between(before, now);
	change.passed = rate(old->passed, row->passed, seconds);
	change.refused = rate(old->refused, row->refused, seconds);
	change.busyness = change.passed + change.refused;
	return change;
}

/* Busiest first; of equals the one whose name comes first. */
static int compare(const void *left, const void *right)
{
	const struct change *a = left, *b = right;

	if (a->busyness < b->busyness || a->busyness > b->busyness)
		return a->busyness < b->busyness ? 1 : -1;
	return strcmp(a->row->name, b->row->name);
}

static const struct changes *changes_of(const struct top_sample *before,
					const struct top_sample *now,
					enum top_kind kind)
{
	static struct changes changes;

	changes.count = 0;
	for (size_t i = 0; i < now->count; i++)
		if (now->rows[i].kind == kind)
			changes.all[changes.count++] =
				change_of(before, now, &now->rows[i]);
	qsort(changes.all, changes.count, sizeof(*changes.all), compare);
	return &changes;
}

/* Text */

static void print_rate(FILE *out, double rate)
{
	char text[32];

	if (rate < 0)
		snprintf(text, sizeof(text), "-");
	else if (rate > 0 && rate < 10)
		snprintf(text, sizeof(text), "%.1f", rate);
	else
		scale_count_text(text, sizeof(text), (uint64_t)(rate + 0.5));
	fprintf(out, " %11s", text);
}

static void print_count(FILE *out, uint64_t count)
{
	char text[32] = "-";

	if (count != TOP_UNKNOWN)
		scale_count_text(text, sizeof(text), count);
	fprintf(out, " %11s", text);
}

static void print_us(FILE *out, uint64_t ns)
{
	fprintf(out, " %11.1f", (double)ns / 1000);
}

static void print_connection(FILE *out, const struct change *change)
{
	print_rate(out, change->passed);
	print_rate(out, change->refused);
	print_count(out, change->row->passed);
	print_count(out, change->row->refused);
}

static void print_sint(FILE *out, const struct change *change)
{
	const struct top_row *row = change->row;

	print_rate(out, change->passed);
	print_count(out, row->queued);
	print_count(out, row->occupied);
	print_count(out, row->passed);
	print_count(out, row->lost);
	if (row->state)
		fprintf(out, " %s", row->state);
}

static void print_counter(FILE *out, const struct change *change)
{
	print_rate(out, change->passed);
	print_count(out, change->row->passed);
}

static const struct {
	const char *head;
	const char *columns[6];
	const char *empty;	/* what stands there if there is no row, or NULL */
	void (*print)(FILE *out, const struct change *change);
} tables[TOP_KINDS] = {
	[TOP_CONNECTION] = {
		"CONNECTION", { "posted/s", "refused/s", "posted", "refused" },
		"none", print_connection,
	},
	[TOP_SINT] = {
		"SINT", { "arrived/s", "queued", "slots taken", "arrived",
			  "lost" },
		"none", print_sint,
	},
	[TOP_STATUS] = {
		"STATUS", { "posts/s", "posts" },
		"none", print_counter,
	},
	[TOP_COUNTER] = {
		"COUNTER", { "per second", "all" }, NULL, print_counter,
	},
};

static void print_head(FILE *out, const char *head, const char *const *columns)
{
	fprintf(out, "\n%-24s", head);
	for (; *columns; columns++)
		fprintf(out, " %11s", *columns);
	fputc('\n', out);
}

/* Whoever listens at a host's socket chose it: no byte is for a terminal to obey. */
static void print_name(FILE *out, const char *name)
{
	char shown[TOP_NAME_SIZE];
	size_t size = strlen(name);

	for (size_t i = 0; i <= size; i++)
		shown[i] = i == size || (name[i] >= ' ' && name[i] <= '~') ?
				   name[i] : '?';
	fprintf(out, "%-24s", shown);
}

static void print_table(FILE *out, enum top_kind kind,
			const struct top_sample *before,
			const struct top_sample *now)
{
	const struct changes *changes = changes_of(before, now, kind);

	if (!changes->count && !tables[kind].empty)
		return;
	print_head(out, tables[kind].head, tables[kind].columns);
	if (!changes->count)
		fprintf(out, "%s\n", kind == TOP_STATUS && !now->has_statuses ?
				"not known here" : tables[kind].empty);
	for (size_t i = 0; i < changes->count; i++) {
		print_name(out, changes->all[i].row->name);
		tables[kind].print(out, &changes->all[i]);
		fputc('\n', out);
	}
}

static void print_trips(FILE *out, const struct top_trips *trips)
{
	static const char *const columns[] = { "median us", "p99 us", "max us",
					       "echoes", "lost", NULL };

	print_head(out, "LATENCY", columns);
	if (!trips->were_made) {
		fputs("not measured: --ping makes round trips\n", out);
		return;
	}
	fprintf(out, "%-24s", "round trips");
	if (trips->received) {
		print_us(out, trips->rtt_ns.median);
		print_us(out, trips->rtt_ns.p99);
		print_us(out, trips->rtt_ns.max);
	} else {
		fprintf(out, " %11s %11s %11s", "-", "-", "-");
	}
	print_count(out, trips->received);
	print_count(out, trips->lost);
	fputc('\n', out);
}

void top_print(FILE *out, const char *title, const struct top_sample *before,
	       const struct top_sample *now)
{
	fprintf(out, "%s\n", title);
	for (enum top_kind kind = 0; kind < TOP_KINDS; kind++)
		print_table(out, kind, before, now);
	print_trips(out, &now->trips);
	if (now->left_out)
		fprintf(out, "\nand %zu more, for which there is no room\n",
			now->left_out);
}

/* JSON: what is not known is left out. */

static void add_rate(struct json_object *object, const char *key, double rate)
{
	if (rate >= 0)
		json_object_object_add(object, key, json_object_new_double(rate));
}

static void add_known(struct json_object *object, const char *key,
		      uint64_t count)
{
	if (count != TOP_UNKNOWN)
		json_add_number(object, key, count);
}

static void show_connection(struct json_object *object,
			    const struct change *change)
{
	add_rate(object, "posted_per_s", change->passed);
	add_rate(object, "refused_per_s", change->refused);
	add_known(object, "posted", change->row->passed);
	add_known(object, "refused", change->row->refused);
}

static void show_sint(struct json_object *object, const struct change *change)
{
	add_rate(object, "arrived_per_s", change->passed);
	add_known(object, "arrived", change->row->passed);
	add_known(object, "lost", change->row->lost);
	add_known(object, "queued", change->row->queued);
	add_known(object, "occupied", change->row->occupied);
	if (change->row->state)
		json_add_string(object, "state", change->row->state);
}

static void show_status(struct json_object *object, const struct change *change)
{
	add_rate(object, "posts_per_s", change->passed);
	add_known(object, "posts", change->row->passed);
}

static void show_counter(struct json_object *object,
			 const struct change *change)
{
	add_rate(object, "per_s", change->passed);
	add_known(object, "count", change->row->passed);
}

static const struct {
	const char *key;
	void (*show)(struct json_object *object, const struct change *change);
} lists[TOP_KINDS] = {
	[TOP_CONNECTION] = { "connections", show_connection },
	[TOP_SINT] = { "sints", show_sint },
	[TOP_STATUS] = { "statuses", show_status },
	[TOP_COUNTER] = { "counters", show_counter },
};

static void add_list(struct json_object *object, enum top_kind kind,
		     const struct top_sample *before,
		     const struct top_sample *now)
{
	const struct changes *changes = changes_of(before, now, kind);
	struct json_object *list = json_object_new_array(), *row;

	for (size_t i = 0; i < changes->count; i++) {
		row = json_object_new_object();
		json_add_string(row, "name", changes->all[i].row->name);
		lists[kind].show(row, &changes->all[i]);
		json_object_array_add(list, row);
	}
	json_object_object_add(object, lists[kind].key, list);
}

static void add_trips(struct json_object *object, const struct top_trips *trips)
{
	struct json_object *latency = json_object_new_object();

	json_add_number(latency, "received", trips->received);
	json_add_number(latency, "lost", trips->lost);
	if (trips->received) {
		json_add_number(latency, "median_ns", trips->rtt_ns.median);
		json_add_number(latency, "p99_ns", trips->rtt_ns.p99);
		json_add_number(latency, "max_ns", trips->rtt_ns.max);
	}
	json_object_object_add(object, "latency", latency);
}

void top_print_json(FILE *out, const char *target,
		    const struct top_sample *before,
		    const struct top_sample *now)
{
	struct json_object *object = json_new();

	json_add_string(object, "target", target);
	if (before)
		json_add_number(object, "interval_ns",
				now->time_ns - before->time_ns);
	for (enum top_kind kind = 0; kind < TOP_KINDS; kind++)
		add_list(object, kind, before, now);
	if (now->trips.were_made)
		add_trips(object, &now->trips);
	json_add_number(object, "left_out", now->left_out);
	json_print(out, object);
}
