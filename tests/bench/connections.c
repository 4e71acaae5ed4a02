// SPDX-License-Identifier: MIT
/*
 * What a post costs among many connections: the same one again and again, and
 * any of them; and what an idle connected port takes of memory.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "machine.h"

#define POSTS		300000u
#define MANY		1000u
#define VERY_MANY	1000000u
#define HOT		0x10u
#define SINT		3u
#define IDLE_BYTES_MAX	512.0

/* One machine each, so that one more does not change the others. */
static struct machine alone, among_many, among_very_many;

/* A fixed sequence, the same in each run: xorshift64. */
static uint32_t random_below(uint32_t limit)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 32) * limit >> 32);
}

static void post_and_take(struct machine *machine, uint32_t id)
{
	machine_input(0)->connection_id = id;
	if (machine_post(machine, 0) || !machine_take(machine, SINT))
		bench_fail("a post did not arrive");
}

static double hot(struct machine *machine)
{
	double start_ns = bench_now_ns();

	for (unsigned int i = 0; i < POSTS; i++)
		post_and_take(machine, HOT);
	return (bench_now_ns() - start_ns) / POSTS;
}

static double hot_alone(void)
{
	return hot(&alone);
}

static double hot_among_many(void)
{
	return hot(&among_many);
}

static double hot_among_very_many(void)
{
	return hot(&among_very_many);
}

static double any(struct machine *machine, uint32_t count)
{
	double start_ns = bench_now_ns();

	for (unsigned int i = 0; i < POSTS; i++)
		post_and_take(machine, HOT + random_below(count));
	return (bench_now_ns() - start_ns) / POSTS;
}

static double any_of_many(void)
{
	return any(&among_many, MANY);
}

static double any_of_very_many(void)
{
	return any(&among_very_many, VERY_MANY);
}

/*
 * A cache miss: a walk from line to line of as much memory as the ports and
 * connections take, in an order that nothing foresees.
 */
struct line {
	_Alignas(64) struct line *next;
};

#define LINES (VERY_MANY * 4)

static struct line *lines;

static void shuffle_lines(void)
{
	uint32_t *order = malloc(LINES * sizeof(*order));

	lines = aligned_alloc(64, LINES * sizeof(*lines));
	if (!lines || !order)
		bench_fail("no memory for the lines to miss");
	for (uint32_t i = 0; i < LINES; i++)
		order[i] = i;
	for (uint32_t i = LINES - 1; i; i--) {
		uint32_t j = random_below(i + 1), swapped = order[i];

		order[i] = order[j];
		order[j] = swapped;
	}
	for (uint32_t i = 0; i < LINES; i++)
		lines[order[i]].next = &lines[order[(i + 1) % LINES]];
	free(order);
}

static double one_miss(void)
{
	static struct line *line;
	double start_ns = bench_now_ns();

	line = line ? line : lines;
	for (unsigned int i = 0; i < POSTS; i++)
		line = line->next;
	__asm__ volatile("" : : "r"(line));
	return (bench_now_ns() - start_ns) / POSTS;
}

static double any_less_hot(void)
{
	return any_of_very_many() - hot_among_very_many();
}

/* Memory of this process that is really there. */
static double resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long size, resident;
	bool read = file && fscanf(file, "%lu %lu", &size, &resident) == 2;

	if (!read)
		bench_fail("cannot read /proc/self/statm");
	fclose(file);
	return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static void fill(struct machine *machine, uint32_t count)
{
	machine_make(machine);
	for (uint32_t i = 0; i < count; i++)
		machine_link(machine, HOT + i, SINT);
}

static void measure_memory(void)
{
	double before = resident_bytes();

	fill(&among_very_many, VERY_MANY);
	bench_tell(&(struct bench){
			.name = "an idle connected port, of 1000000",
			.unit = "bytes",
			.against = "the limit",
			.ratio_at_most = 1,
		}, (resident_bytes() - before) / VERY_MANY, IDLE_BYTES_MAX);
}

static void measure_posts(void)
{
	struct bench bench = {
		.unit = "ns",
		.against = "the same, alone",
		.measure_against = hot_alone,
	};

	bench.name = "post to the same one of 1000 connections";
	bench.measure = hot_among_many;
	bench_run(&bench);

	bench.name = "post to the same one of 1000000";
	bench.measure = hot_among_very_many;
	bench.ratio_at_most = 1.1;
	bench_run(&bench);

	bench.name = "post to any one of 1000";
	bench.measure = any_of_many;
	bench.ratio_at_most = 0;
	bench_run(&bench);

	bench.name = "post to any one of 1000000";
	bench.measure = any_of_very_many;
	bench_run(&bench);

	bench.name = "what any one costs more, of 1000000";
	bench.measure = any_less_hot;
	bench.against = "a cache miss";
	bench.measure_against = one_miss;
	bench_run(&bench);
}

void bench_connections(void)
{
	bench_pin(0);
	measure_memory();
	fill(&among_many, MANY);
	fill(&alone, 1);
	shuffle_lines();
	measure_posts();
	free(lines);
	machine_free(&among_very_many);
	machine_free(&among_many);
	machine_free(&alone);
}
