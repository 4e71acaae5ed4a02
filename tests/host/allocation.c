// SPDX-License-Identifier: MIT
#define _GNU_SOURCE	/* fopencookie() */
#include "allocation.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

static _Thread_local unsigned int until_failure;	/* 0: none to come */
static _Thread_local bool failed;
static _Thread_local bool next_write_fails;
static _Thread_local long balance;

void allocation_fail(unsigned int number)
{
	until_failure = number;
	failed = false;
}

bool allocation_has_failed(void)
{
	until_failure = 0;
	return failed;
}

long allocation_balance(void)
{
	return balance;
}

void allocation_fail_write(void)
{
	next_write_fails = true;
}

static bool must_fail(void)
{
	if (!until_failure || --until_failure)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

static void *counted(void *memory)
{
	if (memory)
		balance++;
	return memory;
}

/* The names that the engine's calls are given in the suites' build of it. */
void *allocation_malloc(size_t size);
void *allocation_calloc(size_t count, size_t size);
void *allocation_aligned_alloc(size_t alignment, size_t size);
void allocation_free(void *memory);
FILE *allocation_open_memstream(char **bytes, size_t *size);

void *allocation_malloc(size_t size)
{
	return must_fail() ? NULL : counted(malloc(size));
}

void *allocation_calloc(size_t count, size_t size)
{
	return must_fail() ? NULL : counted(calloc(count, size));
}

void *allocation_aligned_alloc(size_t alignment, size_t size)
{
	return must_fail() ? NULL : counted(aligned_alloc(alignment, size));
}

void allocation_free(void *memory)
{
	if (memory)
		balance--;
	free(memory);
}

static ssize_t fail_once(void *cookie, const char *bytes, size_t size)
{
	(void)cookie;
	(void)bytes;
	if (!next_write_fails)
		return (ssize_t)size;
	next_write_fails = false;
	errno = ENOMEM;
	return 0;
}

/* What it hands out its user frees: it is not in the balance. */
FILE *allocation_open_memstream(char **bytes, size_t *size)
{
	if (must_fail())
		return NULL;
	if (next_write_fails)
		return fopencookie(NULL, "w", (cookie_io_functions_t){
				.write = fail_once,
			});
	return open_memstream(bytes, size);
}
