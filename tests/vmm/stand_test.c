// SPDX-License-Identifier: MIT
/* Standing still, by threads that otherwise go round and round. */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "lib/vmm/stand.h"
#include "suites.h"

#define THREADS 3

static struct stand stand;
static pthread_t thread[THREADS];
static _Atomic bool must_end;
static _Atomic unsigned int rounds;

static void remind_nobody(void *context)
{
	(void)context;
}

static const struct stand_reminder nobody = { remind_nobody, NULL };

static void *run(void *context)
{
	(void)context;
	while (!atomic_load(&must_end)) {
		if (stand_is_wanted(&stand))
			stand_here(&stand);
		atomic_fetch_add(&rounds, 1);
		sched_yield();
	}
	return NULL;
}

static void start(int count)
{
	for (int i = 0; i < count; i++) {
		stand_expect(&stand);
		ck_assert_int_eq(pthread_create(&thread[i], NULL, run, NULL), 0);
	}
}

static void join(int count)
{
	for (int i = 0; i < count; i++)
		pthread_join(thread[i], NULL);
}

static void end(int count)
{
	atomic_store(&must_end, true);
	stand_end(&stand);
	join(count);
}

static void make(void)
{
	ck_assert_int_eq(stand_init(&stand), 0);
	atomic_store(&must_end, false);
	atomic_store(&rounds, 0);
}

static void destroy(void)
{
	stand_destroy(&stand);
}

static bool is_readable(void)
{
	struct pollfd fd = { .fd = stand.fd, .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

static void await_rounds(unsigned int count)
{
	unsigned int from = atomic_load(&rounds);

	while (atomic_load(&rounds) - from < count)
		sched_yield();
}

START_TEST(once_all_stand_none_does_a_thing)
{
	unsigned int seen;

	start(THREADS);
	for (int i = 0; i < 20; i++) {
		await_rounds(THREADS);
		stand_want(&stand);
		ck_assert(stand_wait(&stand, &nobody));
		seen = atomic_load(&rounds);
		ck_assert_uint_eq(stand.standing, THREADS);
		ck_assert_uint_eq(atomic_load(&rounds), seen);
		stand_release(&stand);
	}
	end(THREADS);
}
END_TEST

START_TEST(who_wants_it_twice_lets_go_once)
{
	start(THREADS);
	stand_want(&stand);
	stand_want(&stand);
	ck_assert(stand_wait(&stand, &nobody));
	ck_assert(stand_wait(&stand, &nobody));
	stand_release(&stand);
	ck_assert(!stand_is_wanted(&stand));
	await_rounds(THREADS);
	end(THREADS);
}
END_TEST

START_TEST(nobody_waits_for_threads_that_could_not_begin)
{
	stand_expect(&stand);
	stand_expect_less(&stand);
	stand_want(&stand);
	ck_assert(stand_wait(&stand, &nobody));
}
END_TEST

START_TEST(one_that_is_about_to_begin_is_waited_for)
{
	stand_want(&stand);
	start(1);
	ck_assert(stand_wait(&stand, &nobody));
	ck_assert_uint_eq(stand.standing, 1);
	ck_assert_uint_eq(atomic_load(&rounds), 0);
	end(1);
}
END_TEST

static void *wait_for_all(void *context)
{
	bool *all_stand = context;

	*all_stand = stand_wait(&stand, &nobody);
	return NULL;
}

/* One thread never comes: the wait ends all the same. */
START_TEST(an_end_and_a_release_end_the_wait_for_it)
{
	bool all_stand = true;
	pthread_t waiter;

	stand_expect(&stand);
	stand_want(&stand);
	ck_assert_int_eq(pthread_create(&waiter, NULL, wait_for_all,
					&all_stand), 0);
	if (_i)
		stand_end(&stand);
	else
		stand_release(&stand);
	pthread_join(waiter, NULL);
	ck_assert(!all_stand);
}
END_TEST

static void count_reminder(void *context)
{
	atomic_fetch_add((_Atomic unsigned int *)context, 1);
}

/* It looks when it has been told for the second time. */
static void *stand_late(void *context)
{
	while (atomic_load((_Atomic unsigned int *)context) < 2)
		sched_yield();
	stand_here(&stand);
	stand_leave(&stand);
	return NULL;
}

START_TEST(one_that_misses_what_it_is_told_is_told_again)
{
	_Atomic unsigned int reminders = 0;
	const struct stand_reminder again = { count_reminder, &reminders };
	pthread_t late;

	stand_expect(&stand);
	stand_want(&stand);
	ck_assert_int_eq(pthread_create(&late, NULL, stand_late, &reminders), 0);
	ck_assert(stand_wait(&stand, &again));
	stand_end(&stand);
	stand_wait_for_end(&stand, &again);
	ck_assert_uint_eq(stand.threads, 0);
	pthread_join(late, NULL);
}
END_TEST

START_TEST(those_that_stand_go_when_it_is_over)
{
	start(THREADS);
	stand_want(&stand);
	ck_assert(stand_wait(&stand, &nobody));
	end(THREADS);
	ck_assert(!stand_wait(&stand, &nobody));
}
END_TEST

START_TEST(the_descriptor_tells_of_both)
{
	ck_assert(!is_readable());
	stand_want(&stand);
	ck_assert(is_readable());
	stand_release(&stand);
	ck_assert(!is_readable());
	stand_end(&stand);
	ck_assert(is_readable());
	stand_release(&stand);
	ck_assert(is_readable());
}
END_TEST

START_TEST(what_was_wanted_is_wanted_of_those_who_begin_anew)
{
	start(1);
	stand_want(&stand);
	end(1);
	stand_begin(&stand);
	ck_assert(is_readable());
	atomic_store(&must_end, false);
	start(1);
	ck_assert(stand_wait(&stand, &nobody));
	stand_release(&stand);
	ck_assert(!is_readable());
	await_rounds(1);
	end(1);
}
END_TEST

Suite *stand_suite(void)
{
	Suite *suite = suite_create("stand");
	TCase *tests = tcase_create("stand");

	/* Threads that never rest take long where others want the processor. */
	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, make, destroy);
	tcase_add_test(tests, once_all_stand_none_does_a_thing);
	tcase_add_test(tests, who_wants_it_twice_lets_go_once);
	tcase_add_test(tests, nobody_waits_for_threads_that_could_not_begin);
	tcase_add_test(tests, one_that_is_about_to_begin_is_waited_for);
	tcase_add_loop_test(tests, an_end_and_a_release_end_the_wait_for_it, 0,
			    2);
	tcase_add_test(tests, one_that_misses_what_it_is_told_is_told_again);
	tcase_add_test(tests, those_that_stand_go_when_it_is_over);
	tcase_add_test(tests, the_descriptor_tells_of_both);
	tcase_add_test(tests, what_was_wanted_is_wanted_of_those_who_begin_anew);
	suite_add_tcase(suite, tests);
	return suite;
}
