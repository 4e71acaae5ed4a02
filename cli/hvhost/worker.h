/* SPDX-License-Identifier: MIT */
/*
 * worker.h - the one thread that carries out what all attached processes ask for
 * in their memory, in turn, a little of each at a time.
 *
 * It is one for all, so that while anybody is busy nobody has to wake it: on a
 * machine with few processors each wake-up would take one from those who talk.
 *
 * The functions are the main thread's. A job's are the worker's, and are never
 * called while the main thread is in one of these.
 */
#ifndef WORKER_H
#define WORKER_H

#include <stdbool.h>
#include <sys/queue.h>

struct worker;

/* What it does for one process. */
struct job {
	TAILQ_ENTRY(job) next;		/* the worker's */
	const struct job_ops *ops;
	int socket;			/* ready() is for this */
	int doorbell;			/* an eventfd, of which only edges count */
};

struct job_ops {
	/* Do some of what there is. Return whether there was anything. */
	bool (*run)(struct job *job);
	/* Is there anything? After set_sleeping(): what others will ring for. */
	bool (*has_work)(struct job *job);
	void (*set_sleeping)(struct job *job, bool sleeping);
	/* The socket has something, or is closed. False: do not look again. */
	bool (*ready)(struct job *job);
};

/* Return 0 or a negative errno value. */
int worker_new(struct worker **worker);
/* All jobs have been removed. May be NULL. */
void worker_free(struct worker *worker);

/* Its thread begins with the first job. Return 0 or a negative errno value. */
int worker_add(struct worker *worker, struct job *job);
/* From here on nobody calls its functions any more. */
void worker_remove(struct worker *worker, struct job *job);

#endif /* WORKER_H */
