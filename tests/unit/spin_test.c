// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* sched_getaffinity */
#include "lib/common/spin.h"

#include <sched.h>

#include "suites.h"

/* Something that changes at its look number @at; 0: never. */
struct thing {
	unsigned int at, looks;
};

static bool changed(void *context)
{
	struct thing *thing = context;

	return ++thing->looks == thing->at;
}

static bool is_looked_at(struct spin *spin, struct thing thing)
{
	spin_until(spin, changed, &thing);
	return thing.looks;
}

static bool has_one_processor(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) || CPU_COUNT(&set) == 1;
}

START_TEST(what_never_changes_is_looked_at_ever_more_seldom)
{
	struct spin spin = { 0 };
	unsigned int looked = 0;

	for (unsigned int waits = 0; waits < 10000; waits++)
		looked += is_looked_at(&spin, (struct thing){ 0 });
	ck_assert_uint_lt(looked, 100);
	/* But not never. */
	for (unsigned int waits = 0; waits < 10000 && !has_one_processor();
	     waits++)
		if (is_looked_at(&spin, (struct thing){ 0 }))
			return;
	ck_assert(has_one_processor());
}
END_TEST

START_TEST(what_changes_soon_is_looked_at_each_time)
{
	struct spin spin = { 0 };

	for (unsigned int waits = 0; waits < 1000; waits++) {
		struct thing thing = { .at = 1 + waits % 10 };

		ck_assert_int_eq(spin_until(&spin, changed, &thing),
				 !has_one_processor());
	}
}
END_TEST

START_TEST(where_one_look_pays_patience_is_back)
{
	struct spin spin = { 0 };
	struct thing thing = { .at = 1 };

	for (unsigned int waits = 0; waits < 1000; waits++)
		is_looked_at(&spin, (struct thing){ 0 });
	for (unsigned int waits = 0; waits < 10000 && !thing.looks; waits++)
		spin_until(&spin, changed, &thing);
	ck_assert_int_eq(is_looked_at(&spin, (struct thing){ .at = 1 }),
			 !has_one_processor());
}
END_TEST

Suite *spin_suite(void)
{
	Suite *suite = suite_create("spin");
	TCase *tcase = tcase_create("spin");

	tcase_add_test(tcase, what_never_changes_is_looked_at_ever_more_seldom);
	tcase_add_test(tcase, what_changes_soon_is_looked_at_each_time);
	tcase_add_test(tcase, where_one_look_pays_patience_is_back);
	suite_add_tcase(suite, tcase);
	return suite;
}
