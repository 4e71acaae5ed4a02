// SPDX-License-Identifier: MIT
#include "call_memory.h"

#include <string.h>

static _Thread_local struct call_memory current;

int call_memory_hypercall(struct hvhost_vp *vp,
			  const struct hvhost_hypercall *call,
			  const struct call_memory *memory, uint64_t *result)
{
	int err;

	current = *memory;
	err = hvhost_vp_hypercall(vp, call, result);
	current = (struct call_memory){ 0 };
	return err;
}

static void *find(uint64_t gpa, size_t size)
{
	if (gpa > current.size || current.size - gpa < size)
		return NULL;
	return (uint8_t *)current.bytes + gpa;
}

int call_memory_read(void *context, uint64_t gpa, void *to, size_t size)
{
	const void *from = find(gpa, size);

	(void)context;
	if (!from)
		return -1;
	memcpy(to, from, size);
	return 0;
}

int call_memory_write(void *context, uint64_t gpa, const void *from, size_t size)
{
	void *to = find(gpa, size);

	(void)context;
	if (!to)
		return -1;
	memcpy(to, from, size);
	return 0;
}
