// SPDX-License-Identifier: MIT
/*
 * /dev/hvpost in a guest of hvhost, in instructions: scripts/vm-bench --device
 * measures, by the patterns of tests/vm/device_bench.c, this tells. What a post adds
 * is what it takes more than the same hypercall alone, the host's part in both.
 */
#include <stdio.h>

#include "bench.h"
#include "turns.h"

/* What a post may add; more of it is the system call than is ours. */
#define AIM 600.0

static double of_round(const char *pattern, unsigned int round)
{
	return turns_get(pattern, TURNS_HVHOST, TURNS_NANOSECONDS, round);
}

static void tell(struct bench *bench, const char *pattern, const char *against)
{
	double value[TURNS_ROUNDS_MAX], other[TURNS_ROUNDS_MAX];

	for (unsigned int round = 0; round < turns_rounds(); round++) {
		value[round] = of_round(pattern, round);
		other[round] = of_round(against, round);
	}
	bench->unit = "instr.";
	bench_tell_rounds(bench, value, other, turns_rounds());
}

/* As it is, with trace points that nobody looks at, and as built without them. */
static void tell_untraced(const char *name, const char *pattern)
{
	double value[TURNS_ROUNDS_MAX], other[TURNS_ROUNDS_MAX];

	for (unsigned int round = 0; round < turns_rounds(); round++) {
		value[round] = of_round(pattern, round);
		other[round] = turns_get(pattern, TURNS_UNTRACED,
					 TURNS_NANOSECONDS, round);
	}
	bench_tell_rounds(&(struct bench){
			.name = name, .unit = "instr.",
			.against = "built without trace points",
			.ratio_at_most = 1.03,
		}, value, other, turns_rounds());
}

static void tell_added(const char *name, const char *pattern)
{
	double added[TURNS_ROUNDS_MAX], aim[TURNS_ROUNDS_MAX];

	for (unsigned int round = 0; round < turns_rounds(); round++) {
		added[round] = of_round(pattern, round) -
			       of_round("bare", round);
		aim[round] = AIM;
	}
	bench_tell_rounds(&(struct bench){
			.name = name, .unit = "instr.", .against = "aim",
			.ratio_at_most = 1,
		}, added, aim, turns_rounds());
}

static void tell_posts(void)
{
	tell(&(struct bench){
		.name = "device: a post",
		.against = "the hypercall alone",
	}, "post", "bare");
	tell(&(struct bench){
		.name = "device: a call that it refuses",
		.against = "getppid()",
	}, "ioctl", "getppid");
	tell(&(struct bench){
		.name = "device: a post, traced by tracefs",
		.against = "not traced",
	}, "traced", "post");
	tell_untraced("device: a post, nobody looks", "post");
	tell_added("device: a post adds", "post");
	tell_added("device: each of 16 by one call adds", "batch");
	tell_added("device: a post by the library adds", "library");
}

static void tell_receiving(void)
{
	tell(&(struct bench){
		.name = "device: a message by ring",
		.against = "by read()",
		.ratio_at_most = 1,
	}, "ring", "read");
	tell_untraced("device: a message by read(), nobody looks", "read");
	tell(&(struct bench){
		.name = "device: a message by ring",
		.against = "by read() of 16",
	}, "ring", "read16");
	tell(&(struct bench){
		.name = "device: from slot to woken reader",
		.against = "from eventfd to its reader",
	}, "wake", "eventfd");
}

void bench_device(const char *vm_bench)
{
	char command[256];

	snprintf(command, sizeof(command), "%s --device --instructions",
		 vm_bench);
	turns_read(command);
	tell_posts();
	tell_receiving();
}
