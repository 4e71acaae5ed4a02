// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <hvpost/hvhost.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* @size bytes that can be mapped more than once. */
static int map_new(const char *name, size_t size, int *fd, uint8_t **map)
{
	void *at;

	*fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd < 0)
		return -errno;
	/* Nobody who is handed the descriptor can pull the pages away. */
	if (ftruncate(*fd, (off_t)size) ||
	    fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	at = mmap(NULL, size, PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_NORESERVE, *fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	*map = at;
	return 0;
}

int memory_init(struct memory *memory, uint64_t size, uint32_t overlays)
{
	int err;

	*memory = (struct memory){
		.size = size,
		.low_size = size < MEMORY_HOLE ? size : MEMORY_HOLE,
		.ram_fd = -1, .pages_fd = -1,
		.page_count = overlays,
	};
	memory->placed = malloc(overlays * sizeof(*memory->placed));
	if (!memory->placed)
		return -ENOMEM;
	for (uint32_t i = 0; i < overlays; i++)
		memory->placed[i] = HVHOST_NO_GPA;

	err = map_new("hvhost-ram", size, &memory->ram_fd, &memory->ram);
	/* A wish: a kernel that has none does without. */
	if (!err)
		(void)madvise(memory->ram, size, MADV_HUGEPAGE);
	if (!err)
		err = map_new("hvhost-pages", (size_t)overlays * HV_PAGE_SIZE,
			      &memory->pages_fd, &memory->pages);
	if (err)
		memory_destroy(memory);
	return err;
}

void memory_destroy(struct memory *memory)
{
	if (memory->ram)
		munmap(memory->ram, memory->size);
	if (memory->pages)
		munmap(memory->pages,
		       (size_t)memory->page_count * HV_PAGE_SIZE);
	if (memory->ram_fd >= 0)
		close(memory->ram_fd);
	if (memory->pages_fd >= 0)
		close(memory->pages_fd);
	free(memory->placed);
	*memory = (struct memory){ .ram_fd = -1, .pages_fd = -1 };
}

/* What was never written costs nothing, and that is so again. */
int memory_clear(const struct memory *memory)
{
	return madvise(memory->ram, memory->size, MADV_REMOVE) ? -errno : 0;
}

uint64_t memory_gpa_end(const struct memory *memory)
{
	return memory->size > memory->low_size ?
	       MEMORY_HIGH + memory->size - memory->low_size :
	       memory->low_size;
}

static bool is_within(uint64_t from, uint64_t length, uint64_t at, uint64_t size)
{
	return at >= from && at - from < length && length - (at - from) >= size;
}

void *memory_at(const struct memory *memory, uint64_t gpa, uint64_t size)
{
	if (is_within(0, memory->low_size, gpa, size))
		return memory->ram + gpa;
	if (is_within(MEMORY_HIGH, memory->size - memory->low_size, gpa, size))
		return memory->ram + memory->low_size + (gpa - MEMORY_HIGH);
	return NULL;
}

void *memory_overlay(const struct memory *memory, uint32_t overlay)
{
	return memory->pages + (size_t)overlay * HV_PAGE_SIZE;
}

/* What is mapped there is replaced in one step: the guest never sees a gap. */
static int map_page(uint8_t *at, int fd, size_t offset)
{
	void *map = mmap(at, HV_PAGE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_NORESERVE | MAP_FIXED, fd,
			 (off_t)offset);

	return map == MAP_FAILED ? -errno : 0;
}

/* Something left @gpa: what is seen there now? */
static void uncover(const struct memory *memory, uint64_t gpa)
{
	uint8_t *at = memory_at(memory, gpa, HV_PAGE_SIZE);

	for (uint32_t i = 0; i < memory->page_count; i++)
		if (memory->placed[i] == gpa) {
			map_page(at, memory->pages_fd,
				 (size_t)i * HV_PAGE_SIZE);
			return;
		}
	map_page(at, memory->ram_fd, (size_t)(at - memory->ram));
}

int memory_place(struct memory *memory, uint32_t overlay, uint64_t gpa)
{
	uint64_t before = memory->placed[overlay];
	uint8_t *at;
	int err;

	if (gpa == before)
		return 0;
	memory->placed[overlay] = HVHOST_NO_GPA;
	if (before != HVHOST_NO_GPA)
		uncover(memory, before);
	if (gpa == HVHOST_NO_GPA)
		return 0;

	at = memory_at(memory, gpa, HV_PAGE_SIZE);
	if (!at)
		return -EFAULT;
	err = map_page(at, memory->pages_fd, (size_t)overlay * HV_PAGE_SIZE);
	if (!err)
		memory->placed[overlay] = gpa;
	return err;
}
