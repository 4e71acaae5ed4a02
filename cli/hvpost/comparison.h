/* SPDX-License-Identifier: MIT */
/* comparison.h - what hosts answered to the same posts, then and now. */
#ifndef COMPARISON_H
#define COMPARISON_H

#include <stddef.h>
#include <stdint.h>

/* More than are ever seen; what exceeds it is counted, but not listed. */
#define COMPARISON_ROWS 64

struct comparison_row {
	uint32_t then, now;
	uint64_t count;
};

struct comparison {
	uint64_t same, different;
	size_t rows_used;
	struct comparison_row rows[COMPARISON_ROWS];
};

void comparison_add(struct comparison *comparison, uint32_t then, uint32_t now);

#endif /* COMPARISON_H */
