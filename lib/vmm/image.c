// SPDX-License-Identifier: MIT
#include "boot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"

int image_open(const char *path, struct image_file *file, char *error)
{
	/* Not waiting for a FIFO's writer: image_read() sees what it is. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return vmm_fail(error, -errno, "%s: %s", path, strerror(errno));
	*file = (struct image_file){ .path = strdup(path), .fd = fd };
	if (file->path)
		return 0;
	close(fd);
	return vmm_fail(error, -ENOMEM, "no memory");
}

void image_close(struct image_file *file)
{
	if (file->path)
		close(file->fd);
	free(file->path);
	file->path = NULL;
}

static int read_all(int fd, struct image *image, char *error)
{
	size_t done = 0;

	while (done < image->size) {
		ssize_t count = pread(fd, image->bytes + done,
				      image->size - done, (off_t)done);

		if (count < 0 && errno != EINTR)
			return vmm_fail(error, -errno, "%s: %s", image->path,
					strerror(errno));
		if (!count)
			return vmm_fail(error, -EIO,
					"%s: it became shorter while it was read",
					image->path);
		if (count > 0)
			done += (size_t)count;
	}
	return 0;
}

static int read_file(int fd, uint64_t size_max, struct image *image, char *error)
{
	struct stat file;

	if (fstat(fd, &file))
		return vmm_fail(error, -errno, "%s: %s", image->path,
				strerror(errno));
	if (!S_ISREG(file.st_mode))
		return vmm_fail(error, -EINVAL, "%s: not a regular file",
				image->path);
	if (file.st_size <= 0)
		return vmm_fail(error, -EINVAL, "%s: the file is empty",
				image->path);
	if ((uint64_t)file.st_size > size_max)
		return vmm_fail(error, -EINVAL, "%s: %lld bytes do not fit into "
				"the guest's memory: give it more", image->path,
				(long long)file.st_size);
	image->size = (size_t)file.st_size;
	image->bytes = malloc(image->size);
	if (!image->bytes)
		return vmm_fail(error, -ENOMEM, "%s: no memory for %zu bytes",
				image->path, image->size);
	return read_all(fd, image, error);
}

int image_read(const struct image_file *file, uint64_t size_max,
	       struct image *image, char *error)
{
	int err;

	*image = (struct image){ .path = file->path };
	err = read_file(file->fd, size_max, image, error);
	if (err)
		image_free(image);
	return err;
}

void image_free(struct image *image)
{
	free(image->bytes);
	*image = (struct image){ .path = image->path };
}

uint64_t image_place_high(const struct image *image,
			  const struct memory *memory, uint64_t begin,
			  uint64_t end)
{
	uint64_t at;

	if (end < image->size)
		return 0;
	at = (end - image->size) & ~(uint64_t)(HV_PAGE_SIZE - 1);
	if (at < begin || !memory_at(memory, at, image->size))
		return 0;
	memcpy(memory_at(memory, at, image->size), image->bytes, image->size);
	return at;
}
