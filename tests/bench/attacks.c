// SPDX-License-Identifier: MIT
/*
 * What two processes keep of their service while a third one attacks hvhost, each
 * against the same two beside one that only burns a processor's time: what
 * remains is hvhost's doing. For a time, not for a number: nobody knows how slow
 * it becomes.
 */
#include <stdbool.h>
#include <string.h>

#include <hvpost/hvpost.h>

#include "bench.h"
#include "hosting.h"
#include "pair.h"
#include "tests/hostd/attack.h"

#define TIME_NS		50e6
#define BATCH		64u
#define ROUNDS_BEFORE	3u	/* that an attacker has done to be one */
#define LAST		UINT64_MAX

static struct hvpost *handle;
static uint64_t *served;	/* shared: messages, or trips */

static void must(bool done, const char *what)
{
	if (!done)
		bench_fail(what);
}

static void enter(unsigned int side)
{
	must(!hvpost_open(hosting_target(side ? "right" : "left"), &handle) &&
	     !hvpost_bind(handle, side ? 5 : 6, 1024),
	     "cannot attach to hvhost");
}

static void post(uint32_t connection_id, uint64_t number)
{
	must(!hvpost_post(handle, &(struct hvpost_post){
			.connection_id = connection_id, .message_type = 1,
			.payload = &number, .payload_size = sizeof(number),
		}, HVPOST_NEVER), "a post has failed");
}

static uint64_t receive(void)
{
	struct hvpost_message message;
	uint64_t number;

	must(!hvpost_receive(handle, &message, HVPOST_NEVER),
	     "a message does not come");
	memcpy(&number, message.payload, sizeof(number));
	return number;
}

static void post_batch(void)
{
	static uint64_t payload[HVPOST_PAYLOAD_SIZE_MAX / 8];
	struct hvpost_post posts[BATCH];
	unsigned int posted = 0;

	for (unsigned int i = 0; i < BATCH; i++)
		posts[i] = (struct hvpost_post){
			.connection_id = 0x10, .message_type = 1,
			.payload = payload, .payload_size = sizeof(payload),
		};
	while (posted < BATCH) {
		int done = hvpost_post_many(handle, posts, BATCH - posted,
					    HVPOST_NEVER);

		must(done > 0, "a post has failed");
		posted += (unsigned int)done;
	}
}

static void stream(unsigned int side)
{
	const double end_ns = bench_now_ns() + TIME_NS;

	if (!side) {
		while (bench_now_ns() < end_ns)
			post_batch();
		post(0x10, LAST);
		return;
	}
	for (*served = 1; receive() != LAST; ++*served)
		;
}

/* Side 1 learns by the last one that it was. */
static void trips(unsigned int side)
{
	const double end_ns = bench_now_ns() + TIME_NS;

	for (uint64_t count = 1;; count++) {
		bool is_last = !side && bench_now_ns() >= end_ns;

		if (!side)
			post(0x10, is_last ? LAST : 1);
		is_last |= receive() == LAST;
		if (side)
			post(0x20, is_last ? LAST : 1);
		if (!side)
			*served = count;
		if (is_last)
			return;
	}
}

static double throughput(void)
{
	double ns = pair_run_ns(&(struct pair){ enter, stream });

	return (double)*served / ns * 1e6;
}

static double trip(void)
{
	double ns = pair_run_ns(&(struct pair){ enter, trips });

	return ns / (double)*served / 1e3;
}

/* Beside somebody */

static attack *attacker;
static bench_measure *measure_pair;

static void burn_anywhere(const struct attack_site *site)
{
	bench_unpin();
	attack_by_burning(site);
}

static void attack_anywhere(const struct attack_site *site)
{
	bench_unpin();
	attacker(site);
}

static double measure_beside(attack *by)
{
	struct attack_site site = {
		.socket = hosting_socket(), .name = "attacker",
		.rounds = attack_new_rounds(),
	};
	pid_t pid = attack_start(by, &site);
	double result;

	must(pid > 0, "cannot start a process");
	while (attack_rounds(site.rounds) < ROUNDS_BEFORE)
		bench_relax();
	result = measure_pair();
	attack_stop(pid);
	attack_free_rounds(site.rounds);
	return result;
}

static double measure_attacked(void)
{
	return measure_beside(attack_anywhere);
}

static double measure_burdened(void)
{
	return measure_beside(burn_anywhere);
}

static void compare(const char *name, const char *unit, bench_measure *measure)
{
	struct bench bench = {
		.name = name, .unit = unit,
		.measure = measure_attacked,
		.against = "beside one that burns time",
		.measure_against = measure_burdened,
	};

	measure_pair = measure;
	if (attacker == attack_by_burning) {
		bench.against = "alone";
		bench.measure_against = measure;
	}
	bench_run(&bench);
}

static const struct {
	attack *by;
	const char *throughput, *trip;
} attacks[] = {
	{ attack_by_burning, "a pair beside one that burns time",
	  "the same, there and back" },
	{ attack_by_flood, "a pair under a flood of calls",
	  "the same, there and back" },
	{ attack_by_coming, "a pair while one comes and goes",
	  "the same, there and back" },
	{ attack_by_scribbling, "a pair while one scribbles",
	  "the same, there and back" },
};

void bench_attacks(void)
{
	served = attack_new_rounds();
	for (unsigned int i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++) {
		attacker = attacks[i].by;
		compare(attacks[i].throughput, "k/s", throughput);
		compare(attacks[i].trip, "us", trip);
	}
	attack_free_rounds(served);
}
