// SPDX-License-Identifier: MIT
#include "number.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static int hex_digit(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *found;

	if (!digit)
		return -1;
	found = strchr(digits, tolower((unsigned char)digit));
	return found ? (int)(found - digits) : -1;
}

/* Take digits of @base off the front of @text; @rest is what follows them. */
static int take_digits(const char *text, int base, uint64_t *value,
		       const char **rest)
{
	const char *start = text;

	*value = 0;
	for (; hex_digit(*text) >= 0 && hex_digit(*text) < base; text++)
		if (__builtin_mul_overflow(*value, (uint64_t)base, value) ||
		    __builtin_add_overflow(*value, (uint64_t)hex_digit(*text),
					   value))
			return -ERANGE;
	*rest = text;
	return text == start ? -EINVAL : 0;
}

int parse_number(const char *text, uint64_t *value)
{
	const char *rest;
	int base = 10, err;

	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
		text += 2;
		base = 16;
	}
	err = take_digits(text, base, value, &rest);
	if (err)
		return err;
	return *rest ? -EINVAL : 0;
}

int parse_size(const char *text, uint64_t *bytes)
{
	const char *unit;
	int err = take_digits(text, 10, bytes, &unit);

	if (err)
		return err;
	if ((*unit != 'M' && *unit != 'G') || unit[1])
		return -EINVAL;
	if (__builtin_mul_overflow(*bytes, *unit == 'M' ? 1ull << 20 : 1ull << 30,
				   bytes))
		return -ERANGE;
	return 0;
}

int parse_duration(const char *text, int64_t *duration_ms)
{
	static const struct {
		const char *suffix;
		uint64_t ms;
	} units[] = { { "ms", 1 }, { "s", 1000 }, { "", 1000 }, { "m", 60000 } };
	uint64_t count, ms;
	const char *rest;
	int err = take_digits(text, 10, &count, &rest);

	if (err)
		return err;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(rest, units[i].suffix))
			continue;
		if (__builtin_mul_overflow(count, units[i].ms, &ms) ||
		    ms > INT64_MAX)
			return -ERANGE;
		*duration_ms = (int64_t)ms;
		return 0;
	}
	return -EINVAL;
}

int parse_hex(const char *text, uint8_t *bytes, size_t capacity, size_t *size)
{
	int high, low;

	*size = 0;
	for (;;) {
		text += strspn(text, " \t\r\n");
		if (!*text)
			return 0;
		high = hex_digit(text[0]);
		low = high < 0 ? -1 : hex_digit(text[1]);
		if (low < 0)
			return -EINVAL;
		if (*size == capacity)
			return -E2BIG;
		bytes[(*size)++] = (uint8_t)(high << 4 | low);
		text += 2;
	}
}
