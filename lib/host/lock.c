// SPDX-License-Identifier: MIT
#include "lock.h"

#include <stdatomic.h>

void lock_init(struct lock *lock)
{
	pthread_rwlockattr_t attributes;

	pthread_mutex_init(&lock->writer, NULL);
	pthread_rwlockattr_init(&attributes);
	pthread_rwlockattr_setkind_np(&attributes,
				      PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	for (unsigned int i = 0; i < LOCK_SHARDS; i++)
		pthread_rwlock_init(&lock->shard[i].lock, &attributes);
	pthread_rwlockattr_destroy(&attributes);
}

void lock_destroy(struct lock *lock)
{
	for (unsigned int i = 0; i < LOCK_SHARDS; i++)
		pthread_rwlock_destroy(&lock->shard[i].lock);
	pthread_mutex_destroy(&lock->writer);
}

/* Threads get shards in turn, once: the number orders nothing. */
static unsigned int shard_of_thread(void)
{
	static _Atomic unsigned int threads;
	static _Thread_local unsigned int number;

	if (!number)
		number = 1 + atomic_fetch_add_explicit(&threads, 1,
						       memory_order_relaxed);
	return number % LOCK_SHARDS;
}

struct lock_shard *lock_share(struct lock *lock)
{
	struct lock_shard *shard = &lock->shard[shard_of_thread()];

	pthread_rwlock_rdlock(&shard->lock);
	return shard;
}

void lock_unshare(struct lock_shard *shard)
{
	pthread_rwlock_unlock(&shard->lock);
}

void lock_exclude(struct lock *lock)
{
	pthread_mutex_lock(&lock->writer);
	for (unsigned int i = 0; i < LOCK_SHARDS; i++)
		pthread_rwlock_wrlock(&lock->shard[i].lock);
}

void lock_unexclude(struct lock *lock)
{
	for (unsigned int i = LOCK_SHARDS; i-- > 0;)
		pthread_rwlock_unlock(&lock->shard[i].lock);
	pthread_mutex_unlock(&lock->writer);
}
