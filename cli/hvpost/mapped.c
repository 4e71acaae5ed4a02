// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* O_PATH */
#include "mapped.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Only to look at it at first: opening a pipe waits, opening a device may do
 * anything, and of a file on which somebody has a lease it waits for that one.
 */
int mapped_open(const char *path)
{
	int looked = open(path, O_PATH | O_CLOEXEC), fd;
	struct stat status;
	char link[64];

	if (looked < 0)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", looked);
	if (fstat(looked, &status))
		fd = -errno;
	else if (!S_ISREG(status.st_mode))
		fd = -ENXIO;
	else if ((fd = open(link, O_RDONLY | O_NONBLOCK | O_CLOEXEC)) < 0)
		fd = -errno;
	close(looked);
	return fd;
}

/*
 * By the mapping itself, which also has files that are deleted or replaced. That is
 * for CAP_SYS_ADMIN alone: others have the name, as the process sees it.
 */
static int open_mapping(uint32_t pid, const char *line, const char *name)
{
	uint64_t from, to;
	char path[4200];
	int fd;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64, &from, &to) != 2)
		return -EIO;
	snprintf(path, sizeof(path),
		 "/proc/%" PRIu32 "/map_files/%" PRIx64 "-%" PRIx64, pid, from,
		 to);
	fd = mapped_open(path);
	if (fd != -EPERM && fd != -EACCES)
		return fd;
	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/root%s", pid, name);
	return mapped_open(path);
}

static bool is_called(const char *name, const char *library)
{
	const char *last = name ? strrchr(name, '/') : NULL;

	return last && !strncmp(last + 1, library, strlen(library));
}

static void find_of(uint32_t pid, const char *library, mapped_handler *handler,
		    void *context)
{
	struct mapped_file found = { .pid = pid };
	char path[64], *line = NULL;
	size_t size = 0;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/maps", pid);
	maps = fopen(path, "re");
	while (maps && getline(&line, &size, maps) > 0) {
		line[strcspn(line, "\n")] = '\0';
		found.name = strchr(line, '/');
		if (!is_called(found.name, library))
			continue;
		found.fd = open_mapping(pid, line, found.name);
		handler(&found, context);
	}
	free(line);
	if (maps)
		fclose(maps);
}

void mapped_find(const char *library, mapped_handler *handler, void *context)
{
	const uint32_t own = (uint32_t)getpid();
	struct dirent *entry;
	DIR *folder = opendir("/proc");
	uint32_t pid;

	find_of(own, library, handler, context);
	while (folder && (entry = readdir(folder))) {
		pid = (uint32_t)strtoul(entry->d_name, NULL, 10);
		if (pid && pid != own)
			find_of(pid, library, handler, context);
	}
	if (folder)
		closedir(folder);
}
