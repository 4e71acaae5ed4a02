/* SPDX-License-Identifier: MIT */
/*
 * A lock that many may share without disturbing each other: a reader takes one
 * of its shards, its thread's own if there are not more threads than shards;
 * a writer takes all of them, in order. Shared holds may not nest.
 *
 * Neither side can keep the other out: readers that come later let a waiting
 * writer pass, and as writers come one at a time, those readers pass before the
 * next one.
 */
#ifndef HVHOST_LOCK_H
#define HVHOST_LOCK_H

#include <pthread.h>

#define LOCK_SHARDS 16

struct lock {
	pthread_mutex_t writer;
	struct lock_shard {
		_Alignas(64) pthread_rwlock_t lock;
	} shard[LOCK_SHARDS];
};

void lock_init(struct lock *lock);
void lock_destroy(struct lock *lock);

/* The shard must be given back, in the same thread. */
struct lock_shard *lock_share(struct lock *lock);
void lock_unshare(struct lock_shard *shard);

void lock_exclude(struct lock *lock);
void lock_unexclude(struct lock *lock);

#endif /* HVHOST_LOCK_H */
