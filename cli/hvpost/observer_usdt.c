// SPDX-License-Identifier: MIT
/*
 * The probes of libhvpost and libhvhost, in all processes that have the file mapped.
 * Which files: the programs that were named, which may have a library linked in, the
 * libraries that this tool itself uses, and those that others have mapped under the
 * same names. Anybody can have files of such names: they are not to take the room of
 * others. So root's and our own come first, and only what has the probes counts.
 */
#include "observer_source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mapped.h"

#define FILES_MAX 16

/* One that was tried, whatever its names. */
struct probed_file {
	dev_t device;
	ino_t inode;
	int error;	/* 0: it is followed */
};

struct search {
	const struct observer_source *source;
	struct observer_links *links;
	const char *provider;
	bool others_too;	/* not only root's files and our own */
	unsigned int followed;
	int first_error;
	struct probed_file *tried;
	size_t tried_count;
};

/* Return 0; or, and then it has none of ours, -ENODATA: a probe is not in it. */
static int attach_probes(const struct search *search, int fd)
{
	struct observer_links *links = search->links;
	const size_t before = links->count;
	struct bpf_program *program = NULL;
	const char *probe;
	char path[64];
	int err = 0;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	while (!err && (program = observer_next_program(search->source, links,
							program))) {
		probe = bpf_program__name(program) +
			strlen(search->source->prefix);
		err = observer_keep(links,
				    bpf_program__attach_usdt(program, -1, path,
							     search->provider,
							     probe, NULL));
	}
	while (err && links->count > before)
		bpf_link__destroy(links->link[--links->count]);
	return err == -ENOENT ? -ENODATA : err;
}

static const struct probed_file *find_tried(const struct search *search,
					    const struct stat *status)
{
	for (size_t i = 0; i < search->tried_count; i++)
		if (search->tried[i].device == status->st_dev &&
		    search->tried[i].inode == status->st_ino)
			return &search->tried[i];
	return NULL;
}

static int try_file(struct search *search, int fd, const struct stat *status)
{
	struct probed_file file = { status->st_dev, status->st_ino, -ENOSPC };
	struct probed_file *tried =
		reallocarray(search->tried, search->tried_count + 1,
			     sizeof(*tried));

	if (!tried)
		return -ENOMEM;
	if (search->followed < FILES_MAX)
		file.error = attach_probes(search, fd);
	if (!file.error)
		search->followed++;
	else if (file.error != -ENODATA && search->first_error == -ENOENT)
		search->first_error = file.error;
	search->tried = tried;
	tried[search->tried_count++] = file;
	return file.error;
}

static int attach_file(struct search *search, int fd)
{
	const struct probed_file *before;
	struct stat status;

	if (fstat(fd, &status))
		return -errno;
	before = find_tried(search, &status);
	return before ? before->error : try_file(search, fd, &status);
}

static void attach_programs(struct search *search)
{
	struct observer_links *links = search->links;
	int fd, err;

	for (size_t i = 0; i < links->wish->programs->count; i++) {
		fd = mapped_open(links->wish->programs->text[i]);
		err = fd < 0 ? fd : attach_file(search, fd);
		if (fd >= 0)
			close(fd);
		/* It is followed if it has either library's. */
		if (links->program_errors[i])
			links->program_errors[i] = err;
	}
}

static bool is_ours(int fd)
{
	struct stat status;

	return fd >= 0 && !fstat(fd, &status) &&
	       (!status.st_uid || status.st_uid == geteuid());
}

static void attach_mapped(const struct mapped_file *file, void *context)
{
	struct search *search = context;
	const size_t tried_before = search->tried_count;
	int err = file->fd;

	if (search->others_too || is_ours(file->fd)) {
		if (file->fd >= 0)
			err = attach_file(search, file->fd);
		/* Of one that was tried before it has been told. */
		if (err < 0 &&
		    (file->fd < 0 || search->tried_count > tried_before))
			observer_miss(search->links, file->pid, file->name,
				      err);
	}
	if (file->fd >= 0)
		close(file->fd);
}

static struct observer_outcome attach(const struct observer_source *source,
				      struct observer_links *links,
				      const char *library, const char *provider)
{
	struct search search = {
		.source = source,
		.links = links,
		.provider = provider,
		.first_error = -ENOENT,
	};

	attach_programs(&search);
	mapped_find(library, attach_mapped, &search);
	search.others_too = true;
	mapped_find(library, attach_mapped, &search);
	free(search.tried);
	if (!search.followed)
		return (struct observer_outcome){ OBSERVER_FAILED,
						  search.first_error };
	return (struct observer_outcome){ OBSERVER_FOLLOWS, 0 };
}

static struct observer_outcome
attach_library(const struct observer_source *source,
	       struct observer_links *links)
{
	return attach(source, links, "libhvpost.so", "hvpost");
}

static struct observer_outcome attach_host(const struct observer_source *source,
					   struct observer_links *links)
{
	return attach(source, links, "libhvhost.so", "hvhost");
}

const struct observer_source observer_library = {
	.prefix = "library_",
	.attach = attach_library,
};

const struct observer_source observer_host = {
	.prefix = "host_",
	.attach = attach_host,
};
