/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that user space may map: whole pages that begin as zeros, hold nothing
 * but what is put there, and are charged to who has them made.
 */
#ifndef HVP_PAGES_H
#define HVP_PAGES_H

#include <linux/mm_types.h>

struct hvp_pages {
	void *memory;		/* all of them in a row */
	unsigned int count;
	struct page *page[];
};

/* NULL: no memory. @node is a wish. */
struct hvp_pages *hvp_pages_new(size_t size, int node);
/* Pages that are mapped still stay until they are not. */
void hvp_pages_free(struct hvp_pages *pages);

/*
 * Put the page at @index (none if it is past the end) at @address of @vma, which
 * is being mapped.
 */
int hvp_pages_insert(const struct hvp_pages *pages, unsigned long index,
		     struct vm_area_struct *vma, unsigned long address);

#endif /* HVP_PAGES_H */
