// SPDX-License-Identifier: MIT
#include "utf8.h"

#include <stdint.h>

size_t utf8_size(const char *text)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *bytes = (const uint8_t *)text;
	size_t size = *bytes >= 0xf0 ? 4 : *bytes >= 0xe0 ? 3 : 2;
	uint32_t value = *bytes & (0x7fu >> size);

	if (*bytes < 0x80)
		return 1;
	if (*bytes < 0xc0 || *bytes >= 0xf8)
		return 0;
	for (size_t i = 1; i < size; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (bytes[i] & 0x3f);
	}
	if (value < least[size] || value > 0x10ffff ||
	    (value >= 0xd800 && value < 0xe000) || (value | 1) == 0xffff)
		return 0;
	return size;
}
