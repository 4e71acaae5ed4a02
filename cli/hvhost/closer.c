// SPDX-License-Identifier: MIT
#include "closer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

struct closing {
	STAILQ_ENTRY(closing) next;
	int socket;
};

/* Whoever is the last to use it frees it: a thread that hangs may be that. */
struct closer {
	bool with_threads;
	int smaller_fd;
	pthread_cond_t more;
	pthread_mutex_t lock;		/* guards what is below */
	STAILQ_HEAD(, closing) queue;
	unsigned int queued;
	unsigned int in_close;		/* no more in the queue */
	unsigned int idle;		/* threads that wait for more */
	unsigned int users;		/* threads, and the owner */
	bool must_end;
};

static void let_go(struct closer *closer)
{
	struct closing *closing;
	bool is_last = !--closer->users;

	pthread_mutex_unlock(&closer->lock);
	if (!is_last)
		return;
	while ((closing = STAILQ_FIRST(&closer->queue))) {
		STAILQ_REMOVE_HEAD(&closer->queue, next);
		free(closing);
	}
	pthread_cond_destroy(&closer->more);
	pthread_mutex_destroy(&closer->lock);
	close(closer->smaller_fd);
	free(closer);
}

/* With the lock held, but while it closes. */
static void close_first(struct closer *closer)
{
	struct closing *closing = STAILQ_FIRST(&closer->queue);

	STAILQ_REMOVE_HEAD(&closer->queue, next);
	closer->queued--;
	closer->in_close++;
	pthread_mutex_unlock(&closer->lock);
	close(closing->socket);
	free(closing);
	pthread_mutex_lock(&closer->lock);
	closer->in_close--;
	if (closer->queued + closer->in_close == CLOSER_CROWD / 2)
		eventfd_write(closer->smaller_fd, 1);
}

static void *close_all(void *argument)
{
	struct closer *closer = argument;

	pthread_mutex_lock(&closer->lock);
	while (!closer->must_end) {
		if (!STAILQ_EMPTY(&closer->queue)) {
			close_first(closer);
			continue;
		}
		closer->idle++;
		pthread_cond_wait(&closer->more, &closer->lock);
		closer->idle--;
	}
	let_go(closer);
	return NULL;
}

int closer_new(bool with_threads, struct closer **closer)
{
	struct closer *new = calloc(1, sizeof(*new));

	if (!new)
		return -ENOMEM;
	new->with_threads = with_threads;
	new->users = 1;
	new->smaller_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (new->smaller_fd < 0) {
		int err = -errno;

		free(new);
		return err;
	}
	STAILQ_INIT(&new->queue);
	pthread_mutex_init(&new->lock, NULL);
	pthread_cond_init(&new->more, NULL);
	*closer = new;
	return 0;
}

void closer_free(struct closer *closer)
{
	if (!closer)
		return;
	pthread_mutex_lock(&closer->lock);
	closer->must_end = true;
	pthread_cond_broadcast(&closer->more);
	let_go(closer);
}

/*
 * With the lock held. As late as that, so that whatever filters our system calls
 * filters its too. Where there can be none, one that is there has the work to do, or
 * the next to come here tries again.
 */
static void start_thread(struct closer *closer)
{
	pthread_attr_t detached;
	pthread_t thread;

	if (closer->queued <= closer->idle || closer->users > CLOSER_THREADS)
		return;
	pthread_attr_init(&detached);
	pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
	if (!pthread_create(&thread, &detached, close_all, closer))
		closer->users++;
	pthread_attr_destroy(&detached);
}

static void hand_over(struct closer *closer, struct closing *closing)
{
	pthread_mutex_lock(&closer->lock);
	STAILQ_INSERT_TAIL(&closer->queue, closing, next);
	closer->queued++;
	start_thread(closer);
	pthread_cond_signal(&closer->more);
	pthread_mutex_unlock(&closer->lock);
}

void closer_close(struct closer *closer, int socket)
{
	struct closing *closing;

	if (socket < 0)
		return;
	if (!closer || !closer->with_threads) {
		close(socket);
		return;
	}
	shutdown(socket, SHUT_RDWR);
	closing = malloc(sizeof(*closing));
	/* Rather one that nobody closes than one that nobody stops waiting for. */
	if (!closing)
		return;
	closing->socket = socket;
	hand_over(closer, closing);
}

bool closer_is_crowded(struct closer *closer)
{
	bool is_crowded;

	pthread_mutex_lock(&closer->lock);
	is_crowded = closer->queued + closer->in_close >= CLOSER_CROWD;
	pthread_mutex_unlock(&closer->lock);
	return is_crowded;
}

int closer_fd(const struct closer *closer)
{
	return closer->smaller_fd;
}
