/* SPDX-License-Identifier: MIT */
/* memory.h - the memfd that an attached process and hvhost share; attach.h. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include <hvpost/attach.h>

struct memory {
	int fd;
	size_t size;
	struct hvpost_attach_memory *header;	/* the mapping begins here */
	struct hvpost_attach_vp *vp;		/* as many as there are VPs */
};

/* Make, seal and map it for @vp_count VPs. Return 0 or a negative errno value. */
int memory_new(struct memory *memory, uint32_t vp_count);
void memory_free(struct memory *memory);

#endif /* MEMORY_H */
