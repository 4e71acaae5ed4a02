// SPDX-License-Identifier: MIT
/* Guest memory: its bounds, its hole, and the pages that cover it. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <hvpost/hvhost.h>

#include "lib/vmm/memory.h"
#include "suites.h"

#define SMALL		(16ull << 20)
#define LARGE		(MEMORY_HOLE + (64ull << 20))
#define PAGE(n)		((n) * (uint64_t)HV_PAGE_SIZE)

static struct memory memory;

static void make_small(void)
{
	ck_assert_int_eq(memory_init(&memory, SMALL, 4), 0);
}

static void destroy(void)
{
	memory_destroy(&memory);
}

static const struct {
	uint64_t gpa, size;
	bool there;
} places[] = {
	{ 0, 1, true },
	{ 0, MEMORY_HOLE, true },
	{ 0, MEMORY_HOLE + 1, false },
	{ MEMORY_HOLE - 1, 1, true },
	{ MEMORY_HOLE - 1, 2, false },
	{ MEMORY_HOLE, 1, false },
	{ MEMORY_HIGH - 1, 1, false },
	{ MEMORY_HIGH - 1, 2, false },
	{ MEMORY_HIGH, 64ull << 20, true },
	{ MEMORY_HIGH, (64ull << 20) + 1, false },
	{ MEMORY_HIGH + (64ull << 20) - 1, 1, true },
	{ MEMORY_HIGH + (64ull << 20), 1, false },
	{ UINT64_MAX, 1, false },
	{ UINT64_MAX - 1, 4, false },
	{ 8, UINT64_MAX, false },
	{ MEMORY_HIGH, UINT64_MAX, false },
};

START_TEST(only_ram_side_by_side_is_there)
{
	ck_assert_int_eq(memory_init(&memory, LARGE, 1), 0);
	ck_assert_int_eq(!!memory_at(&memory, places[_i].gpa, places[_i].size),
			 places[_i].there);
}
END_TEST

/* What the kernel says of the memory that is mapped at @at. */
static void flags_of(const void *at, char *line, size_t size)
{
	FILE *maps = fopen("/proc/self/smaps", "r");
	char beginning[32];
	bool here = false;

	snprintf(beginning, sizeof(beginning), "%" PRIxPTR "-", (uintptr_t)at);
	ck_assert_ptr_nonnull(maps);
	do {
		ck_assert_ptr_nonnull(fgets(line, (int)size, maps));
		here |= !strncmp(line, beginning, strlen(beginning));
	} while (!here || strncmp(line, "VmFlags:", 8));
	fclose(maps);
}

START_TEST(ram_is_to_be_of_huge_pages_where_there_are_any)
{
	char line[512];

	flags_of(memory.ram, line, sizeof(line));
	ck_assert_int_eq(!!strstr(line, " hg"),
			 !access("/sys/kernel/mm/transparent_hugepage", F_OK));
}
END_TEST

START_TEST(addresses_end_where_the_last_byte_is)
{
	ck_assert_uint_eq(memory_gpa_end(&memory), SMALL);
	memory_destroy(&memory);
	ck_assert_int_eq(memory_init(&memory, LARGE, 1), 0);
	ck_assert_uint_eq(memory_gpa_end(&memory), MEMORY_HIGH + (64ull << 20));
}
END_TEST

START_TEST(an_overlay_hides_the_ram_which_is_as_before_when_it_goes)
{
	uint8_t *at = memory_at(&memory, PAGE(5), HV_PAGE_SIZE);
	uint8_t *overlay = memory_overlay(&memory, 1);

	memset(at, 0x11, HV_PAGE_SIZE);
	memset(overlay, 0x22, HV_PAGE_SIZE);
	ck_assert_int_eq(memory_place(&memory, 1, PAGE(5)), 0);
	ck_assert_uint_eq(at[0], 0x22);
	at[1] = 0x33;
	ck_assert_uint_eq(overlay[1], 0x33);
	ck_assert_uint_eq(at[-1], 0);
	ck_assert_uint_eq(at[HV_PAGE_SIZE], 0);

	ck_assert_int_eq(memory_place(&memory, 1, HVHOST_NO_GPA), 0);
	ck_assert_uint_eq(at[0], 0x11);
	ck_assert_uint_eq(at[1], 0x11);
	ck_assert_uint_eq(overlay[1], 0x33);
}
END_TEST

START_TEST(an_overlay_moves_with_its_contents)
{
	uint8_t *from = memory_at(&memory, PAGE(5), 1);
	uint8_t *to = memory_at(&memory, SMALL - HV_PAGE_SIZE, 1);

	memory_overlay(&memory, 0);
	ck_assert_int_eq(memory_place(&memory, 0, PAGE(5)), 0);
	*from = 7;
	ck_assert_int_eq(memory_place(&memory, 0, SMALL - HV_PAGE_SIZE), 0);
	ck_assert_uint_eq(*from, 0);
	ck_assert_uint_eq(*to, 7);
}
END_TEST

START_TEST(of_two_overlays_at_one_page_the_one_left_is_seen)
{
	uint8_t *at = memory_at(&memory, PAGE(9), 1);

	*(uint8_t *)memory_overlay(&memory, 2) = 2;
	*(uint8_t *)memory_overlay(&memory, 3) = 3;
	memory_place(&memory, 2, PAGE(9));
	memory_place(&memory, 3, PAGE(9));
	ck_assert_uint_eq(*at, 3);
	memory_place(&memory, 3, HVHOST_NO_GPA);
	ck_assert_uint_eq(*at, 2);
	memory_place(&memory, 2, HVHOST_NO_GPA);
	ck_assert_uint_eq(*at, 0);
}
END_TEST

START_TEST(an_overlay_where_no_ram_is_covers_nothing)
{
	uint8_t *at = memory_at(&memory, PAGE(5), 1);

	*(uint8_t *)memory_overlay(&memory, 0) = 9;
	memory_place(&memory, 0, PAGE(5));
	ck_assert_int_eq(memory_place(&memory, 0, SMALL), -EFAULT);
	ck_assert_uint_eq(*at, 0);
	ck_assert_int_eq(memory_place(&memory, 0, MEMORY_HOLE), -EFAULT);
}
END_TEST

Suite *memory_suite(void)
{
	Suite *suite = suite_create("memory");
	TCase *small = tcase_create("small");
	TCase *large = tcase_create("with a hole");

	tcase_add_checked_fixture(small, make_small, destroy);
	tcase_add_test(small, addresses_end_where_the_last_byte_is);
	tcase_add_test(small, ram_is_to_be_of_huge_pages_where_there_are_any);
	tcase_add_test(small,
		       an_overlay_hides_the_ram_which_is_as_before_when_it_goes);
	tcase_add_test(small, an_overlay_moves_with_its_contents);
	tcase_add_test(small, of_two_overlays_at_one_page_the_one_left_is_seen);
	tcase_add_test(small, an_overlay_where_no_ram_is_covers_nothing);
	suite_add_tcase(suite, small);

	tcase_add_checked_fixture(large, NULL, destroy);
	tcase_add_loop_test(large, only_ram_side_by_side_is_there, 0,
			    ROWS(places));
	suite_add_tcase(suite, large);
	return suite;
}
