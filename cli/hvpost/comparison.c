// SPDX-License-Identifier: MIT
#include "comparison.h"

static struct comparison_row *row_of(struct comparison *comparison,
				     uint32_t then, uint32_t now)
{
	struct comparison_row *row = comparison->rows;

	for (; row < comparison->rows + comparison->rows_used; row++)
		if (row->then == then && row->now == now)
			return row;
	if (comparison->rows_used == COMPARISON_ROWS)
		return NULL;
	comparison->rows_used++;
	*row = (struct comparison_row){ .then = then, .now = now };
	return row;
}

void comparison_add(struct comparison *comparison, uint32_t then, uint32_t now)
{
	struct comparison_row *row = row_of(comparison, then, now);

	if (then == now)
		comparison->same++;
	else
		comparison->different++;
	if (row)
		row->count++;
}
