// SPDX-License-Identifier: MIT
#include "mapped_rings.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

/* Records taken from one ring while others may wait. */
#define BURST 64u

static void *map(int fd, int protection, uint64_t offset, uint64_t size)
{
	void *memory = mmap(NULL, size, protection, MAP_SHARED, fd,
			    (off_t)offset);

	return memory == MAP_FAILED ? NULL : memory;
}

static void unmap(const void *memory, uint64_t size)
{
	if (memory)
		munmap((void *)(uintptr_t)memory, size);
}

int mapped_rings_map(struct mapped_rings *rings,
		     const struct hvpost_ioc_rings *layout, int fd)
{
	int saved_errno = errno, err = 0;

	*rings = (struct mapped_rings){ .layout = *layout, .burst = BURST };
	rings->words = map(fd, PROT_READ | PROT_WRITE, layout->words_offset,
			   layout->words_size);
	if (rings->words)
		rings->records = map(fd, PROT_READ, layout->records_offset,
				     layout->records_size);
	if (!rings->records) {
		err = -errno;
		mapped_rings_unmap(rings);
	}
	errno = saved_errno;
	return err;
}

void mapped_rings_unmap(struct mapped_rings *rings)
{
	int saved_errno = errno;

	unmap(rings->words, rings->layout.words_size);
	unmap(rings->records, rings->layout.records_size);
	rings->words = NULL;
	rings->records = NULL;
	errno = saved_errno;
}

static bool is_empty(const struct hvpost_ring_words *words)
{
	/* Acquire: a record that is there is whole. The tail is ours. */
	return __atomic_load_n(&words->head, __ATOMIC_ACQUIRE) == words->tail;
}

static void turn(struct mapped_rings *rings)
{
	rings->current = (rings->current + 1) % rings->layout.ring_count;
	rings->burst = BURST;
}

const struct hvpost_record *mapped_rings_peek(struct mapped_rings *rings)
{
	const struct hvpost_ioc_rings *layout = &rings->layout;
	const struct hvpost_record *ring;

	if (!rings->burst)
		turn(rings);
	for (uint32_t i = 0; is_empty(&rings->words[rings->current]); i++) {
		if (i == layout->ring_count)
			return NULL;
		turn(rings);
	}
	ring = (const void *)(rings->records +
			      rings->current * layout->ring_stride);
	return &ring[rings->words[rings->current].tail &
		     (layout->ring_records - 1)];
}

bool mapped_rings_release(struct mapped_rings *rings)
{
	struct hvpost_ring_words *words = &rings->words[rings->current];

	rings->burst--;
	/*
	 * We are done with the record before the driver uses it again. And one of
	 * us sees the other: the driver says that it stalls, and looks at the tail
	 * once more.
	 */
	__atomic_store_n(&words->tail, words->tail + 1, __ATOMIC_SEQ_CST);
	return __atomic_load_n(&words->stalled, __ATOMIC_SEQ_CST);
}
