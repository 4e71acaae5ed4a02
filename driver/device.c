// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/hvpost. The file owns what it made: closing it unbinds its SINT, so a
 * process that dies leaves nothing armed.
 */
#include "hvpost.h"

#include <linux/capability.h>
#include <linux/compat.h>
#include <linux/errno.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <asm/msr.h>

#include <hvpost/version.h>

#include "compat.h"
#include "filter.h"

/* An open file; private_data of its struct file. */
struct device_file {
	struct hvp_inbox inbox;
	struct hvp_quota *quota;	/* of the user who opened it */
};

static struct hvp_inbox *inbox_of(struct file *file)
{
	struct device_file *device_file = file->private_data;

	return &device_file->inbox;
}

static struct hvp_quota *quota_of(struct file *file)
{
	struct device_file *device_file = file->private_data;

	return device_file->quota;
}

static int device_open(struct inode *inode, struct file *file)
{
	struct device_file *device_file =
		kzalloc(sizeof(*device_file), GFP_KERNEL_ACCOUNT);

	if (!device_file)
		return -ENOMEM;
	device_file->quota = hvp_quota_get();
	if (!device_file->quota) {
		kfree(device_file);
		return -ENOMEM;
	}

	hvp_inbox_init(&device_file->inbox);
	file->private_data = device_file;
	return nonseekable_open(inode, file);
}

static int device_release(struct inode *inode, struct file *file)
{
	hvp_unbind(inbox_of(file));
	hvp_quota_put(quota_of(file));
	kfree(file->private_data);
	return 0;
}

static ssize_t device_read(struct file *file, char __user *buffer, size_t size,
			   loff_t *offset)
{
	return hvp_inbox_read(inbox_of(file), buffer, size,
			      file->f_flags & O_NONBLOCK);
}

static __poll_t device_poll(struct file *file, poll_table *wait)
{
	return hvp_inbox_poll(inbox_of(file), file, wait) |
	       EPOLLOUT | EPOLLWRNORM;
}

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	return hvp_map(inbox_of(file), vma);
}

static long ioctl_info(void __user *arg)
{
	struct hvpost_ioc_info info = {
		.hypercall = hvp_hypercall_mode(),
		.privileges_low = hvp_host.privileges_low,
		.privileges_high = hvp_host.privileges_high,
		.sints_bound = hvp_bind_taken(),
		.vmbus_loaded = hvp_vmbus_loaded(),
	};

	info.synic = hvp_synic_ownership(&info.vps_online);
	info.sints_busy = hvp_watch_busy();
	strscpy(info.version, HVPOST_VERSION, sizeof(info.version));
	if (hvp_rdmsr_safe(HV_MSR_GUEST_OS_ID, &info.guest_os_id))
		return -EIO;

	return copy_to_user(arg, &info, sizeof(info)) ? -EFAULT : 0;
}

/* As for posts (submit.c), the answer is written once before the deed as well. */
static long ioctl_signal(struct hvp_quota *quota,
			 struct hvpost_ioc_signal __user *arg)
{
	struct hvpost_ioc_signal signal;
	long err;

	if (copy_from_user(&signal, arg, sizeof(signal)) ||
	    put_user(HVPOST_STATUS_NONE, &arg->status))
		return -EFAULT;

	err = hvp_signal(quota, &signal);
	if (put_user(signal.status, &arg->status))
		return -EFAULT;
	return err;
}

static long ioctl_bind(struct hvp_inbox *inbox,
		       struct hvpost_ioc_bind __user *arg)
{
	struct hvpost_ioc_bind bind;
	int err;

	if (copy_from_user(&bind, arg, sizeof(bind)))
		return -EFAULT;
	if (bind.flags & ~(HVPOST_BIND_EVENTS | HVPOST_BIND_SHARED) ||
	    bind.reserved32 || bind.reserved)
		return -EINVAL;
	if (bind.sint == HV_SINT_INTERCEPT || bind.sint >= HV_SINT_COUNT)
		return -EINVAL;
	if (bind.ring_records > HVPOST_RING_RECORDS_MAX)
		return -EINVAL;
	if (bind.sint == HV_SINT_VMBUS && !capable(CAP_SYS_ADMIN))
		return -EPERM;

	err = hvp_quota_check_ring(hvp_bind_ring_records(bind.ring_records));
	if (err)
		return err;

	/* Before it is bound: a call that fails must leave nothing behind. */
	bind.ring_records = hvp_bind_ring_records(bind.ring_records);
	if (put_user(bind.ring_records, &arg->ring_records))
		return -EFAULT;
	return hvp_bind(inbox, &bind);
}

static long ioctl_filter(struct hvp_inbox *inbox, void __user *arg)
{
	struct hvpost_ioc_filter filter;

	if (copy_from_user(&filter, arg, sizeof(filter)))
		return -EFAULT;
	if (!hvp_filter_is_valid(&filter))
		return -EINVAL;
	return hvp_bind_filter(inbox, &filter);
}

static long ioctl_counters(struct hvp_inbox *inbox, void __user *arg)
{
	struct hvpost_ioc_counters counters;
	long err = hvp_inbox_counters(inbox, &counters);

	if (err)
		return err;
	return copy_to_user(arg, &counters, sizeof(counters)) ? -EFAULT : 0;
}

static long ioctl_rings(struct hvp_inbox *inbox, void __user *arg)
{
	struct hvpost_ioc_rings rings;
	long err = hvp_inbox_rings(inbox, &rings);

	if (err)
		return err;
	return copy_to_user(arg, &rings, sizeof(rings)) ? -EFAULT : 0;
}

/* A file for reading only, that somebody was given to look with, stays that. */
static bool is_open_for(const struct file *file, unsigned int command)
{
	switch (command) {
	case HVPOST_IOC_POST:
	case HVPOST_IOC_POST_MANY:
	case HVPOST_IOC_SIGNAL:
		return file->f_mode & FMODE_WRITE;
	case HVPOST_IOC_BIND:
		return file->f_mode & FMODE_READ;
	default:
		return true;
	}
}

static long device_ioctl(struct file *file, unsigned int command,
			 unsigned long argument)
{
	void __user *arg = (void __user *)argument;

	if (!is_open_for(file, command))
		return -EBADF;

	switch (command) {
	case HVPOST_IOC_INFO:
		return ioctl_info(arg);
	case HVPOST_IOC_POST:
		return hvp_submit(quota_of(file), arg,
				  file->f_flags & O_NONBLOCK);
	case HVPOST_IOC_POST_MANY:
		return hvp_submit_many(quota_of(file), arg,
				       file->f_flags & O_NONBLOCK);
	case HVPOST_IOC_SIGNAL:
		return ioctl_signal(quota_of(file), arg);
	case HVPOST_IOC_BIND:
		return ioctl_bind(inbox_of(file), arg);
	case HVPOST_IOC_COUNTERS:
		return ioctl_counters(inbox_of(file), arg);
	case HVPOST_IOC_RINGS:
		return ioctl_rings(inbox_of(file), arg);
	case HVPOST_IOC_FILTER:
		return ioctl_filter(inbox_of(file), arg);
	case HVPOST_IOC_RESUME:
		return hvp_inbox_resume(inbox_of(file));
	default:
		return -ENOTTY;
	}
}

static const struct file_operations device_fops = {
	.owner		= THIS_MODULE,
	.open		= device_open,
	.release	= device_release,
	.read		= device_read,
	.poll		= device_poll,
	.mmap		= device_mmap,
	.unlocked_ioctl	= device_ioctl,
	.compat_ioctl	= compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "hvpost",
	.mode	= 0660,
	.fops	= &device_fops,
	.groups	= hvp_sysfs_groups,
};

int hvp_device_init(void)
{
	/* What user space sees must be laid out as it is documented. */
	BUILD_BUG_ON(sizeof(struct hvpost_ioc_info) != 104);
	BUILD_BUG_ON(sizeof(struct hvpost_ioc_post) != 48);
	BUILD_BUG_ON(sizeof(struct hvpost_ioc_post_many) != 40);
	BUILD_BUG_ON(sizeof(struct hvpost_ioc_signal) != 24);
	BUILD_BUG_ON(sizeof(struct hvpost_ioc_bind) != 24);
	BUILD_BUG_ON(sizeof(struct hvpost_ioc_counters) != 128);
	BUILD_BUG_ON(sizeof(struct hvpost_ioc_filter) != 208);
	BUILD_BUG_ON(sizeof(struct hvpost_ioc_rings) != 64);
	BUILD_BUG_ON(sizeof(struct hvpost_ring_words) != 128);
	BUILD_BUG_ON(offsetof(struct hvpost_ring_words, tail) != 64);
	BUILD_BUG_ON(sizeof(struct hvpost_record) != 280);
	BUILD_BUG_ON(offsetof(struct hvpost_record, payload) != 40);

	return misc_register(&device);
}

void hvp_device_exit(void)
{
	misc_deregister(&device);
}
