// SPDX-License-Identifier: MIT
#include "numbers.h"

#include <errno.h>
#include <stdlib.h>

int numbers_add(struct numbers *numbers, uint64_t value)
{
	size_t room = numbers->room ? 2 * numbers->room : 256;
	uint64_t *values;

	if (numbers->count == numbers->room) {
		values = reallocarray(numbers->values, room, sizeof(*values));
		if (!values)
			return -ENOMEM;
		numbers->values = values;
		numbers->room = room;
	}
	numbers->values[numbers->count++] = value;
	return 0;
}

void numbers_free(struct numbers *numbers)
{
	free(numbers->values);
	*numbers = (struct numbers){ .values = NULL };
}
