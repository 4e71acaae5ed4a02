/* SPDX-License-Identifier: MIT */
/* text.h - what was printed, as a string to look at. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdio.h>

/* A stream that prints into memory. */
struct text {
	FILE *out;
	char *bytes;
	size_t size;
};

void text_open(struct text *text);

/* What has been printed so far, NUL-terminated. */
const char *text_read(struct text *text);

void text_close(struct text *text);

#endif /* TEXT_H */
