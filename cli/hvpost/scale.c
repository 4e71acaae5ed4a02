// SPDX-License-Identifier: MIT
#include "scale.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct scale scale_log(uint64_t min, uint64_t max, double start, double end)
{
	double low = 1, high;

	/* By steps, so that no rounding puts a power of ten beside itself. */
	while (low * 10 <= (double)(min ? min : 1))
		low *= 10;
	for (high = low * 10; high < (double)max;)
		high *= 10;
	return (struct scale){ .is_log = true, .low = low, .high = high,
			       .start = start, .end = end };
}

struct scale scale_linear(double low, double high, double start, double end)
{
	return (struct scale){ .low = low, .high = high > low ? high : low + 1,
			       .start = start, .end = end };
}

double scale_place(const struct scale *scale, double value)
{
	double part;

	value = fmin(fmax(value, scale->low), scale->high);
	if (scale->is_log)
		part = log10(value / scale->low) /
		       log10(scale->high / scale->low);
	else
		part = (value - scale->low) / (scale->high - scale->low);
	return scale->start + part * (scale->end - scale->start);
}

static double step_of(double range, unsigned int wanted)
{
	static const double steps[] = { 1, 2, 5, 10 };
	double power = pow(10, floor(log10(range / wanted)));

	for (size_t i = 0; i < 4; i++)
		if (range / (steps[i] * power) <= wanted)
			return steps[i] * power;
	return 20 * power;
}

size_t scale_marks(const struct scale *scale, unsigned int wanted,
		   double marks[SCALE_MARKS_MAX])
{
	double step = step_of(scale->high - scale->low, wanted), mark;
	size_t count = 0;

	if (scale->is_log) {
		for (mark = scale->low; mark <= scale->high * 1.01; mark *= 10)
			if (count < SCALE_MARKS_MAX)
				marks[count++] = mark;
		return count;
	}
	for (double i = ceil(scale->low / step); i * step <= scale->high; i++)
		if (count < SCALE_MARKS_MAX)
			marks[count++] = i * step;
	return count;
}

void scale_time_text(char *text, size_t size, double ns)
{
	static const char *const units[] = { "ns", "\u00b5s", "ms", "s" };
	char count[32];
	size_t unit = 0;

	/* What would be rounded to 1000 is 1 of the next. */
	for (; unit < 3 && ns >= 999.5; unit++)
		ns /= 1000;
	if (ns < 999.5) {
		snprintf(text, size, "%.3g %s", ns, units[unit]);
		return;
	}
	scale_count_text(count, sizeof(count), (uint64_t)(ns + 0.5));
	snprintf(text, size, "%s %s", count, units[unit]);
}

void scale_count_text(char *text, size_t size, uint64_t count)
{
	char digits[24];
	size_t length = (size_t)snprintf(digits, sizeof(digits), "%" PRIu64,
					 count);
	size_t at = 0;

	for (size_t i = 0; i < length && at + 2 < size; i++) {
		if (i && (length - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
}
