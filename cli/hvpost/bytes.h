/* SPDX-License-Identifier: MIT */
/* bytes.h - bytes as people and programs read them. */
#ifndef BYTES_H
#define BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Printable ASCII as it is, all else as \n, \r, \t, \", \\ or \xNN. */
void bytes_print_escaped(FILE *out, const uint8_t *bytes, size_t size);

/* Lines of offset, 16 bytes in hexadecimal, and the same 16 as text. */
void bytes_print_hexdump(FILE *out, const uint8_t *bytes, size_t size);

/* Two digits a byte, nothing between them; @text holds 2 * @size + 1. */
void bytes_to_hex(char *text, const uint8_t *bytes, size_t size);

#endif /* BYTES_H */
