// SPDX-License-Identifier: GPL-2.0-only
/*
 * Issues hypercalls as a program words them, right or wrong, for the VM scenarios:
 * hvpost.ko issues none that is not well formed.
 */
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <asm/alternative.h>
#include <asm/cpufeatures.h>

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

static long rawcall_ioctl(struct file *file, unsigned int command,
			  unsigned long arg)
{
	void __user *user = (void __user *)arg;
	struct rawcall *call;
	long err = 0;

	if (command != RAWCALL_IOC)
		return -ENOTTY;
	call = memdup_user(user, sizeof(*call));
	if (IS_ERR(call))
		return PTR_ERR(call);
	issue(call);
	if (copy_to_user(user, call, sizeof(*call)))
		err = -EFAULT;
	kfree(call);
	return err;
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
