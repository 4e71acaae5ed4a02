// SPDX-License-Identifier: GPL-2.0-only
/*
 * Posts as structures in user memory: one, or many by one call. Where an answer
 * cannot be written nothing is to happen: so it is written once before the deed
 * as well.
 */
#include "hvpost.h"

#include <linux/errno.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

static int answer(struct hvpost_ioc_post __user *arg, u32 status, u32 attempts)
{
	if (!user_write_access_begin(arg, sizeof(*arg)))
		return -EFAULT;
	unsafe_put_user(status, &arg->status, fault);
	unsafe_put_user(attempts, &arg->attempts, fault);
	user_write_access_end();
	return 0;
fault:
	user_write_access_end();
	return -EFAULT;
}

/* @post is a copy of what @arg was. */
static int submit(struct hvp_quota *quota, struct hvpost_ioc_post *post,
		  struct hvpost_ioc_post __user *arg)
{
	int err = answer(arg, HVPOST_STATUS_NONE, 0);

	post->status = HVPOST_STATUS_NONE;
	if (err)
		return err;
	err = hvp_post(quota, post);
	return answer(arg, post->status, post->attempts) ?: err;
}

int hvp_submit(struct hvp_quota *quota, struct hvpost_ioc_post __user *arg,
	       bool nonblock)
{
	struct hvpost_ioc_post post;

	if (copy_from_user(&post, arg, sizeof(post)))
		return -EFAULT;
	if (nonblock)
		post.deadline_ns = HVPOST_DEADLINE_NONE;
	return submit(quota, &post, arg);
}

/* Return 0 if it was posted, even where its answer found no place then. */
static int submit_entry(struct hvp_quota *quota,
			struct hvpost_ioc_post __user *entry, u64 deadline_ns)
{
	struct hvpost_ioc_post post;
	int err;

	if (copy_from_user(&post, entry, sizeof(post)))
		return -EFAULT;
	if (post.deadline_ns)
		return answer(entry, HVPOST_STATUS_NONE, 0) ?: -EINVAL;
	post.deadline_ns = deadline_ns;
	err = submit(quota, &post, entry);
	return post.status == HV_STATUS_SUCCESS ? 0 : err;
}

/* A signal ends it between two entries, but not before the first. */
static u32 submit_entries(struct hvp_quota *quota,
			  const struct hvpost_ioc_post_many *many, int *err)
{
	struct hvpost_ioc_post __user *entries = u64_to_user_ptr(many->posts);
	u32 done = 0;

	for (;;) {
		*err = submit_entry(quota, &entries[done], many->deadline_ns);
		if (*err || ++done == many->count || signal_pending(current))
			return done;
		cond_resched();
	}
}

int hvp_submit_many(struct hvp_quota *quota,
		    struct hvpost_ioc_post_many __user *arg, bool nonblock)
{
	struct hvpost_ioc_post_many many;
	int err;

	if (copy_from_user(&many, arg, sizeof(many)) || put_user(0, &arg->done))
		return -EFAULT;
	if (many.flags || many.reserved32 || many.reserved)
		return -EINVAL;
	if (!many.count || many.count > HVPOST_POSTS_MAX)
		return -EINVAL;
	if (nonblock)
		many.deadline_ns = HVPOST_DEADLINE_NONE;

	many.done = submit_entries(quota, &many, &err);
	if (put_user(many.done, &arg->done))
		return -EFAULT;
	return many.done ? 0 : err;
}
