// SPDX-License-Identifier: MIT
#include "bytes.h"

#include <stdbool.h>
#include <string.h>

#define DUMP_WIDTH 16

/* Not isprint(): what is printed must not depend on a locale. */
static bool is_printable(uint8_t byte)
{
	return byte >= 0x20 && byte < 0x7f;
}

void bytes_print_escaped(FILE *out, const uint8_t *bytes, size_t size)
{
	static const char special[] = "\n\r\t\"\\", letter[] = "nrt\"\\";

	for (size_t i = 0; i < size; i++) {
		const char *found = memchr(special, bytes[i], 5);

		if (found)
			fprintf(out, "\\%c", letter[found - special]);
		else if (is_printable(bytes[i]))
			fputc(bytes[i], out);
		else
			fprintf(out, "\\x%02x", bytes[i]);
	}
}

static void print_dump_line(FILE *out, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < DUMP_WIDTH; i++) {
		fputs(i == DUMP_WIDTH / 2 ? "  " : " ", out);
		if (i < size)
			fprintf(out, "%02x", bytes[i]);
		else
			fputs("  ", out);
	}
	fputs("  |", out);
	for (size_t i = 0; i < size; i++)
		fputc(is_printable(bytes[i]) ? bytes[i] : '.', out);
	fputs("|\n", out);
}

void bytes_print_hexdump(FILE *out, const uint8_t *bytes, size_t size)
{
	for (size_t at = 0; at < size; at += DUMP_WIDTH) {
		size_t left = size - at;

		fprintf(out, "  %04zx ", at);
		print_dump_line(out, bytes + at,
				left < DUMP_WIDTH ? left : DUMP_WIDTH);
	}
}

void bytes_to_hex(char *text, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	text[2 * size] = '\0';
}
