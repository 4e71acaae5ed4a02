/* SPDX-License-Identifier: MIT */
/*
 * stand.h - where a guest's threads stand still while it is paused.
 *
 * Each of them looks, before it does anything more for the guest, whether it is
 * to stand. Who wants them to sees to it that they look: this knows no thread.
 */
#ifndef VMM_STAND_H
#define VMM_STAND_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct stand {
	/* Guards all of this, and what its user says that it guards. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	_Atomic bool is_wanted;	/* to be read without the lock, too */
	bool is_over;		/* stand no more: the guest has ended */
	uint32_t threads;	/* that are to stand */
	uint32_t standing;	/* that do */
	int fd;			/* an eventfd, readable if is_wanted or is_over */
};

/* Return 0 or a negative errno value. */
int stand_init(struct stand *stand);
void stand_destroy(struct stand *stand);

/* For one of the threads: */

static inline bool stand_is_wanted(const struct stand *stand)
{
	return atomic_load(&stand->is_wanted);
}
/* Stand for as long as that is so. */
void stand_here(struct stand *stand);
/* It does nothing more for the guest. */
void stand_leave(struct stand *stand);

/* For others: */

/* A thread is about to begin; or it could not. */
void stand_expect(struct stand *stand);
void stand_expect_less(struct stand *stand);
void stand_want(struct stand *stand);

/*
 * A thread that is about to wait for somebody else may miss what told it to look.
 * So whoever waits for threads has them told again, every few milliseconds.
 */
struct stand_reminder {
	void (*remind)(void *context);	/* called without the lock */
	void *context;
};

/* Wait until all stand. Return whether they do: nobody has let them go. */
bool stand_wait(struct stand *stand, const struct stand_reminder *reminder);
/* Wait until all that were expected have said stand_leave(). */
void stand_wait_for_end(struct stand *stand,
			const struct stand_reminder *reminder);
void stand_release(struct stand *stand);
/* They are to end: nobody stands, and nobody waits for it. */
void stand_end(struct stand *stand);
/* All have ended, and others are to begin; what is wanted of them stays. */
void stand_begin(struct stand *stand);

#endif /* VMM_STAND_H */
