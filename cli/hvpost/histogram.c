// SPDX-License-Identifier: MIT
#include "histogram.h"

#include <inttypes.h>

#define BAR_WIDTH 40

static int row_of(uint64_t duration_ns)
{
	/* What took no time is with what took a nanosecond. */
	return 63 - __builtin_clzll(duration_ns | 1);
}

void histogram_add(struct histogram *histogram, uint64_t duration_ns)
{
	histogram->count++;
	histogram->rows[row_of(duration_ns)]++;
}

/* 2^@row ns in the unit that people would use: not exact beyond them. */
static void print_bound(FILE *out, int row)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	int unit = row / 10 < 3 ? row / 10 : 3;

	fprintf(out, "%5" PRIu64 " %-2s", UINT64_C(1) << (row - 10 * unit),
		units[unit]);
}

static void print_row(FILE *out, const struct histogram *histogram, int row,
		      uint64_t most)
{
	uint64_t count = histogram->rows[row];
	int width = (int)(count * BAR_WIDTH / most);

	/* The few that took long are what it is looked at for. */
	if (count && !width)
		width = 1;
	print_bound(out, row);
	fprintf(out, " |%-*.*s| %" PRIu64 "\n", BAR_WIDTH, width,
		"########################################", count);
}

void histogram_print(FILE *out, const struct histogram *histogram)
{
	int first = HISTOGRAM_ROWS, last = -1;
	uint64_t most = 1;

	for (int row = 0; row < HISTOGRAM_ROWS; row++) {
		if (!histogram->rows[row])
			continue;
		if (first == HISTOGRAM_ROWS)
			first = row;
		last = row;
		if (histogram->rows[row] > most)
			most = histogram->rows[row];
	}
	for (int row = first; row <= last; row++)
		print_row(out, histogram, row, most);
}
