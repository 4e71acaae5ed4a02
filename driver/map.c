// SPDX-License-Identifier: GPL-2.0-only
/*
 * An inbox's rings in the memory of its reader. A mapping holds the file, and so
 * the inbox with all of its memory: nothing is to be done when one is copied,
 * moved, cut or removed.
 */
#include "hvpost.h"

#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/mm.h>

#include "compat.h"
#include "layout.h"
#include "pages.h"
#include "ring.h"

/* Puts the page that lies @offset into an area at @address; 0: or none does. */
typedef int (*insert_fn)(struct hvp_inbox *inbox, u64 offset,
			 struct vm_area_struct *vma, unsigned long address);

static int insert_words(struct hvp_inbox *inbox, u64 offset,
			struct vm_area_struct *vma, unsigned long address)
{
	return hvp_pages_insert(inbox->words, offset >> PAGE_SHIFT, vma,
				address);
}

/* Where a CPU has no ring there is nothing, and who looks there gets SIGBUS. */
static int insert_records(struct hvp_inbox *inbox, u64 offset,
			  struct vm_area_struct *vma, unsigned long address)
{
	u64 cpu = div64_u64(offset, inbox->layout.ring_stride);
	struct hvp_ring *ring = inbox->rings[cpu];

	if (!ring)
		return 0;
	offset -= cpu * inbox->layout.ring_stride;
	return hvp_pages_insert(hvp_ring_pages(ring), offset >> PAGE_SHIFT, vma,
				address);
}

static int map_area(struct hvp_inbox *inbox, u64 offset,
		    struct vm_area_struct *vma, insert_fn insert)
{
	unsigned long address;
	int err = 0;

	/* No more of it than there is now. */
	hvp_vm_flags_mod(vma, VM_DONTEXPAND, 0);
	for (address = vma->vm_start; address < vma->vm_end && !err;
	     address += PAGE_SIZE, offset += PAGE_SIZE)
		err = insert(inbox, offset, vma, address);
	return err;
}

static int map_words(struct hvp_inbox *inbox, u64 offset,
		     struct vm_area_struct *vma)
{
	return map_area(inbox, offset - inbox->layout.words_offset, vma,
			insert_words);
}

static int map_records(struct hvp_inbox *inbox, u64 offset,
		       struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	hvp_vm_flags_mod(vma, 0, VM_MAYWRITE);
	return map_area(inbox, offset - inbox->layout.records_offset, vma,
			insert_records);
}

int hvp_map(struct hvp_inbox *inbox, struct vm_area_struct *vma)
{
	u64 offset = (u64)vma->vm_pgoff << PAGE_SHIFT;
	int err;

	/* Acquire: rings that can be seen are whole. */
	if (!smp_load_acquire(&inbox->rings))
		return -ENOTCONN;
	/* A private copy would tell us nothing, and learn nothing. */
	if (!(vma->vm_flags & VM_MAYSHARE))
		return -EINVAL;

	switch (hvp_layout_find(&inbox->layout, offset,
				vma->vm_end - vma->vm_start)) {
	case HVP_AREA_WORDS:
		err = map_words(inbox, offset, vma);
		break;
	case HVP_AREA_RECORDS:
		err = map_records(inbox, offset, vma);
		break;
	default:
		return -EINVAL;
	}
	if (err)
		return err;

	WRITE_ONCE(inbox->mapped, true);
	/* Who sleeps in read() is to hear that its time is over. */
	wake_up_interruptible(&inbox->wait);
	return 0;
}
