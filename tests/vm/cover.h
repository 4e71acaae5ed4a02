/* SPDX-License-Identifier: MIT */
/*
 * cover.h - which of hvpost.ko's blocks threads reached, as KCOV tells
 * (Documentation/dev-tools/kcov.rst). It tells only of what a thread itself calls,
 * never of interrupts.
 */
#ifndef HVPOST_TESTS_VM_COVER_H
#define HVPOST_TESTS_VM_COVER_H

#include <err.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

/* User space has no header for it. */
#define KCOV_INIT_TRACE		_IOR('c', 1, unsigned long)
#define KCOV_ENABLE		_IO('c', 100)
#define COVER_WORDS		65536u

#define COVER_BLOCKS_MAX	8192u
#define COVER_RANGE		(1u << 20)	/* no driver is as large */

struct cover_block {
	uint64_t address;		/* as KCOV says it */
	char source[24];
	_Atomic bool reached;
};

static struct cover_block cover_blocks[COVER_BLOCKS_MAX];
static size_t cover_count;

/* By address, from the lowest on: which block it is, counted from 1; 0: none */
static uint16_t cover_places[COVER_RANGE];
static uint64_t cover_base = UINT64_MAX;

static inline int cover_compare(const void *a, const void *b)
{
	const struct cover_block *one = a, *other = b;

	return strcmp(one->source, other->source);
}

/* Where a section of the loaded module lies. */
static inline uint64_t cover_section(const char *section)
{
	char path[96];
	uint64_t address;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/module/hvpost/sections/%s", section);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%" SCNx64, &address) != 1)
		err(1, "%s", path);
	fclose(file);
	return address;
}

/* From @path, as scripts/driver-blocks writes it. None: this kernel has no KCOV. */
static inline void cover_load(const char *path)
{
	FILE *file = fopen(path, "r");
	struct cover_block *block = cover_blocks;
	char section[32];

	if (!file)
		return;
	while (fscanf(file, "%23s %31s %" SCNx64, block->source, section,
		      &block->address) == 3) {
		block->address += cover_section(section);
		if (block->address < cover_base)
			cover_base = block->address;
		if (++block == cover_blocks + COVER_BLOCKS_MAX)
			errx(1, "%s: more blocks than there is room for", path);
	}
	cover_count = (size_t)(block - cover_blocks);
	fclose(file);
	for (size_t i = 0; i < cover_count; i++) {
		uint64_t place = cover_blocks[i].address - cover_base;

		if (place >= COVER_RANGE)
			errx(1, "%s: the driver is too large", path);
		cover_places[place] = (uint16_t)(i + 1);
	}
}

/* The calling thread's words, from now on; NULL if there is no KCOV. */
static inline uint64_t *cover_begin(void)
{
	uint64_t *words;
	int fd;

	if (!cover_count)
		return NULL;
	fd = open("/sys/kernel/debug/kcov", O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, KCOV_INIT_TRACE, COVER_WORDS))
		err(1, "KCOV");
	words = mmap(NULL, COVER_WORDS * sizeof(uint64_t),
		     PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (words == MAP_FAILED || ioctl(fd, KCOV_ENABLE, 0))
		err(1, "KCOV");
	return words;
}

static inline bool cover_mark(uint64_t address)
{
	uint64_t place = address - cover_base;
	uint16_t number = place < COVER_RANGE ? cover_places[place] : 0;
	struct cover_block *block = &cover_blocks[number ? number - 1 : 0];

	return number && !atomic_load(&block->reached) &&
	       !atomic_exchange(&block->reached, true);
}

/* Did the thread reach what nobody had before? It begins anew after that. */
static inline bool cover_is_news(uint64_t *words)
{
	uint64_t count = words ? __atomic_load_n(words, __ATOMIC_RELAXED) : 0;
	bool news = false;

	for (uint64_t i = 1; i <= count && i < COVER_WORDS; i++)
		news |= cover_mark(words[i]);
	if (words)
		__atomic_store_n(words, 0, __ATOMIC_RELAXED);
	return news;
}

/* A line for each source, and one for all. No thread looks for news any more. */
static inline void cover_print(void)
{
	size_t reached = 0, all = 0, i, j;

	qsort(cover_blocks, cover_count, sizeof(cover_blocks[0]),
	      cover_compare);
	for (i = 0; i < cover_count; i = j) {
		size_t here = 0;

		for (j = i; j < cover_count &&
		     !strcmp(cover_blocks[j].source, cover_blocks[i].source); j++)
			here += atomic_load(&cover_blocks[j].reached);
		printf("%-20s %4zu of %4zu blocks\n", cover_blocks[i].source,
		       here, j - i);
		reached += here;
		all += j - i;
	}
	if (all)
		printf("%-20s %4zu of %4zu blocks\n", "all", reached, all);
}

#endif /* HVPOST_TESTS_VM_COVER_H */
