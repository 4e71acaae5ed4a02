// SPDX-License-Identifier: MIT
#include "tally.h"

#include <hvpost/hyperv_status.h>

static struct tally_row *row_of(struct tally *tally, uint32_t status)
{
	struct tally_row *row = tally->rows;

	for (; row < tally->rows + tally->rows_used; row++)
		if (row->status == status)
			return row;
	if (tally->rows_used == TALLY_ROWS)
		return NULL;
	tally->rows_used++;
	row->status = status;
	return row;
}

void tally_add(struct tally *tally, uint32_t status, uint64_t attempts)
{
	struct tally_row *row;

	tally->attempts += attempts;
	if (status == HVPOST_NO_STATUS)
		return;
	if (status == HV_STATUS_SUCCESS)
		tally->posted++;
	else
		tally->refused++;
	row = row_of(tally, status);
	if (row)
		row->count++;
}
