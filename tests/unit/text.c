// SPDX-License-Identifier: MIT
#include "text.h"

#include <check.h>
#include <stdlib.h>

void text_open(struct text *text)
{
	text->bytes = NULL;
	text->out = open_memstream(&text->bytes, &text->size);
	ck_assert_ptr_nonnull(text->out);
}

const char *text_read(struct text *text)
{
	ck_assert_int_eq(fflush(text->out), 0);
	return text->bytes;
}

void text_close(struct text *text)
{
	fclose(text->out);
	free(text->bytes);
}
