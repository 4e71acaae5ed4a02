// SPDX-License-Identifier: MIT
#include "worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/common/spin.h"
#include "packet.h"

/* Rounds between two looks at the sockets while there is always something. */
#define ROUNDS_PER_LOOK 64
#define EVENTS_AT_ONCE 16

struct worker {
	pthread_t thread;
	bool is_running;		/* these two: the main thread's */
	int epoll;
	int kick;			/* an eventfd that wakes it for the main thread */
	atomic_bool must_end;
	atomic_bool is_wanted;		/* the main thread waits for the lock */
	pthread_mutex_t lock;		/* guards the jobs and what is below */
	pthread_cond_t left;		/* the main thread has left */
	unsigned int changes;		/* of the list */
	struct spin spin;
	TAILQ_HEAD(, job) jobs;
};

/* The thread; it holds the lock but while it sleeps */

static bool run_all(struct worker *worker)
{
	struct job *job;
	bool found = false;

	TAILQ_FOREACH(job, &worker->jobs, next)
		found |= job->ops->run(job);
	return found;
}

static bool has_work(void *context)
{
	struct worker *worker = context;
	struct job *job;

	TAILQ_FOREACH(job, &worker->jobs, next)
		if (job->ops->has_work(job))
			return true;
	return atomic_load(&worker->is_wanted) ||
	       atomic_load(&worker->must_end);
}

static void set_sleeping(struct worker *worker, bool sleeping)
{
	struct job *job;

	TAILQ_FOREACH(job, &worker->jobs, next)
		job->ops->set_sleeping(job, sleeping);
}

static void unwatch(struct worker *worker, int fd)
{
	epoll_ctl(worker->epoll, EPOLL_CTL_DEL, fd, NULL);
}

static void handle(struct worker *worker, const struct epoll_event *events,
		   int count)
{
	for (int i = 0; i < count; i++) {
		struct job *job = events[i].data.ptr;

		if (job && !job->ops->ready(job))
			unwatch(worker, job->socket);
	}
}

static void look_at_sockets(struct worker *worker)
{
	struct epoll_event events[EVENTS_AT_ONCE];

	handle(worker, events,
	       epoll_wait(worker->epoll, events, EVENTS_AT_ONCE, 0));
}

/* See attach.h on @sleeping: the look after the store is what counts. */
static void sleep_until_rung(struct worker *worker)
{
	struct epoll_event events[EVENTS_AT_ONCE];
	unsigned int changes = worker->changes;
	int count = 0;

	set_sleeping(worker, true);
	if (!has_work(worker)) {
		pthread_mutex_unlock(&worker->lock);
		count = epoll_wait(worker->epoll, events, EVENTS_AT_ONCE, -1);
		pthread_mutex_lock(&worker->lock);
	}
	set_sleeping(worker, false);
	/* Else they may be of jobs that are gone; the others' come again. */
	if (changes == worker->changes)
		handle(worker, events, count);
}

static void let_in(struct worker *worker)
{
	while (atomic_load(&worker->is_wanted))
		pthread_cond_wait(&worker->left, &worker->lock);
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	unsigned int rounds = 0;

	pthread_mutex_lock(&worker->lock);
	while (!atomic_load(&worker->must_end)) {
		bool found;

		let_in(worker);
		found = run_all(worker);
		if (found && ++rounds % ROUNDS_PER_LOOK)
			continue;
		if (found)
			look_at_sockets(worker);
		else if (!spin_until(&worker->spin, has_work, worker))
			sleep_until_rung(worker);
	}
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

/* The main thread */

static void enter(struct worker *worker)
{
	atomic_store(&worker->is_wanted, true);
	eventfd_write(worker->kick, 1);
	pthread_mutex_lock(&worker->lock);
}

static void leave(struct worker *worker)
{
	worker->changes++;
	atomic_store(&worker->is_wanted, false);
	pthread_cond_signal(&worker->left);
	pthread_mutex_unlock(&worker->lock);
}

/* @job: whose socket it is; NULL: no more than a wake-up, and nobody reads it. */
static int watch(struct worker *worker, int fd, struct job *job)
{
	struct epoll_event event = {
		.events = EPOLLIN | (job ? EPOLLRDHUP : EPOLLET),
		.data.ptr = job,
	};

	return epoll_ctl(worker->epoll, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

int worker_new(struct worker **worker)
{
	struct worker *new = calloc(1, sizeof(*new));
	int err;

	if (!new)
		return -ENOMEM;
	TAILQ_INIT(&new->jobs);
	pthread_mutex_init(&new->lock, NULL);
	pthread_cond_init(&new->left, NULL);
	new->epoll = epoll_create1(EPOLL_CLOEXEC);
	new->kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = new->epoll < 0 || new->kick < 0 ? -errno :
						watch(new, new->kick, NULL);
	if (err) {
		worker_free(new);
		return err;
	}
	*worker = new;
	return 0;
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	if (worker->is_running) {
		atomic_store(&worker->must_end, true);
		eventfd_write(worker->kick, 1);
		pthread_join(worker->thread, NULL);
	}
	packet_close(worker->kick);
	packet_close(worker->epoll);
	pthread_cond_destroy(&worker->left);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}

static int watch_job(struct worker *worker, struct job *job)
{
	int err = watch(worker, job->doorbell, NULL);

	if (err)
		return err;
	err = watch(worker, job->socket, job);
	if (err)
		unwatch(worker, job->doorbell);
	return err;
}

/* As late as that, so that whatever filters our system calls filters its too. */
static int start(struct worker *worker)
{
	int err = worker->is_running ? 0 :
		  pthread_create(&worker->thread, NULL, work, worker);

	worker->is_running = !err;
	return -err;
}

int worker_add(struct worker *worker, struct job *job)
{
	int err = start(worker);

	if (err)
		return err;
	enter(worker);
	err = watch_job(worker, job);
	if (!err)
		TAILQ_INSERT_TAIL(&worker->jobs, job, next);
	leave(worker);
	return err;
}

void worker_remove(struct worker *worker, struct job *job)
{
	enter(worker);
	TAILQ_REMOVE(&worker->jobs, job, next);
	unwatch(worker, job->socket);
	unwatch(worker, job->doorbell);
	leave(worker);
}
