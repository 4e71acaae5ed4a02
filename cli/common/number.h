/* SPDX-License-Identifier: MIT */
/* number.h - what people type for numbers, durations and bytes. */
#ifndef NUMBER_H
#define NUMBER_H

#include <stddef.h>
#include <stdint.h>

/*
 * Decimal, or hexadecimal after 0x; no sign, no space, no octal.
 * Return 0, -EINVAL: not a number, or -ERANGE: beyond 64 bits.
 */
int parse_number(const char *text, uint64_t *value);

/* A number with M or G behind it. Return 0, -EINVAL, or -ERANGE: beyond 64 bits. */
int parse_size(const char *text, uint64_t *bytes);

/*
 * A number with ms, s or m behind it; a bare number means seconds.
 * Return 0, -EINVAL, or -ERANGE: longer than 2^63 - 1 ms.
 */
int parse_duration(const char *text, int64_t *duration_ms);

/*
 * Pairs of hexadecimal digits, white space between pairs allowed.
 * Return 0, -EINVAL, or -E2BIG: more than @capacity bytes.
 */
int parse_hex(const char *text, uint8_t *bytes, size_t capacity, size_t *size);

#endif /* NUMBER_H */
