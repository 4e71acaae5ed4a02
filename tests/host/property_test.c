// SPDX-License-Identifier: MIT
/*
 * The engine against the model: sequences of operations, drawn from a seed, are
 * carried out on both, and after each operation all that can be seen must be the
 * same: its result, every callback in its order, registers, pages, queues and
 * counters. A sequence that fails is cut down to the operations that matter.
 *
 * HVPOST_SEED and HVPOST_OPERATIONS in the environment choose a sequence.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "operation.h"
#include "pair.h"
#include "suites.h"

/* Nothing here has threads; what watches them makes it 20 times as slow. */
#ifdef __SANITIZE_THREAD__
#define FIXED_SEEDS		20
#else
#define FIXED_SEEDS		200
#endif
#define OPERATIONS_DEFAULT	1000u

/*
 * Carry out @sequence. Return the number of the one that failed, or its count;
 * @why is what differed, or NULL.
 */
static size_t carry_out(const struct sequence *sequence, const char **why)
{
	size_t i;

	pair_begin(sequence->flags);
	*why = NULL;
	for (i = 0; i < sequence->count; i++) {
		pair_carry_out(&sequence->operation[i]);
		*why = pair_compare();
		if (*why)
			break;
	}
	pair_end();
	return i;
}

/* Cutting down (delta debugging) */

/* Leave out @count operations at @start if it fails without them, too. */
static bool leave_out(struct sequence *sequence, size_t start, size_t count)
{
	struct sequence rest = *sequence;
	const char *why;
	size_t failed;

	rest.count = sequence->count - count;
	rest.operation = calloc(rest.count + 1, sizeof(*rest.operation));
	if (!rest.operation)
		abort();
	memcpy(rest.operation, sequence->operation,
	       start * sizeof(*rest.operation));
	memcpy(rest.operation + start, sequence->operation + start + count,
	       (rest.count - start) * sizeof(*rest.operation));
	failed = carry_out(&rest, &why);
	if (!why) {
		sequence_free(&rest);
		return false;
	}
	sequence_free(sequence);
	*sequence = rest;
	sequence->count = failed + 1;
	return true;
}

static void cut_down(struct sequence *sequence)
{
	size_t chunk = sequence->count / 2;

	while (chunk) {
		bool shorter = false;
		size_t start = 0;

		while (start + chunk <= sequence->count)
			if (leave_out(sequence, start, chunk))
				shorter = true;
			else
				start += chunk;
		if (chunk > 1 || !shorter)
			chunk /= 2;
	}
}

static void print(const struct sequence *sequence, const char *why)
{
	printf("Seed 0x%" PRIx64 " fails. What it takes, on a machine with flags 0x%x:\n",
	       sequence->seed, sequence->flags);
	for (size_t i = 0; i < sequence->count; i++) {
		printf("%4zu  ", i + 1);
		operation_print(stdout, &sequence->operation[i]);
		printf("\n");
	}
	printf("      %s\n", why);
}

static size_t operations_wanted(void)
{
	const char *text = getenv("HVPOST_OPERATIONS");

	return text ? strtoul(text, NULL, 0) : OPERATIONS_DEFAULT;
}

static void assert_same(uint64_t seed)
{
	struct sequence sequence = sequence_make(seed, operations_wanted());
	size_t count = sequence.count;
	const char *why;
	size_t failed = carry_out(&sequence, &why);

	if (why) {
		sequence.count = failed + 1;
		cut_down(&sequence);
		carry_out(&sequence, &why);
		print(&sequence, why);
		printf("Again: HVPOST_SEED=0x%" PRIx64 " HVPOST_OPERATIONS=%zu CK_RUN_SUITE=property build/tests/host\n",
		       seed, count);
		fflush(stdout);
		ck_abort_msg("engine and model differ: %s", why);
	}
	sequence_free(&sequence);
}

START_TEST(engine_does_what_the_model_does)
{
	assert_same((uint64_t)_i);
}
END_TEST

static uint64_t fresh_seed(void)
{
	const char *text = getenv("HVPOST_SEED");
	uint64_t seed;

	if (text)
		return strtoull(text, NULL, 0);
	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		abort();
	return seed;
}

/* The seed is told first: a crash leaves no time for it. */
START_TEST(engine_does_what_the_model_does_with_a_new_seed)
{
	uint64_t seed = fresh_seed();

	printf("property: HVPOST_SEED=0x%" PRIx64 " HVPOST_OPERATIONS=%zu\n",
	       seed, operations_wanted());
	fflush(stdout);
	assert_same(seed);
}
END_TEST

Suite *property_suite(void)
{
	Suite *suite = suite_create("property");
	TCase *tcase = tcase_create("property");

	tcase_set_timeout(tcase, 600);
	tcase_add_loop_test(tcase, engine_does_what_the_model_does, 0,
			    FIXED_SEEDS);
	tcase_add_test(tcase, engine_does_what_the_model_does_with_a_new_seed);
	suite_add_tcase(suite, tcase);
	return suite;
}
