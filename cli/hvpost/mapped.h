/* SPDX-License-Identifier: MIT */
/*
 * mapped.h - which files running processes have mapped. Whose files these are, and
 * what they are called, is up to anybody: so they are opened by the mapping, not by
 * the name, and none that is no regular file is opened at all.
 */
#ifndef MAPPED_H
#define MAPPED_H

#include <stdint.h>

struct mapped_file {
	int fd;			/* to read it, or a negative errno value as mapped_open() */
	uint32_t pid;		/* who has it mapped */
	const char *name;	/* as that process sees it; any bytes */
};

/* The fd is the caller's to close. */
typedef void mapped_handler(const struct mapped_file *file, void *context);

/*
 * Hand out the files whose name begins with @library behind the last slash, such as
 * "libhvpost.so"; our own come first. One that several have mapped comes several
 * times.
 */
void mapped_find(const char *library, mapped_handler *handler, void *context);

/*
 * Open @path, or what it links to, without waiting for anybody. Return an fd or a
 * negative errno value: -ENXIO: it is no regular file, -EAGAIN: its owner holds a
 * lease on it.
 */
int mapped_open(const char *path);

#endif /* MAPPED_H */
