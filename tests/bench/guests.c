// SPDX-License-Identifier: MIT
/*
 * One guest image under two hosts, in one machine: scripts/vm-bench measures, this
 * tells. The machine is emulated, so its microseconds are nobody's: ratios count.
 * Or its clock goes by instructions, a nanosecond each, and by nothing else.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define ROUNDS_MAX	64u
#define QEMU		"QEMU's hyperv-testdev"

enum host { HVHOST, QEMU_HOST, HOSTS };
static const char *const hosts[HOSTS] = { "hvhost", "qemu" };

/* As tests/vm/echo_bench.c names them */
enum pattern { NOTHING, TRIP, OTHER, BURST, SPREAD, QUEUE, PATTERNS };
static const char *const patterns[PATTERNS] = {
	"nothing", "trip", "other", "burst", "spread", "queue",
};

enum figure { MESSAGES, NANOSECONDS, EXITS, LEAVES, SLEEPS, FIGURES };

/* Of a turn */
static double figures[PATTERNS][HOSTS][FIGURES][ROUNDS_MAX];
static unsigned int rounds;

/* What a nanosecond is, and a thousand are. */
struct clock {
	const char *option;		/* of scripts/vm-bench */
	const char *thousand, *rate;	/* units: of times, and of messages */
};

static const struct clock by_time = { "", "us", "k/s" };
static const struct clock by_instructions = {
	" --instructions", "k instr.", "/M instr.",
};

/* The index of @word in @list, or @count. */
static unsigned int find(const char *word, const char *const *list,
			 unsigned int count)
{
	unsigned int i = 0;

	while (i < count && strcmp(word, list[i]))
		i++;
	return i;
}

/* A line of tests/vm/bench-machine.sh; false: it tells something else. */
static bool keep_line(const char *line)
{
	unsigned int round, pattern, host;
	char pattern_name[16], host_name[16];
	double values[FIGURES];

	if (sscanf(line, "%u %15s %15s %lf %lf %lf %lf %lf", &round,
		   pattern_name, host_name, &values[MESSAGES],
		   &values[NANOSECONDS], &values[EXITS], &values[LEAVES],
		   &values[SLEEPS]) != 8)
		return false;
	pattern = find(pattern_name, patterns, PATTERNS);
	host = find(host_name, hosts, HOSTS);
	if (!round || round > ROUNDS_MAX || pattern == PATTERNS ||
	    host == HOSTS || values[MESSAGES] < 0)
		bench_fail("guests: not a line of this version's");
	for (unsigned int i = 0; i < FIGURES; i++)
		figures[pattern][host][i][round - 1] = values[i];
	if (rounds < round)
		rounds = round;
	return true;
}

static void read_all(const char *vm_bench, const struct clock *clock)
{
	char command[256], line[256];
	FILE *file;

	snprintf(command, sizeof(command), "%s%s", vm_bench, clock->option);
	file = popen(command, "r");
	if (!file)
		bench_fail("guests: cannot start scripts/vm-bench");
	rounds = 0;
	while (fgets(line, sizeof(line), file)) {
		bool kept = keep_line(line);

		line[strcspn(line, "\n")] = '\0';
		bench_show_progress(kept ? "guests: round" : line, rounds);
	}
	if (pclose(file) || !rounds)
		bench_fail("guests: not measured; BENCH_VM=no leaves them out");
}

static double of_turn(enum pattern pattern, enum host host, enum figure which,
		      unsigned int round)
{
	return figures[pattern][host][which][round];
}

/* Thousands of the clock's */
static double per_message(enum pattern pattern, enum host host,
			  unsigned int round)
{
	return of_turn(pattern, host, NANOSECONDS, round) / 1e3 /
	       of_turn(pattern, host, MESSAGES, round);
}

static void tell_time(const struct clock *clock, const char *name,
		      enum pattern pattern)
{
	double each[HOSTS][ROUNDS_MAX];

	for (unsigned int host = 0; host < HOSTS; host++)
		for (unsigned int round = 0; round < rounds; round++)
			each[host][round] = per_message(pattern, host, round);
	bench_tell_rounds(&(struct bench){
			.name = name, .unit = clock->thousand, .against = QEMU,
			.ratio_at_most = 1,
		}, each[HVHOST], each[QEMU_HOST], rounds);
}

/* Ours by one pattern, QEMU's by another one, which may be the same. */
static void tell_throughput(const struct bench *bench, enum pattern pattern,
			    enum pattern against)
{
	double rate[HOSTS][ROUNDS_MAX];

	for (unsigned int round = 0; round < rounds; round++) {
		rate[HVHOST][round] = 1e3 / per_message(pattern, HVHOST, round);
		rate[QEMU_HOST][round] =
			1e3 / per_message(against, QEMU_HOST, round);
	}
	bench_tell_rounds(bench, rate[HVHOST], rate[QEMU_HOST], rounds);
}

/* For each message, without those that the order and its answer take. */
static void tell_count(const char *name, enum pattern pattern,
		       enum figure which)
{
	double each[HOSTS][ROUNDS_MAX];

	for (unsigned int host = 0; host < HOSTS; host++)
		for (unsigned int round = 0; round < rounds; round++)
			each[host][round] =
				(of_turn(pattern, host, which, round) -
				 of_turn(NOTHING, host, which, round)) /
				of_turn(pattern, host, MESSAGES, round);
	bench_tell_rounds(&(struct bench){
			.name = name, .unit = "times", .against = QEMU,
		}, each[HVHOST], each[QEMU_HOST], rounds);
}

static void tell_throughputs(const struct clock *clock)
{
	struct bench bench = {
		.name = "guest: 16 at a time, to 8 SINTs of its VP",
		.unit = clock->rate,
		.against = QEMU,
		.ratio_at_least = 2,
	};

	tell_throughput(&bench, BURST, BURST);
	bench.name = "guest: 17 at a time, to one SINT";
	bench.against = "QEMU's best: 8, to 8 SINTs";
	tell_throughput(&bench, QUEUE, SPREAD);
	bench.name = "guest: 8 at a time, to 8 SINTs of another VP";
	bench.against = QEMU;
	bench.ratio_at_least = 0;
	tell_throughput(&bench, SPREAD, SPREAD);
}

static void measure(const char *vm_bench, const struct clock *clock)
{
	read_all(vm_bench, clock);
	tell_time(clock, "guest: echo round trip", TRIP);
	tell_time(clock, "guest: the same by another VP", OTHER);
	tell_throughputs(clock);
}

void bench_guests(const char *vm_bench)
{
	measure(vm_bench, &by_time);
	tell_count("guest: exits of a round trip", TRIP, EXITS);
	tell_count("guest: leaves KVM in a round trip", TRIP, LEAVES);
	tell_count("guest: its host sleeps in a round trip", TRIP, SLEEPS);
	tell_count("guest: exits for each of 16 at a time", BURST, EXITS);
	tell_count("guest: leaves KVM for each", BURST, LEAVES);
	tell_count("guest: its host sleeps for each", BURST, SLEEPS);
}

void bench_instructions(const char *vm_bench)
{
	measure(vm_bench, &by_instructions);
}
