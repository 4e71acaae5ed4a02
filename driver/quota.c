// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a user without CAP_SYS_ADMIN may take: so many hypercalls a second over
 * all files that are open as this user, and so much memory for each file's rings.
 */
#include "hvpost.h"

#include <linux/atomic.h>
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "bucket.h"
#include "layout.h"

struct hvp_quota {
	struct list_head node;		/* in quotas; both under quota_lock */
	unsigned int files;
	kuid_t uid;			/* constant */
	spinlock_t lock;		/* guards bucket */
	struct hvp_bucket bucket;
};

static DEFINE_MUTEX(quota_lock);
static LIST_HEAD(quotas);

/* How many posts and signals had to wait, or were refused, for want of quota. */
static atomic64_t held_back;

static unsigned int posts_per_second;

static int set_posts_per_second(const char *text,
				const struct kernel_param *param)
{
	return param_set_uint_minmax(text, param, 0, HVP_BUCKET_PER_SECOND_MAX);
}

static const struct kernel_param_ops posts_per_second_ops = {
	.set = set_posts_per_second,
	.get = param_get_uint,
};

module_param_cb(posts_per_second, &posts_per_second_ops, &posts_per_second,
		0644);
MODULE_PARM_DESC(posts_per_second,
		 "hypercalls a second for each user without CAP_SYS_ADMIN, up to 1000000 (default 0: no bound)");

static unsigned long ring_bytes_max;
module_param(ring_bytes_max, ulong, 0644);
MODULE_PARM_DESC(ring_bytes_max,
		 "memory for the rings of one file of a user without CAP_SYS_ADMIN (default 0: no bound)");

bool hvp_is_privileged(void)
{
	/* Asked at every call: no place for entries in the audit log. */
	return ns_capable_noaudit(&init_user_ns, CAP_SYS_ADMIN);
}

/*
 * A quota outlives its files until its bucket is full again: to close a file and
 * to open it anew must gain nothing.
 */
static void forget_unused(u64 now_ns)
{
	struct hvp_quota *quota, *next;

	lockdep_assert_held(&quota_lock);
	list_for_each_entry_safe(quota, next, &quotas, node) {
		if (quota->files || quota->bucket.full_ns > now_ns)
			continue;
		list_del(&quota->node);
		kfree(quota);
	}
}

static struct hvp_quota *find(kuid_t uid)
{
	struct hvp_quota *quota;

	lockdep_assert_held(&quota_lock);
	list_for_each_entry(quota, &quotas, node)
		if (uid_eq(quota->uid, uid))
			return quota;

	/* Not accounted: one per user, and others wait for the lock. */
	quota = kzalloc(sizeof(*quota), GFP_KERNEL);
	if (!quota)
		return NULL;
	quota->uid = uid;
	spin_lock_init(&quota->lock);
	list_add(&quota->node, &quotas);
	return quota;
}

/*
 * Who answers for the caller. In a user namespace that a user made, that user:
 * uids cost nothing there, and must not be a quota each.
 */
static kuid_t responsible_uid(void)
{
	const struct user_namespace *ns = current_user_ns();
	kuid_t uid = current_uid();

	/* Root made the first one, and others to part users from each other. */
	for (; !uid_eq(ns->owner, GLOBAL_ROOT_UID); ns = ns->parent)
		uid = ns->owner;
	return uid;
}

struct hvp_quota *hvp_quota_get(void)
{
	struct hvp_quota *quota;

	mutex_lock(&quota_lock);
	forget_unused(ktime_get_ns());
	quota = find(responsible_uid());
	if (quota)
		quota->files++;
	mutex_unlock(&quota_lock);
	return quota;
}

void hvp_quota_put(struct hvp_quota *quota)
{
	mutex_lock(&quota_lock);
	quota->files--;
	mutex_unlock(&quota_lock);
}

void hvp_quota_exit(void)
{
	mutex_lock(&quota_lock);
	forget_unused(U64_MAX);
	mutex_unlock(&quota_lock);
}

u64 hvp_quota_take(struct hvp_quota *quota)
{
	u32 per_second = READ_ONCE(posts_per_second);
	u64 wait_ns;

	if (!per_second || hvp_is_privileged())
		return 0;

	spin_lock(&quota->lock);
	wait_ns = hvp_bucket_take(&quota->bucket, ktime_get_ns(), per_second);
	spin_unlock(&quota->lock);
	return wait_ns;
}

void hvp_quota_count_held_back(void)
{
	atomic64_inc(&held_back);
}

u64 hvp_quota_held_back(void)
{
	return atomic64_read(&held_back);
}

int hvp_quota_check_ring(u32 records)
{
	u64 max = READ_ONCE(ring_bytes_max);
	struct hvpost_ioc_rings layout;

	/* Pages, not records: small rings must not take many times their share. */
	hvp_layout_make(&layout, num_present_cpus(), records);
	return max && layout.records_size > max && !hvp_is_privileged() ?
	       -EDQUOT : 0;
}
