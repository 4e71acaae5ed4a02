// SPDX-License-Identifier: MIT
#include "stand.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define REMIND_NS	10000000

static void init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

int stand_init(struct stand *stand)
{
	*stand = (struct stand){
		.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};
	pthread_mutex_init(&stand->lock, NULL);
	init_condition(&stand->changed);
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

void stand_leave(struct stand *stand)
{
	stand_expect_less(stand);
}

void stand_want(struct stand *stand)
{
	pthread_mutex_lock(&stand->lock);
	stand->is_wanted = true;
	tell(stand);
	pthread_mutex_unlock(&stand->lock);
}

static void await_change(struct stand *stand,
			 const struct stand_reminder *reminder)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += REMIND_NS;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	if (pthread_cond_timedwait(&stand->changed, &stand->lock, &until) !=
	    ETIMEDOUT)
		return;
	pthread_mutex_unlock(&stand->lock);
	reminder->remind(reminder->context);
	pthread_mutex_lock(&stand->lock);
}

bool stand_wait(struct stand *stand, const struct stand_reminder *reminder)
{
	bool all_stand;

	pthread_mutex_lock(&stand->lock);
	while (must_stand(stand) && stand->standing < stand->threads)
		await_change(stand, reminder);
	all_stand = must_stand(stand);
	pthread_mutex_unlock(&stand->lock);
	return all_stand;
}

void stand_wait_for_end(struct stand *stand,
			const struct stand_reminder *reminder)
{
	pthread_mutex_lock(&stand->lock);
	while (stand->threads)
		await_change(stand, reminder);
	pthread_mutex_unlock(&stand->lock);
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
