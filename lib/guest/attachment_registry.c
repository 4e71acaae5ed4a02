// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* pthread_cond_clockwait */
#include "attachment_registry.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "deadline.h"

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
/* These two are guarded by registry_lock. */
static LIST_HEAD(, attachment) attachments;
static pthread_cond_t change = PTHREAD_COND_INITIALIZER; /* one has come, or not */

/*
 * In a child of fork(): all there are are the parent's, and the lock and the list
 * may be in the hands of a thread which is not here.
 */
static void forget_attachments(void)
{
	pthread_mutex_init(&registry_lock, NULL);
	pthread_cond_init(&change, NULL);
	LIST_INIT(&attachments);
}

__attribute__((constructor)) static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, forget_attachments);
}

static void list(struct attachment *attachment)
{
	LIST_INSERT_HEAD(&attachments, attachment, next);
	attachment->is_listed = true;
}

static void unlist(struct attachment *attachment)
{
	if (attachment->is_listed)
		LIST_REMOVE(attachment, next);
	attachment->is_listed = false;
}

static struct attachment *find(const struct attachment_name *name)
{
	struct attachment *attachment;

	LIST_FOREACH(attachment, &attachments, next)
		if (!strcmp(attachment->name.socket, name->socket) &&
		    !strcmp(attachment->name.partition, name->partition))
			return attachment;
	return NULL;
}

static int wait_for_change(uint64_t deadline_ns)
{
	struct timespec until;

	if (deadline_ns == HVPOST_NEVER)
		return -pthread_cond_wait(&change, &registry_lock);
	/* With this clock the time is absolute. */
	return -pthread_cond_clockwait(&change, &registry_lock, CLOCK_MONOTONIC,
				       hvpost_deadline_left(deadline_ns, 0,
							    &until));
}

/* Return 0 or -ETIMEDOUT: another thread attaches it, and still does. */
static int find_attached(const struct attachment_name *name,
			 uint64_t deadline_ns, struct attachment **found)
{
	int err = 0;

	while ((*found = find(name)) && (*found)->is_coming && !err)
		err = wait_for_change(deadline_ns);
	if (!*found || (*found)->is_coming)
		return *found ? -ETIMEDOUT : 0;
	/* One whose hvhost is gone is left to those who have it. */
	if (attachment_is_gone(*found)) {
		unlist(*found);
		*found = NULL;
	}
	return 0;
}

/* Without the lock meanwhile: others are not to wait for this one's hvhost. */
static int attach(struct attachment *attachment, uint64_t deadline_ns)
{
	int err;

	attachment->is_coming = true;
	list(attachment);
	pthread_mutex_unlock(&registry_lock);
	err = attachment_attach(attachment, deadline_ns);
	pthread_mutex_lock(&registry_lock);
	attachment->is_coming = false;
	pthread_cond_broadcast(&change);
	return err;
}

static int find_or_attach(const struct attachment_name *name,
			  uint64_t deadline_ns, struct attachment **attachment)
{
	int err = find_attached(name, deadline_ns, attachment);

	if (err || *attachment)
		return err;
	*attachment = attachment_new(name);
	if (!*attachment)
		return -ENOMEM;
	err = attach(*attachment, deadline_ns);
	if (err) {
		unlist(*attachment);
		attachment_free(*attachment);
	}
	return err;
}

int attachment_get(const struct attachment_name *name, uint64_t deadline_ns,
		   struct attachment **attachment)
{
	int saved_errno = errno, err;

	pthread_mutex_lock(&registry_lock);
	err = find_or_attach(name, deadline_ns, attachment);
	if (!err)
		(*attachment)->users++;
	pthread_mutex_unlock(&registry_lock);
	errno = saved_errno;
	return err;
}

void attachment_put(struct attachment *attachment)
{
	int saved_errno = errno;

	pthread_mutex_lock(&registry_lock);
	if (!--attachment->users && attachment_is_inherited(attachment)) {
		attachment_abandon(attachment);
	} else if (!attachment->users) {
		unlist(attachment);
		attachment_end(attachment);
	}
	pthread_mutex_unlock(&registry_lock);
	errno = saved_errno;
}
