// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* sched_setaffinity */
#include "bench.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>

#define ROUNDS 15u
#define ROUNDS_MAX 64u

/* Of so many rounds: what a quarter are below, and half, and three quarters. */
struct spread {
	unsigned int rounds;
	double low, median, high;
};

static struct json_object *results;

_Noreturn void bench_fail(const char *what)
{
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

double bench_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

void bench_relax(void)
{
	__builtin_ia32_pause();
}

/* Those that we may use; known before the first pin. */
static const cpu_set_t *allowed(void)
{
	static cpu_set_t set;
	static int known;

	if (!known && sched_getaffinity(0, sizeof(set), &set))
		bench_fail("cannot tell which processors there are");
	known = 1;
	return &set;
}

void bench_unpin(void)
{
	if (sched_setaffinity(0, sizeof(cpu_set_t), allowed()))
		bench_fail("cannot run on every processor");
}

void bench_pin(unsigned int index)
{
	const cpu_set_t *set = allowed();
	cpu_set_t one;

	CPU_ZERO(&one);
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, set) || index--)
			continue;
		CPU_SET(cpu, &one);
		if (sched_setaffinity(0, sizeof(one), &one))
			bench_fail("cannot stay on one processor");
		return;
	}
	bench_fail("needs two processors: see taskset -p $$");
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static struct spread spread_of(const double *values, unsigned int count)
{
	double sorted[ROUNDS_MAX];

	memcpy(sorted, values, count * sizeof(*values));
	qsort(sorted, count, sizeof(*sorted), compare);
	return (struct spread){
		.rounds = count,
		.low = sorted[count / 4],
		.median = sorted[count / 2],
		.high = sorted[count - 1 - count / 4],
	};
}

static void print_heading(void)
{
	printf("%-44s %10s %-8s %-28s %10s %7s  %s\n", "", "value", "unit",
	       "against", "value", "ratio", "wanted");
}

static void say_wanted(const struct bench *bench, double ratio, char *text,
		       size_t size)
{
	if (bench->ratio_at_most > 0)
		snprintf(text, size, "<= %.3g%s", bench->ratio_at_most,
			 ratio <= bench->ratio_at_most ? "" : "  MISSED");
	else if (bench->ratio_at_least > 0)
		snprintf(text, size, ">= %.3g%s", bench->ratio_at_least,
			 ratio >= bench->ratio_at_least ? "" : "  MISSED");
	else
		snprintf(text, size, "-");
}

static void keep_spread(struct json_object *row, const struct spread *ratio)
{
	struct json_object *quartiles = json_object_new_array();

	json_object_object_add(row, "ratio",
			       json_object_new_double(ratio->median));
	json_object_array_add(quartiles, json_object_new_double(ratio->low));
	json_object_array_add(quartiles, json_object_new_double(ratio->high));
	json_object_object_add(row, "ratio_quartiles", quartiles);
	json_object_object_add(row, "rounds",
			       json_object_new_int((int)ratio->rounds));
}

static void keep(const struct bench *bench, double value, double against,
		 const struct spread *ratio)
{
	struct json_object *row = json_object_new_object();

	json_object_object_add(row, "name", json_object_new_string(bench->name));
	json_object_object_add(row, "value", json_object_new_double(value));
	json_object_object_add(row, "unit", json_object_new_string(bench->unit));
	json_object_object_add(row, "against",
			       json_object_new_string(bench->against));
	json_object_object_add(row, "against_value",
			       json_object_new_double(against));
	keep_spread(row, ratio);
	if (bench->ratio_at_most > 0)
		json_object_object_add(row, "ratio_at_most",
			json_object_new_double(bench->ratio_at_most));
	if (bench->ratio_at_least > 0)
		json_object_object_add(row, "ratio_at_least",
			json_object_new_double(bench->ratio_at_least));
	json_object_array_add(results, row);
}

static void tell(const struct bench *bench, double value, double against,
		 const struct spread *ratio)
{
	char wanted[32];

	if (!results) {
		results = json_object_new_array();
		print_heading();
	}
	say_wanted(bench, ratio->median, wanted, sizeof(wanted));
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\033[K");
	printf("%-44s %10.1f %-8s %-28s %10.1f %7.2f  %s\n", bench->name, value,
	       bench->unit, bench->against, against, ratio->median,
	       wanted);
	fflush(stdout);
	keep(bench, value, against, ratio);
}

void bench_tell(const struct bench *bench, double value, double against)
{
	bench_tell_rounds(bench, &value, &against, 1);
}

void bench_tell_rounds(const struct bench *bench, const double *value,
		       const double *against, unsigned int rounds)
{
	double ratios[ROUNDS_MAX];
	struct spread ratio;

	if (rounds > ROUNDS_MAX)
		rounds = ROUNDS_MAX;
	for (unsigned int round = 0; round < rounds; round++)
		ratios[round] = value[round] / against[round];
	ratio = spread_of(ratios, rounds);
	tell(bench, spread_of(value, rounds).median,
	     spread_of(against, rounds).median, &ratio);
}

void bench_show_progress(const char *what, unsigned int done)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "%s: %u\033[K\r", what, done);
}

void bench_run(const struct bench *bench)
{
	double value[ROUNDS], against[ROUNDS];

	bench->measure_against();
	bench->measure();
	for (unsigned int round = 0; round < ROUNDS; round++) {
		bench_show_progress(bench->name, round + 1);
		against[round] = bench->measure_against();
		value[round] = bench->measure();
	}
	bench_tell_rounds(bench, value, against, ROUNDS);
}

int bench_write(const char *path)
{
	struct json_object *all = json_object_new_object();
	int done;

	json_object_object_add(all, "version", json_object_new_int(1));
	json_object_object_add(all, "results", results);
	done = !json_object_to_file_ext(path, all, JSON_C_TO_STRING_PRETTY);
	if (!done)
		fprintf(stderr, "bench: cannot write %s: %s\n", path,
			strerror(errno));
	json_object_put(all);
	return done;
}
