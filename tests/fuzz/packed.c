// SPDX-License-Identifier: MIT
#include "packed.h"

#include <string.h>

#define LITERALS_MAX	128u
#define ZEROS_UNIT	8u
#define ZEROS_MAX	(128u * ZEROS_UNIT)

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t packed_unpack(const uint8_t *from, size_t size, uint8_t *to,
		     size_t to_size)
{
	size_t made = 0;

	while (size && made < to_size) {
		uint8_t head = *from++;
		size_t count;

		size--;
		if (head & 0x80) {
			count = smaller((head - 0x7fu) * ZEROS_UNIT,
					to_size - made);
			memset(to + made, 0, count);
		} else {
			count = smaller(smaller(head + 1u, size),
					to_size - made);
			memcpy(to + made, from, count);
			from += count;
			size -= count;
		}
		made += count;
	}
	return made;
}

static size_t zeros_at(const uint8_t *from, size_t size)
{
	size_t count = 0;

	while (count < size && count < ZEROS_MAX && !from[count])
		count++;
	return count - count % ZEROS_UNIT;
}

size_t packed_pack(const uint8_t *from, size_t size, uint8_t *to,
		   size_t to_size)
{
	size_t made = 0;

	while (size && made + LITERALS_MAX < to_size) {
		size_t count = zeros_at(from, size);

		if (count) {
			to[made++] = (uint8_t)(0x7f + count / ZEROS_UNIT);
		} else {
			while (count < size && count < LITERALS_MAX &&
			       !zeros_at(from + count, size - count))
				count++;
			to[made] = (uint8_t)(count - 1);
			memcpy(to + made + 1, from, count);
			made += 1 + count;
		}
		from += count;
		size -= count;
	}
	return made;
}
