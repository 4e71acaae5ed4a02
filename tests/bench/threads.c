// SPDX-License-Identifier: MIT
/* Two threads on two processors. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "bench.h"
#include "machine.h"

#define COUNT	200000u
#define FIRST	0x10u		/* id of poster 0's port; the next one's is next */
#define SINT	3u		/* the same way */
#define CELLS	16u

static struct machine machine;

static pthread_t start(void *(*run)(void *), void *argument)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, argument))
		bench_fail("cannot start a thread");
	return thread;
}

/* The peer: whoever has nothing to do spins on the cell he needs. */

struct cell {
	_Alignas(64) _Atomic uint32_t turn;
	uint8_t bytes[HV_MESSAGE_SIZE - sizeof(uint32_t)];
};

static struct cell cells[CELLS];

static void wait_for_turn(const struct cell *cell, uint32_t turn)
{
	while (atomic_load_explicit(&cell->turn, memory_order_acquire) != turn)
		bench_relax();
}

/* Message i uses its cell at turn 2i; the consumer at 2i + 1. */
static void *ring_consume(void *argument)
{
	uint8_t taken[sizeof(cells[0].bytes)];

	(void)argument;
	bench_pin(1);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct cell *cell = &cells[i % CELLS];

		wait_for_turn(cell, 2 * i + 1);
		memcpy(taken, cell->bytes, sizeof(taken));
		__asm__ volatile("" : : "r"(taken) : "memory");
		atomic_store_explicit(&cell->turn, 2 * (i + CELLS),
				      memory_order_release);
	}
	return NULL;
}

static double ring(void)
{
	double start_ns = bench_now_ns();
	pthread_t consumer;

	for (uint32_t i = 0; i < CELLS; i++)
		atomic_store(&cells[i].turn, 2 * i);
	consumer = start(ring_consume, NULL);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct cell *cell = &cells[i % CELLS];

		wait_for_turn(cell, 2 * i);
		memcpy(cell->bytes, machine_input(0), sizeof(cell->bytes));
		atomic_store_explicit(&cell->turn, 2 * i + 1,
				      memory_order_release);
	}
	pthread_join(consumer, NULL);
	return COUNT / (bench_now_ns() - start_ns) * 1e3;
}

static void *consume(void *argument)
{
	(void)argument;
	bench_pin(1);
	for (unsigned int i = 0; i < COUNT;)
		if (machine_take(&machine, SINT))
			i++;
		else
			bench_relax();
	return NULL;
}

static double post_to_consumer(void)
{
	double start_ns = bench_now_ns();
	pthread_t consumer = start(consume, NULL);

	for (unsigned int i = 0; i < COUNT;)
		if (!machine_post(&machine, 0))
			i++;
		else
			bench_relax();
	pthread_join(consumer, NULL);
	return COUNT / (bench_now_ns() - start_ns) * 1e3;
}

/* Two posters, each to a port of its own, which it empties itself. */

static void *post_and_take(void *argument)
{
	unsigned int poster = *(unsigned int *)argument;

	bench_pin(poster);
	for (unsigned int i = 0; i < COUNT; i++)
		if (machine_post(&machine, poster) ||
		    !machine_take(&machine, SINT + poster))
			bench_fail("a post did not arrive");
	return NULL;
}

static double posters(unsigned int count)
{
	static unsigned int number[POSTERS] = { 0, 1 };
	double start_ns = bench_now_ns();
	pthread_t thread[POSTERS];

	for (unsigned int i = 0; i < count; i++)
		thread[i] = start(post_and_take, &number[i]);
	for (unsigned int i = 0; i < count; i++)
		pthread_join(thread[i], NULL);
	return count * COUNT / (bench_now_ns() - start_ns) * 1e3;
}

static double one_poster(void)
{
	return posters(1);
}

static double two_posters(void)
{
	return posters(2);
}

void bench_threads(void)
{
	bench_pin(0);
	machine_make(&machine);
	for (uint32_t i = 0; i < POSTERS; i++) {
		machine_link(&machine, FIRST + i, SINT + i);
		machine_input(i)->connection_id = FIRST + i;
	}
	bench_run(&(struct bench){
			.name = "poster and consumer on two processors",
			.unit = "M/s",
			.measure = post_to_consumer,
			.against = "spinning ring of 16 cells",
			.measure_against = ring,
			.ratio_at_least = 0.5,
		});
	bench_run(&(struct bench){
			.name = "two posters to different ports",
			.unit = "M/s",
			.measure = two_posters,
			.against = "one poster",
			.measure_against = one_poster,
			.ratio_at_least = 1.7,
		});
	machine_free(&machine);
}
