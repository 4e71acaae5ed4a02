/* SPDX-License-Identifier: MIT */
/*
 * call_memory.h - hypercalls of partitions that have no memory of their own: each
 * call brings what it needs. The engine reads it in the thread that calls, so the
 * memory is the thread's, and neither VPs nor pages need be handed out: any number
 * of threads may call as one VP at a time.
 */
#ifndef CALL_MEMORY_H
#define CALL_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include <hvpost/hvhost.h>

/* What the partition sees as its memory while it calls; it begins at GPA 0. */
struct call_memory {
	void *bytes;
	size_t size;
};

/* hvhost_vp_hypercall() with @memory, of which no more than its size is seen. */
int call_memory_hypercall(struct hvhost_vp *vp,
			  const struct hvhost_hypercall *call,
			  const struct call_memory *memory, uint64_t *result);

/* For struct hvhost_partition_ops; outside of such a call there is no memory. */
int call_memory_read(void *context, uint64_t gpa, void *to, size_t size);
int call_memory_write(void *context, uint64_t gpa, const void *from,
		      size_t size);

#endif /* CALL_MEMORY_H */
