/* SPDX-License-Identifier: MIT */
/* numbers.h - as many numbers as there are. */
#ifndef NUMBERS_H
#define NUMBERS_H

#include <stddef.h>
#include <stdint.h>

struct numbers {
	uint64_t *values;
	size_t count, room;
};

/* Return 0 or -ENOMEM. */
int numbers_add(struct numbers *numbers, uint64_t value);
void numbers_free(struct numbers *numbers);

#endif /* NUMBERS_H */
