// SPDX-License-Identifier: GPL-2.0-only
/*
 * The parameter "allow": which groups may post and signal to which connections.
 */
#include "hvpost.h"

#include <linux/atomic.h>
#include <linux/cred.h>
#include <linux/errno.h>
#include <linux/moduleparam.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>

#include "allow.h"

struct allow_list {
	struct rcu_head rcu;
	struct hvp_allow allow;
};

/* NULL: no list. Replaced whole, under the lock that the kernel has for this. */
static struct allow_list __rcu *allow_list;

/* How many posts and signals the list refused. */
static atomic64_t refused;

static void replace(struct allow_list *new)
{
	struct allow_list *old;

	/* Parameters are set, and freed at the end, one at a time. */
	old = rcu_replace_pointer(allow_list, new, true);
	if (old)
		kfree_rcu(old, rcu);
}

static int set_allow(const char *text, const struct kernel_param *param)
{
	struct allow_list *new = kzalloc(sizeof(*new), GFP_KERNEL);
	int err;

	if (!new)
		return -ENOMEM;
	err = hvp_allow_parse(&new->allow, text);
	if (err || !new->allow.count) {
		kfree(new);
		new = NULL;
	}
	if (!err)
		replace(new);
	return err;
}

static int get_allow(char *page, const struct kernel_param *param)
{
	const struct allow_list *list;
	int length = 0;

	rcu_read_lock();
	list = rcu_dereference(allow_list);
	if (list)
		length = hvp_allow_format(&list->allow, page, PAGE_SIZE - 1);
	rcu_read_unlock();
	page[length] = '\n';
	page[length + 1] = '\0';
	return length + 1;
}

static void free_allow(void *unused)
{
	replace(NULL);
}

static const struct kernel_param_ops allow_ops = {
	.set = set_allow,
	.get = get_allow,
	.free = free_allow,
};

module_param_cb(allow, &allow_ops, NULL, 0644);
MODULE_PARM_DESC(allow,
		 "GID:FIRST[-LAST],...: connections of each group; others need CAP_SYS_ADMIN (default empty: all connections for all)");

static bool in_group(u32 gid)
{
	return in_group_p(make_kgid(&init_user_ns, gid));
}

int hvp_permit_check(u32 connection_id)
{
	const struct allow_list *list;
	bool allowed;

	rcu_read_lock();
	list = rcu_dereference(allow_list);
	allowed = !list || hvp_allow_has(&list->allow, connection_id, in_group);
	rcu_read_unlock();
	if (allowed || hvp_is_privileged())
		return 0;

	atomic64_inc(&refused);
	return -EACCES;
}

u64 hvp_permit_refused(void)
{
	return atomic64_read(&refused);
}
