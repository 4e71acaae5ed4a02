// SPDX-License-Identifier: MIT
#include "sighting_filter.h"

#include <hvpost/hvpost.h>

#include "number.h"

/* Return false: @text is no number up to @max. */
static bool parse(const char *text, uint32_t max, uint32_t *value)
{
	uint64_t number;

	*value = SIGHTING_NONE;
	if (!text)
		return true;
	if (parse_number(text, &number) || number > max)
		return false;
	*value = (uint32_t)number;
	return true;
}

const char *sighting_filter_make(struct sighting_filter *filter,
				 const char *connection, const char *sint,
				 const char *status)
{
	if (!parse(connection, UINT32_MAX - 1, &filter->connection_id))
		return "--connection takes a number";
	if (!parse(sint, HV_SINT_COUNT - 1, &filter->sint))
		return "--sint takes a number from 0 to 15";
	if (!parse(status, UINT16_MAX, &filter->status) &&
	    hvpost_status_find(status, &filter->status))
		return "--status takes a number, or a name that 'hvpost "
		       "status' lists";
	return NULL;
}

static bool is_wanted(uint32_t wanted, uint32_t value)
{
	return wanted == SIGHTING_NONE || wanted == value;
}

bool sighting_passes(const struct sighting_filter *filter,
		     const struct sighting *sighting)
{
	return is_wanted(filter->connection_id, sighting->connection_id) &&
	       is_wanted(filter->sint, sighting->sint) &&
	       is_wanted(filter->status, sighting->status);
}
