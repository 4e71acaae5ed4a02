// SPDX-License-Identifier: MIT
#include "driver/layout.h"
#include "suites.h"

#define PAGE 4096u

/* Room */

START_TEST(there_is_room_until_the_ring_is_full)
{
	for (uint32_t used = 0; used < 4; used++)
		ck_assert(hvp_index_has_room(used, 0, 4));
	ck_assert(!hvp_index_has_room(4, 0, 4));
}
END_TEST

START_TEST(room_is_counted_across_the_wrap)
{
	ck_assert(hvp_index_has_room(1, UINT32_MAX - 1, 4));
	ck_assert(!hvp_index_has_room(2, UINT32_MAX - 1, 4));
}
END_TEST

START_TEST(a_tail_ahead_of_the_head_is_a_full_ring)
{
	ck_assert(!hvp_index_has_room(10, 11, 4));
	ck_assert(!hvp_index_has_room(10, 10 + 0x80000000u, 4));
	ck_assert(!hvp_index_has_room(0, 1, 4096));
}
END_TEST

START_TEST(a_tail_too_far_behind_is_a_full_ring)
{
	ck_assert(!hvp_index_has_room(10, 5, 4));
	ck_assert(!hvp_index_has_room(0x80000000u, 0, 4096));
}
END_TEST

/* What poll() says of a ring that is mapped. */
START_TEST(a_ring_is_empty_once_its_reader_has_what_was_counted)
{
	ck_assert(!hvp_index_is_empty(10, 9));
	ck_assert(hvp_index_is_empty(10, 10));
	ck_assert(!hvp_index_is_empty(1, UINT32_MAX));
	ck_assert(hvp_index_is_empty(UINT32_MAX, UINT32_MAX));
}
END_TEST

START_TEST(a_ring_is_empty_to_a_reader_that_was_quicker_than_the_count)
{
	ck_assert(hvp_index_is_empty(10, 11));
	ck_assert(hvp_index_is_empty(UINT32_MAX, 0));
}
END_TEST

START_TEST(what_is_queued_is_told_across_the_wrap)
{
	ck_assert_uint_eq(hvp_index_queued(7, 7, 4), 0);
	ck_assert_uint_eq(hvp_index_queued(10, 7, 4), 3);
	ck_assert_uint_eq(hvp_index_queued(2, UINT32_MAX - 1, 4), 4);
}
END_TEST

START_TEST(nothing_is_queued_for_a_reader_that_was_quicker_than_the_count)
{
	ck_assert_uint_eq(hvp_index_queued(10, 11, 4), 0);
	ck_assert_uint_eq(hvp_index_queued(UINT32_MAX, 0, 4), 0);
}
END_TEST

START_TEST(no_more_is_queued_than_there_can_be)
{
	ck_assert_uint_eq(hvp_index_queued(10, 5, 4), 4);
}
END_TEST

/* Layout */

static struct hvpost_ioc_rings layout;

START_TEST(areas_are_whole_pages_that_do_not_overlap)
{
	static const uint32_t counts[] = { 1, 32, 33, 8192 };
	static const uint32_t sizes[] = { 1, 64, 4096 };

	hvp_layout_make(&layout, counts[_i % 4], sizes[_i / 4]);
	ck_assert_uint_eq(layout.words_size % PAGE, 0);
	ck_assert_uint_eq(layout.ring_stride % PAGE, 0);
	ck_assert_uint_eq(layout.records_offset % PAGE, 0);
	ck_assert_uint_ge(layout.words_size,
			  counts[_i % 4] * sizeof(struct hvpost_ring_words));
	ck_assert_uint_ge(layout.ring_stride,
			  sizes[_i / 4] * sizeof(struct hvpost_record));
	ck_assert_uint_eq(layout.records_size,
			  layout.ring_stride * counts[_i % 4]);
	ck_assert_uint_ge(layout.records_offset,
			  layout.words_offset + layout.words_size);
}
END_TEST

START_TEST(what_is_reserved_is_zero)
{
	layout.reserved[0] = layout.reserved[1] = 1;
	hvp_layout_make(&layout, 2, 64);
	ck_assert(layout.reserved[0] == 0 && layout.reserved[1] == 0);
}
END_TEST

static enum hvp_area find(uint64_t offset, uint64_t size)
{
	hvp_layout_make(&layout, 40, 64); /* 2 pages of words, 5 of each ring */
	return hvp_layout_find(&layout, offset, size);
}

START_TEST(each_area_is_found_whole_and_in_part)
{
	ck_assert_int_eq(find(0, 2 * PAGE), HVP_AREA_WORDS);
	ck_assert_int_eq(find(PAGE, PAGE), HVP_AREA_WORDS);
	ck_assert_int_eq(find(2 * PAGE, 200 * PAGE), HVP_AREA_RECORDS);
	ck_assert_int_eq(find(7 * PAGE, PAGE), HVP_AREA_RECORDS);
	ck_assert_int_eq(find(201 * PAGE, PAGE), HVP_AREA_RECORDS);
}
END_TEST

START_TEST(what_leaves_its_area_is_in_none)
{
	ck_assert_int_eq(find(0, 3 * PAGE), HVP_AREA_NONE);
	ck_assert_int_eq(find(PAGE, 2 * PAGE), HVP_AREA_NONE);
	ck_assert_int_eq(find(2 * PAGE, 201 * PAGE), HVP_AREA_NONE);
	ck_assert_int_eq(find(202 * PAGE, PAGE), HVP_AREA_NONE);
}
END_TEST

START_TEST(nothing_is_in_no_area)
{
	ck_assert_int_eq(find(0, 0), HVP_AREA_NONE);
	ck_assert_int_eq(find(2 * PAGE, 0), HVP_AREA_NONE);
}
END_TEST

START_TEST(sums_that_wrap_are_in_no_area)
{
	ck_assert_int_eq(find(PAGE, UINT64_MAX - PAGE + 1), HVP_AREA_NONE);
	ck_assert_int_eq(find(UINT64_MAX - PAGE + 1, 2 * PAGE), HVP_AREA_NONE);
	ck_assert_int_eq(find(3 * PAGE, UINT64_MAX), HVP_AREA_NONE);
}
END_TEST

Suite *layout_suite(void)
{
	Suite *suite = suite_create("layout");
	TCase *room = tcase_create("room"), *areas = tcase_create("areas");

	suite_add_tcase(suite, room);
	tcase_add_test(room, there_is_room_until_the_ring_is_full);
	tcase_add_test(room, room_is_counted_across_the_wrap);
	tcase_add_test(room, a_tail_ahead_of_the_head_is_a_full_ring);
	tcase_add_test(room, a_tail_too_far_behind_is_a_full_ring);
	tcase_add_test(room,
		       a_ring_is_empty_once_its_reader_has_what_was_counted);
	tcase_add_test(room,
		       a_ring_is_empty_to_a_reader_that_was_quicker_than_the_count);
	tcase_add_test(room, what_is_queued_is_told_across_the_wrap);
	tcase_add_test(room,
		       nothing_is_queued_for_a_reader_that_was_quicker_than_the_count);
	tcase_add_test(room, no_more_is_queued_than_there_can_be);

	suite_add_tcase(suite, areas);
	tcase_add_loop_test(areas, areas_are_whole_pages_that_do_not_overlap, 0,
			    12);
	tcase_add_test(areas, what_is_reserved_is_zero);
	tcase_add_test(areas, each_area_is_found_whole_and_in_part);
	tcase_add_test(areas, what_leaves_its_area_is_in_none);
	tcase_add_test(areas, nothing_is_in_no_area);
	tcase_add_test(areas, sums_that_wrap_are_in_no_area);
	return suite;
}
