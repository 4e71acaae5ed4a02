// SPDX-License-Identifier: MIT
#include "stand.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int stand_init(struct stand *stand)
{
	*stand = (struct stand){
		.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};
	pthread_mutex_init(&stand->lock, NULL);
	pthread_cond_init(&stand->changed, NULL);
	return stand->fd < 0 ? -errno : 0;
}

void stand_destroy(struct stand *stand)
{
	if (stand->fd >= 0)
		close(stand->fd);
	pthread_cond_destroy(&stand->changed);
	pthread_mutex_destroy(&stand->lock);
}

static bool must_stand(const struct stand *stand)
{
	return stand->is_wanted && !stand->is_over;
}

/* Something else is wanted now. */
static void tell(struct stand *stand)
{
	eventfd_t count;

	if (stand->is_wanted || stand->is_over)
		eventfd_write(stand->fd, 1);
	else
		eventfd_read(stand->fd, &count);
	pthread_cond_broadcast(&stand->changed);
}

void stand_here(struct stand *stand)
{
	pthread_mutex_lock(&stand->lock);
	stand->standing++;
	pthread_cond_broadcast(&stand->changed);
	while (must_stand(stand))
		pthread_cond_wait(&stand->changed, &stand->lock);
	stand->standing--;
	pthread_mutex_unlock(&stand->lock);
}

void stand_expect(struct stand *stand)
{
	pthread_mutex_lock(&stand->lock);
	stand->threads++;
	pthread_mutex_unlock(&stand->lock);
}

void stand_expect_less(struct stand *stand)
{
	pthread_mutex_lock(&stand->lock);
	stand->threads--;
	pthread_cond_broadcast(&stand->changed);
	pthread_mutex_unlock(&stand->lock);
}

void stand_want(struct stand *stand)
{
	pthread_mutex_lock(&stand->lock);
	stand->is_wanted = true;
	tell(stand);
	pthread_mutex_unlock(&stand->lock);
}

bool stand_wait(struct stand *stand)
{
	bool all_stand;

	pthread_mutex_lock(&stand->lock);
	while (must_stand(stand) && stand->standing < stand->threads)
		pthread_cond_wait(&stand->changed, &stand->lock);
	all_stand = must_stand(stand);
	pthread_mutex_unlock(&stand->lock);
	return all_stand;
}

void stand_release(struct stand *stand)
{
	pthread_mutex_lock(&stand->lock);
	stand->is_wanted = false;
	tell(stand);
	pthread_mutex_unlock(&stand->lock);
}

void stand_end(struct stand *stand)
{
	pthread_mutex_lock(&stand->lock);
	stand->is_over = true;
	tell(stand);
	pthread_mutex_unlock(&stand->lock);
}

void stand_begin(struct stand *stand)
{
	pthread_mutex_lock(&stand->lock);
	stand->is_over = false;
	stand->threads = 0;
	tell(stand);
	pthread_mutex_unlock(&stand->lock);
}
