// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* memfd_create */
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Neither side can take pages away from under the other. */
static int size_and_seal(int fd, size_t size)
{
	if (ftruncate(fd, (off_t)size) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	return 0;
}

static int map(struct memory *memory)
{
	void *pages = mmap(NULL, memory->size, PROT_READ | PROT_WRITE,
			   MAP_SHARED, memory->fd, 0);

	if (pages == MAP_FAILED)
		return -errno;
	memory->header = pages;
	memory->vp = (struct hvpost_attach_vp *)(memory->header + 1);
	return 0;
}

int memory_new(struct memory *memory, uint32_t vp_count)
{
	int err;

	memory->size = sizeof(*memory->header) + vp_count * sizeof(*memory->vp);
	memory->fd = memfd_create("hvhost", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (memory->fd < 0)
		return -errno;
	err = size_and_seal(memory->fd, memory->size);
	if (!err)
		err = map(memory);
	if (err) {
		close(memory->fd);
		return err;
	}
	memory->header->magic = HVPOST_ATTACH_MAGIC;
	memory->header->version = HVPOST_ATTACH_VERSION;
	memory->header->vp_count = vp_count;
	return 0;
}

void memory_free(struct memory *memory)
{
	munmap(memory->header, memory->size);
	close(memory->fd);
}
