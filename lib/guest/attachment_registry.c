// SPDX-License-Identifier: MIT
#include "attachment_registry.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static LIST_HEAD(, attachment) attachments; /* guarded by registry_lock */

/*
 * In a child of fork(): all there are are the parent's, and the lock and the list
 * may be in the hands of a thread which is not here.
 */
static void forget_attachments(void)
{
	pthread_mutex_init(&registry_lock, NULL);
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

/* One whose hvhost is gone is left to those who have it. */
static struct attachment *find_alive(const struct attachment_name *name)
{
	struct attachment *found = find(name);

	if (!found || !attachment_is_gone(found))
		return found;
	unlist(found);
	return NULL;
}

int attachment_get(const struct attachment_name *name, uint64_t deadline_ns,
		   struct attachment **attachment)
{
	int saved_errno = errno, err = 0;

	pthread_mutex_lock(&registry_lock);
	*attachment = find_alive(name);
	if (!*attachment) {
		err = attachment_new(name, deadline_ns, attachment);
		if (!err)
			list(*attachment);
	}
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
		attachment_free(attachment);
	}
	pthread_mutex_unlock(&registry_lock);
	errno = saved_errno;
}
