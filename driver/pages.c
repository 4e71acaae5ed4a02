// SPDX-License-Identifier: GPL-2.0-only
#include "pages.h"

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

static int pages_allocate(struct hvp_pages *pages, unsigned int count, int node)
{
	for (; pages->count < count; pages->count++) {
		struct page *page;

		/* Where memory is scarce it comes late: nobody may wait for it. */
		if (fatal_signal_pending(current))
			return -EINTR;
		page = alloc_pages_node(node, GFP_KERNEL_ACCOUNT | __GFP_ZERO,
					0);
		if (!page)
			return -ENOMEM;
		pages->page[pages->count] = page;
	}
	pages->memory = vmap(pages->page, count, VM_MAP, PAGE_KERNEL);
	return pages->memory ? 0 : -ENOMEM;
}

struct hvp_pages *hvp_pages_new(size_t size, int node)
{
	unsigned int count = PAGE_ALIGN(size) >> PAGE_SHIFT;
	struct hvp_pages *pages;

	pages = kvzalloc(struct_size(pages, page, count), GFP_KERNEL_ACCOUNT);
	if (!pages)
		return NULL;
	if (pages_allocate(pages, count, node)) {
		hvp_pages_free(pages);
		return NULL;
	}
	return pages;
}

void hvp_pages_free(struct hvp_pages *pages)
{
	vunmap(pages->memory);
	while (pages->count)
		__free_page(pages->page[--pages->count]);
	kvfree(pages);
}

int hvp_pages_insert(const struct hvp_pages *pages, unsigned long index,
		     struct vm_area_struct *vma, unsigned long address)
{
	if (index >= pages->count)
		return 0;
	return vm_insert_page(vma, address, pages->page[index]);
}
