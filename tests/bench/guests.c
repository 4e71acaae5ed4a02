// SPDX-License-Identifier: MIT
/*
 * One guest image under two hosts, in one machine: scripts/vm-bench measures, this
 * tells. The machine is emulated, so its microseconds are nobody's: ratios count.
 * Or its clock goes by instructions, a nanosecond each, and by nothing else.
 */
#include <stdio.h>

#include "bench.h"
#include "turns.h"

#define QEMU		"QEMU's hyperv-testdev"

/* What a nanosecond is, and a thousand are. */
struct clock {
	const char *option;		/* of scripts/vm-bench */
	const char *thousand, *rate;	/* units: of times, and of messages */
};

static const struct clock by_time = { "", "us", "k/s" };
static const struct clock by_instructions = {
	" --instructions", "k instr.", "/M instr.",
};

/* Thousands of the clock's */
static double per_message(const char *pattern, enum turns_host host,
			  unsigned int round)
{
	return turns_get(pattern, host, TURNS_NANOSECONDS, round) / 1e3 /
	       turns_get(pattern, host, TURNS_MESSAGES, round);
}

static void tell_time(const struct clock *clock, const char *name,
		      const char *pattern)
{
	double each[TURNS_HOSTS][TURNS_ROUNDS_MAX];

	for (unsigned int host = 0; host < TURNS_HOSTS; host++)
		for (unsigned int round = 0; round < turns_rounds(); round++)
			each[host][round] = per_message(pattern, host, round);
	bench_tell_rounds(&(struct bench){
			.name = name, .unit = clock->thousand, .against = QEMU,
			.ratio_at_most = 1,
		}, each[TURNS_HVHOST], each[TURNS_QEMU], turns_rounds());
}

/* Ours by one pattern, QEMU's by another one, which may be the same. */
static void tell_throughput(const struct bench *bench, const char *pattern,
			    const char *against)
{
	double rate[TURNS_HOSTS][TURNS_ROUNDS_MAX];

	for (unsigned int round = 0; round < turns_rounds(); round++) {
		rate[TURNS_HVHOST][round] =
			1e3 / per_message(pattern, TURNS_HVHOST, round);
		rate[TURNS_QEMU][round] =
			1e3 / per_message(against, TURNS_QEMU, round);
	}
	bench_tell_rounds(bench, rate[TURNS_HVHOST], rate[TURNS_QEMU],
			  turns_rounds());
}

/* For each message, without those that the order and its answer take. */
static void tell_count(const char *name, const char *pattern,
		       enum turns_figure which)
{
	double each[TURNS_HOSTS][TURNS_ROUNDS_MAX];

	for (unsigned int host = 0; host < TURNS_HOSTS; host++)
		for (unsigned int round = 0; round < turns_rounds(); round++)
			each[host][round] =
				(turns_get(pattern, host, which, round) -
				 turns_get("nothing", host, which, round)) /
				turns_get(pattern, host, TURNS_MESSAGES, round);
	bench_tell_rounds(&(struct bench){
			.name = name, .unit = "times", .against = QEMU,
		}, each[TURNS_HVHOST], each[TURNS_QEMU], turns_rounds());
}

static void tell_throughputs(const struct clock *clock)
{
	struct bench bench = {
		.name = "guest: 16 at a time, to 8 SINTs of its VP",
		.unit = clock->rate,
		.against = QEMU,
		.ratio_at_least = 2,
	};

	tell_throughput(&bench, "burst", "burst");
	bench.name = "guest: 17 at a time, to one SINT";
	bench.against = "QEMU's best: 8, to 8 SINTs";
	tell_throughput(&bench, "queue", "spread");
	bench.name = "guest: 8 at a time, to 8 SINTs of another VP";
	bench.against = QEMU;
	bench.ratio_at_least = 0;
	tell_throughput(&bench, "spread", "spread");
}

static void measure(const char *vm_bench, const struct clock *clock)
{
	char command[256];

	snprintf(command, sizeof(command), "%s%s", vm_bench, clock->option);
	turns_read(command);
	tell_time(clock, "guest: echo round trip", "trip");
	tell_time(clock, "guest: the same by another VP", "other");
	tell_throughputs(clock);
}

void bench_guests(const char *vm_bench)
{
	measure(vm_bench, &by_time);
	tell_count("guest: exits of a round trip", "trip", TURNS_EXITS);
	tell_count("guest: leaves KVM in a round trip", "trip", TURNS_LEAVES);
	tell_count("guest: its host sleeps in a round trip", "trip",
		   TURNS_SLEEPS);
	tell_count("guest: exits for each of 16 at a time", "burst",
		   TURNS_EXITS);
	tell_count("guest: leaves KVM for each", "burst", TURNS_LEAVES);
	tell_count("guest: its host sleeps for each", "burst", TURNS_SLEEPS);
}

void bench_instructions(const char *vm_bench)
{
	measure(vm_bench, &by_instructions);
}
