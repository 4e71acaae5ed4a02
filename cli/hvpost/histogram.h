/* SPDX-License-Identifier: MIT */
/* histogram.h - how long something took, by powers of two, drawn as text. */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>
#include <stdio.h>

#define HISTOGRAM_ROWS 64

struct histogram {
	uint64_t count;
	uint64_t rows[HISTOGRAM_ROWS];	/* row n: 2^n to 2^(n + 1) - 1 ns */
};

void histogram_add(struct histogram *histogram, uint64_t duration_ns);

/* A line for each row from the first to the last that is not empty. */
void histogram_print(FILE *out, const struct histogram *histogram);

#endif /* HISTOGRAM_H */
