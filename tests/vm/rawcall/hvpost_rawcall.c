// SPDX-License-Identifier: GPL-2.0-only
/*
 * Issues hypercalls as a program words them, right or wrong, for the VM scenarios:
 * hvpost.ko issues none that is not well formed. And in a row, to measure them alone.
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/lockdep.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <asm/alternative.h>
#include <asm/cpufeatures.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include <hvpost/hyperv.h>

#include "rawcall.h"

/* No guest's memory reaches so far. */
#define PAST_THE_END	(1ull << 46)
/* Where a PC with more than 3 GiB has its devices. */
#define A_HOLE		0xfd000000ull

static DEFINE_MUTEX(lock);	/* guards what @pages hold */
static void *pages;		/* RAWCALL_MEMORY bytes, one page after the other */

static u64 gpa_of(const struct rawcall *call, u64 offset)
{
	if (offset >= RAWCALL_MEMORY)
		return PAST_THE_END + offset;
	if (offset >= call->memory_size)
		return A_HOLE + offset;
	return virt_to_phys(pages) + offset;
}

/* Of any host's: without its page, by the processor's own instruction. */
static u64 hypercall(u64 control, u64 input, u64 output)
{
	register u64 r8 asm("r8") = output;
	u64 result;

	asm volatile(ALTERNATIVE("vmcall", "vmmcall", X86_FEATURE_VMMCALL)
		     : "=a" (result), "+c" (control), "+d" (input), "+r" (r8)
		     : : "cc", "memory", "r9", "r10", "r11");
	return result;
}

static void issue(struct rawcall *call)
{
	u64 input = call->input, output = call->output;

	if (!(call->control & HV_CONTROL_FAST)) {
		input = gpa_of(call, input);
		output = gpa_of(call, output);
	}
	mutex_lock(&lock);
	memcpy(pages, call->memory, RAWCALL_MEMORY);
	call->result = hypercall(call->control, input, output);
	memcpy(call->memory, pages, RAWCALL_MEMORY);
	mutex_unlock(&lock);
}

static long ioctl_call(void __user *user)
{
	struct rawcall *call = memdup_user(user, sizeof(*call));
	long err = 0;

	if (IS_ERR(call))
		return PTR_ERR(call);
	issue(call);
	if (copy_to_user(user, call, sizeof(*call)))
		err = -EFAULT;
	kfree(call);
	return err;
}

/* Nothing but the call between two looks at the clock. */
static long issue_row(struct rawcall_row *row)
{
	u64 input = virt_to_phys(pages), first = 0;

	lockdep_assert_held(&lock);
	memcpy(pages, row->input, sizeof(row->input));
	for (u64 i = 0; i < row->count; i++) {
		u64 start = rdtsc_ordered();

		row->result = hypercall(row->control, input, 0);
		row->ticks[i] = rdtsc_ordered() - start;
		if (!i)
			first = row->result;
		if (row->result != first)
			return -EIO;
	}
	return 0;
}

static long ioctl_row(void __user *user)
{
	struct rawcall_row *row = memdup_user(user, sizeof(*row));
	long err = -EINVAL;

	if (IS_ERR(row))
		return PTR_ERR(row);
	if (row->count <= RAWCALL_ROW_MAX &&
	    !(row->control & HV_CONTROL_FAST)) {
		mutex_lock(&lock);
		err = issue_row(row);
		mutex_unlock(&lock);
	}
	if (copy_to_user(user, row, sizeof(*row)))
		err = -EFAULT;
	kfree(row);
	return err;
}

static long rawcall_ioctl(struct file *file, unsigned int command,
			  unsigned long arg)
{
	void __user *user = (void __user *)arg;

	switch (command) {
	case RAWCALL_IOC:
		return ioctl_call(user);
	case RAWCALL_IOC_ROW:
		return ioctl_row(user);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations rawcall_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= rawcall_ioctl,
};

static struct miscdevice device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "hvpost_rawcall",
	.mode	= 0600,
	.fops	= &rawcall_fops,
};

static int __init rawcall_init(void)
{
	int err;

	pages = (void *)__get_free_pages(GFP_KERNEL, get_order(RAWCALL_MEMORY));
	if (!pages)
		return -ENOMEM;
	err = misc_register(&device);
	if (err)
		free_pages((unsigned long)pages, get_order(RAWCALL_MEMORY));
	return err;
}

static void __exit rawcall_exit(void)
{
	misc_deregister(&device);
	free_pages((unsigned long)pages, get_order(RAWCALL_MEMORY));
}

module_init(rawcall_init);
module_exit(rawcall_exit);

MODULE_DESCRIPTION("Issue hypercalls word for word");
MODULE_LICENSE("GPL");
