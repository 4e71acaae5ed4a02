// SPDX-License-Identifier: MIT
/*
 * The probes of libhvpost and libhvhost, in all processes that have the file mapped.
 * Which files: the libraries that this tool itself uses, those that others have
 * mapped under the same names, and the programs that were named, which may have a
 * library linked in.
 */
#define _GNU_SOURCE /* asprintf */
#include "observer_source.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MAX 16

struct probed_file {
	char path[256];
	dev_t device;
	ino_t inode;
};

/* Each once, whatever its names. */
struct probed_files {
	size_t count;
	struct probed_file file[FILES_MAX];
};

static void add(struct probed_files *files, const char *path)
{
	struct probed_file *file = &files->file[files->count];
	struct stat status;

	if (files->count == FILES_MAX || strlen(path) >= sizeof(file->path) ||
	    stat(path, &status))
		return;
	for (size_t i = 0; i < files->count; i++)
		if (files->file[i].device == status.st_dev &&
		    files->file[i].inode == status.st_ino)
			return;
	strcpy(file->path, path);
	file->device = status.st_dev;
	file->inode = status.st_ino;
	files->count++;
}

/* A process may see other files than we do, so look from where it does. */
static void add_mapped(struct probed_files *files, const char *pid,
		       const char *library)
{
	char maps[64], path[512], *line = NULL, *name;
	size_t size = 0;
	FILE *file;

	snprintf(maps, sizeof(maps), "/proc/%.20s/maps", pid);
	file = fopen(maps, "re");
	while (file && getline(&line, &size, file) > 0) {
		line[strcspn(line, "\n")] = '\0';
		name = strchr(line, '/');
		if (!name || !strstr(name, library))
			continue;
		snprintf(path, sizeof(path), "/proc/%.20s/root%s", pid, name);
		add(files, strcmp(pid, "self") ? path : name);
	}
	free(line);
	if (file)
		fclose(file);
}

static void find(struct probed_files *files, const char *library,
		 const struct option_list *programs)
{
	struct dirent *entry;
	DIR *folder = opendir("/proc");

	files->count = 0;
	for (size_t i = 0; i < programs->count; i++)
		add(files, programs->text[i]);
	add_mapped(files, "self", library);
	while (folder && (entry = readdir(folder)))
		if (strspn(entry->d_name, "0123456789"))
			add_mapped(files, entry->d_name, library);
	if (folder)
		closedir(folder);
}

/* Return 0, or why a program's probe is not in @file. */
static int attach_file(const struct observer_source *source,
		       struct observer_links *links, const char *provider,
		       const char *file)
{
	struct bpf_program *program = NULL;
	const char *probe;
	int err;

	while ((program = observer_next_program(source, links, program))) {
		probe = bpf_program__name(program) + strlen(source->prefix);
		err = observer_keep(links,
				    bpf_program__attach_usdt(program, -1, file,
							     provider, probe,
							     NULL));
		if (err)
			return err;
	}
	return 0;
}

static struct observer_outcome attach(const struct observer_source *source,
				      struct observer_links *links,
				      const char *library, const char *provider)
{
	struct probed_files files;
	int followed = 0, err, first_err = -ENOENT;

	find(&files, library, links->wish->programs);
	for (size_t i = 0; i < files.count; i++) {
		err = attach_file(source, links, provider, files.file[i].path);
		if (!err)
			followed++;
		else if (first_err == -ENOENT)
			first_err = err;
	}
	if (!followed)
		return (struct observer_outcome){ OBSERVER_FAILED, first_err };
	return (struct observer_outcome){ OBSERVER_FOLLOWS, 0 };
}

static struct observer_outcome
attach_library(const struct observer_source *source,
	       struct observer_links *links)
{
	return attach(source, links, "/libhvpost.so", "hvpost");
}

static struct observer_outcome attach_host(const struct observer_source *source,
					   struct observer_links *links)
{
	return attach(source, links, "/libhvhost.so", "hvhost");
}

const struct observer_source observer_library = {
	.prefix = "library_",
	.attach = attach_library,
};

const struct observer_source observer_host = {
	.prefix = "host_",
	.attach = attach_host,
};
