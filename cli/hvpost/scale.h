/* SPDX-License-Identifier: MIT */
/* scale.h - numbers as places along an axis, and where its marks are. */
#ifndef SCALE_H
#define SCALE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct scale {
	bool is_log;
	double low, high;	/* values at its two ends */
	double start, end;	/* places of these; the end may be below */
};

/* Whole decades around @min to @max, at least one; 0 counts as 1. */
struct scale scale_log(uint64_t min, uint64_t max, double start, double end);

/* From @low to @high; they may be equal. */
struct scale scale_linear(double low, double high, double start, double end);

/* The place of @value; that of an end for what lies beyond it. */
double scale_place(const struct scale *scale, double value);

/*
 * Values that are marked: powers of ten of a scale by decades; else multiples of
 * 1, 2 or 5 times a power of ten, at most @wanted + 1 of them. Return how many.
 */
#define SCALE_MARKS_MAX 24u

size_t scale_marks(const struct scale *scale, unsigned int wanted,
		   double marks[SCALE_MARKS_MAX]);

/* "1 us" as people write it, with as many digits as tell something: "1.25 ms". */
void scale_time_text(char *text, size_t size, double ns);

/* "12,345" */
void scale_count_text(char *text, size_t size, uint64_t count);

#endif /* SCALE_H */
