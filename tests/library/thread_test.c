// SPDX-License-Identifier: MIT
/* hvpost.h, what it says of threads. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "link.h"
#include "suites.h"

/* The two halves of one handle */

struct halves {
	struct hvpost *handle;
	/* How many may be on their way; where the host minds, one. */
	sem_t room;
};

static void *post_numbers(void *argument)
{
	struct halves *halves = argument;

	for (uint64_t number = 1; number <= echo.messages; number++) {
		while (sem_wait(&halves->room))
			;
		send_number(halves->handle, 0, number);
	}
	return NULL;
}

START_TEST(one_thread_posts_while_another_receives_by_the_same_handle)
{
	struct halves halves = { .handle = open_bound(0, 4) };
	struct hvpost_message message;
	pthread_t poster;

	sem_init(&halves.room, 0, echo.flow ? echo.messages : 1);
	ck_assert_int_eq(pthread_create(&poster, NULL, post_numbers, &halves),
			 0);
	for (uint64_t number = 1; number <= echo.messages; number++) {
		ck_assert_int_eq(hvpost_receive(halves.handle, &message,
						HVPOST_NEVER), 0);
		ck_assert_uint_eq(number_in(&message), number);
		ck_assert_uint_eq(message.sequence, number);
		sem_post(&halves.room);
	}
	pthread_join(poster, NULL);
	sem_destroy(&halves.room);
	ck_nothing_there(halves.handle);
}
END_TEST

/* Handles in threads of their own */

struct player {
	struct hvpost *handle;
	uint32_t n;
	pthread_t thread;
};

static void *play(void *argument)
{
	struct player *player = argument;

	for (uint64_t number = 1; number <= 200; number++) {
		send_number(player->handle, player->n, number << 8 | player->n);
		receive_number(player->handle, number << 8 | player->n);
	}
	return NULL;
}

START_TEST(handles_in_threads_of_their_own_get_their_own_messages)
{
	struct player players[LINKS];

	for (uint32_t n = 0; n < LINKS; n++) {
		players[n].n = n;
		players[n].handle = open_bound(n, 0);
	}
	for (uint32_t n = 0; n < LINKS; n++)
		ck_assert_int_eq(pthread_create(&players[n].thread, NULL, play,
						&players[n]), 0);
	for (uint32_t n = 0; n < LINKS; n++)
		pthread_join(players[n].thread, NULL);
	for (uint32_t n = 0; n < LINKS; n++)
		ck_nothing_there(players[n].handle);
}
END_TEST

/* Many posters, one receiver, and less room than they need */

#define POSTERS 4u

static atomic_uint posters_done;

struct poster {
	struct hvpost *handle;
	uint64_t id;
	pthread_t thread;
};

static void *flood(void *argument)
{
	struct poster *poster = argument;

	for (uint64_t number = 1; number <= echo.messages; number++)
		send_number(poster->handle, 0, poster->id << 32 | number);
	atomic_fetch_add(&posters_done, 1);
	return NULL;
}

static void start_posters(struct poster *posters)
{
	for (uint64_t id = 0; id < POSTERS; id++) {
		posters[id].id = id;
		posters[id].handle = open_handle();
		ck_assert_int_eq(pthread_create(&posters[id].thread, NULL,
						flood, &posters[id]), 0);
	}
}

static void join_posters(struct poster *posters)
{
	for (uint64_t id = 0; id < POSTERS; id++)
		pthread_join(posters[id].thread, NULL);
}

static const unsigned int ring_sizes[] = { 1, 8, 4096 };

START_TEST(of_many_posters_each_message_arrives_once_and_in_order)
{
	uint64_t last[POSTERS] = { 0 };
	struct poster posters[POSTERS];
	struct hvpost *hv = open_bound(0, ring_sizes[_i]);

	start_posters(posters);
	for (uint64_t i = 1; i <= (uint64_t)echo.messages * POSTERS; i++) {
		struct hvpost_message message = receive(hv);
		uint64_t number = number_in(&message);

		ck_assert_uint_eq(message.sequence, i);
		ck_assert_uint_lt(number >> 32, POSTERS);
		ck_assert_uint_eq((uint32_t)number, ++last[number >> 32]);
	}
	join_posters(posters);
	ck_nothing_there(hv);
}
END_TEST

/* What a close loses is lost, but nothing comes twice, late or damaged. */
START_TEST(a_sint_changes_hands_while_others_post)
{
	uint64_t last[POSTERS] = { 0 };
	struct poster posters[POSTERS];
	struct hvpost_message message;

	atomic_store(&posters_done, 0);
	start_posters(posters);
	while (atomic_load(&posters_done) < POSTERS) {
		struct hvpost *hv = open_bound(0, 2);

		for (unsigned int i = 0; i < 20; i++) {
			uint64_t number;

			if (hvpost_receive(hv, &message,
					   hvpost_deadline_in_ms(10)))
				break;
			number = number_in(&message);
			ck_assert_uint_lt(number >> 32, POSTERS);
			ck_assert_uint_gt((uint32_t)number, last[number >> 32]);
			last[number >> 32] = (uint32_t)number;
		}
		close_handle(hv);
	}
	join_posters(posters);
}
END_TEST

Suite *thread_suite(void)
{
	static const char no_flow[] =
		"a post that its host refuses harms others (flow=)";
	Suite *suite = suite_create("threads");
	TCase *tcase = add_tcase(suite, "threads");

	tcase_add_test(tcase,
		       one_thread_posts_while_another_receives_by_the_same_handle);
	tcase_add_test(tcase,
		       handles_in_threads_of_their_own_get_their_own_messages);
	add_loop_if(tcase, echo.flow, no_flow,
		    of_many_posters_each_message_arrives_once_and_in_order,
		    ROWS(ring_sizes));
	add_if(tcase, echo.flow, no_flow,
	       a_sint_changes_hands_while_others_post);
	return suite;
}
