// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <lock.h>

#include "suites.h"

static struct lock lock;
static unsigned int both[2];	/* equal while nobody excludes */
static _Atomic bool writer_is_in, reader_is_in;

static void set_up(void)
{
	lock_init(&lock);
	both[0] = both[1] = 0;
	writer_is_in = reader_is_in = false;
}

static void tear_down(void)
{
	lock_destroy(&lock);
}

static void *run_exclusively(void *unused)
{
	lock_exclude(&lock);
	writer_is_in = true;
	lock_unexclude(&lock);
	return unused;
}

static void *run_shared(void *unused)
{
	struct lock_shard *shard = lock_share(&lock);

	reader_is_in = true;
	lock_unshare(shard);
	return unused;
}

START_TEST(threads_share_at_the_same_time)
{
	struct lock_shard *shard = lock_share(&lock);
	pthread_t thread;

	/* More threads than shards, so that some have one in common. */
	for (int i = 0; i < 2 * LOCK_SHARDS; i++) {
		pthread_create(&thread, NULL, run_shared, NULL);
		pthread_join(thread, NULL);
	}
	ck_assert(reader_is_in);
	lock_unshare(shard);
}
END_TEST

START_TEST(writer_waits_for_a_reader)
{
	struct lock_shard *shard = lock_share(&lock);
	pthread_t thread;

	pthread_create(&thread, NULL, run_exclusively, NULL);
	for (int i = 0; i < 1000; i++)
		sched_yield();
	ck_assert(!writer_is_in);
	lock_unshare(shard);
	pthread_join(thread, NULL);
	ck_assert(writer_is_in);
}
END_TEST

START_TEST(readers_wait_for_a_writer)
{
	pthread_t thread[2 * LOCK_SHARDS];

	lock_exclude(&lock);
	for (int i = 0; i < 2 * LOCK_SHARDS; i++)
		pthread_create(&thread[i], NULL, run_shared, NULL);
	for (int i = 0; i < 1000; i++)
		sched_yield();
	ck_assert(!reader_is_in);
	lock_unexclude(&lock);
	for (int i = 0; i < 2 * LOCK_SHARDS; i++)
		pthread_join(thread[i], NULL);
	ck_assert(reader_is_in);
}
END_TEST

/* Otherwise guests that post in turns keep a port from ever being deleted. */
START_TEST(readers_that_come_later_let_a_waiting_writer_pass)
{
	struct lock_shard *shard = lock_share(&lock);
	pthread_t thread;

	pthread_create(&thread, NULL, run_exclusively, NULL);
	while (!pthread_rwlock_tryrdlock(&shard->lock)) {
		pthread_rwlock_unlock(&shard->lock);
		sched_yield();
	}
	lock_unshare(shard);
	pthread_join(thread, NULL);
	ck_assert(writer_is_in);
}
END_TEST

#define ROUNDS 2000

static void *count_up(void *unused)
{
	for (int i = 0; i < ROUNDS; i++) {
		lock_exclude(&lock);
		both[0]++;
		both[1]++;
		lock_unexclude(&lock);
	}
	return unused;
}

static void *compare(void *result)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct lock_shard *shard = lock_share(&lock);

		if (both[0] != both[1])
			atomic_store((_Atomic bool *)result, true);
		lock_unshare(shard);
	}
	return NULL;
}

START_TEST(readers_never_see_half_of_a_change)
{
	_Atomic bool differed = false;
	pthread_t writer[2], reader[2];

	for (int i = 0; i < 2; i++) {
		pthread_create(&writer[i], NULL, count_up, NULL);
		pthread_create(&reader[i], NULL, compare, &differed);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(writer[i], NULL);
		pthread_join(reader[i], NULL);
	}
	ck_assert(!differed);
	ck_assert_uint_eq(both[0], 2 * ROUNDS);
}
END_TEST

Suite *lock_suite(void)
{
	Suite *suite = suite_create("lock");
	TCase *tcase = tcase_create("lock");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, threads_share_at_the_same_time);
	tcase_add_test(tcase, writer_waits_for_a_reader);
	tcase_add_test(tcase, readers_wait_for_a_writer);
	tcase_add_test(tcase, readers_that_come_later_let_a_waiting_writer_pass);
	tcase_add_test(tcase, readers_never_see_half_of_a_change);
	suite_add_tcase(suite, tcase);
	return suite;
}
