// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <hvpost/hyperv.h>
#include <idtable.h>

#include "suites.h"

static struct idtable table;
static int things[8];

/* Neighbours, and ends of leaves, of middle nodes and of all ids. */
static const uint32_t ids[] = {
	0, 1, 0xff, 0x100, 0xffff, 0x10000, 0x123456, 0xffffff,
};

static void set_up(void)
{
	memset(&table, 0, sizeof(table));
}

static void tear_down(void)
{
	idtable_destroy(&table);
}

static void add_all(void)
{
	for (int i = 0; i < ROWS(ids); i++)
		ck_assert_int_eq(idtable_add(&table, ids[i], &things[i]), 0);
}

START_TEST(empty_table_finds_nothing)
{
	ck_assert_ptr_null(idtable_find(&table, ids[_i]));
}
END_TEST

START_TEST(each_id_finds_its_thing)
{
	add_all();
	ck_assert_ptr_eq(idtable_find(&table, ids[_i]), &things[_i]);
	ck_assert_uint_eq(table.count, ROWS(ids));
}
END_TEST

START_TEST(id_that_was_not_added_finds_nothing)
{
	add_all();
	ck_assert_ptr_null(idtable_find(&table, 2));
	ck_assert_ptr_null(idtable_find(&table, 0x200));
	ck_assert_ptr_null(idtable_find(&table, 0x20000));
}
END_TEST

START_TEST(id_of_more_than_24_bits_finds_nothing)
{
	add_all();
	ck_assert_ptr_null(idtable_find(&table, 0x1000000 | ids[_i]));
	ck_assert_ptr_null(idtable_find(&table, 0x80000000 | ids[_i]));
}
END_TEST

START_TEST(id_in_use_is_refused)
{
	add_all();
	ck_assert_int_eq(idtable_add(&table, ids[_i], &things[0]), -EEXIST);
	ck_assert_ptr_eq(idtable_find(&table, ids[_i]), &things[_i]);
	ck_assert_uint_eq(table.count, ROWS(ids));
}
END_TEST

START_TEST(removed_id_finds_nothing_and_others_stay)
{
	add_all();
	idtable_remove(&table, ids[_i]);
	for (int i = 0; i < ROWS(ids); i++)
		ck_assert_ptr_eq(idtable_find(&table, ids[i]),
				 i == _i ? NULL : &things[i]);
	ck_assert_uint_eq(table.count, ROWS(ids) - 1);
}
END_TEST

START_TEST(removed_id_can_be_added_again)
{
	add_all();
	idtable_remove(&table, ids[_i]);
	ck_assert_int_eq(idtable_add(&table, ids[_i], &things[0]), 0);
	ck_assert_ptr_eq(idtable_find(&table, ids[_i]), &things[0]);
}
END_TEST

START_TEST(removing_what_is_not_there_changes_nothing)
{
	add_all();
	idtable_remove(&table, 2);
	idtable_remove(&table, 0x01000000);
	ck_assert_uint_eq(table.count, ROWS(ids));
}
END_TEST

/* A guest that may have few ports must not cost a table of 2^24. */
START_TEST(table_without_things_holds_no_memory)
{
	for (uint32_t id = 0; id <= HV_ID_MASK; id += 0x1000) {
		ck_assert_int_eq(idtable_add(&table, id, things), 0);
		idtable_remove(&table, id);
	}
	for (unsigned int i = 0; i < IDTABLE_FANOUT; i++)
		ck_assert(!table.root[i]);
}
END_TEST

START_TEST(next_walks_all_ids_in_order)
{
	uint32_t id = 0;

	add_all();
	for (int i = 0; i < ROWS(ids); i++, id++) {
		ck_assert_ptr_eq(idtable_next(&table, &id), &things[i]);
		ck_assert_uint_eq(id, ids[i]);
	}
	ck_assert_ptr_null(idtable_next(&table, &id));
}
END_TEST

START_TEST(walk_survives_removal_of_what_it_found)
{
	uint32_t id = 0;
	int found = 0;

	add_all();
	for (; idtable_next(&table, &id); found++)
		idtable_remove(&table, id);
	ck_assert_int_eq(found, ROWS(ids));
	ck_assert_uint_eq(table.count, 0);
}
END_TEST

START_TEST(destroyed_table_is_an_empty_one)
{
	add_all();
	idtable_destroy(&table);
	ck_assert_uint_eq(table.count, 0);
	ck_assert_ptr_null(idtable_find(&table, ids[0]));
	ck_assert_int_eq(idtable_add(&table, ids[0], &things[0]), 0);
}
END_TEST

Suite *idtable_suite(void)
{
	Suite *suite = suite_create("idtable");
	TCase *tcase = tcase_create("idtable");

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, empty_table_finds_nothing, 0, ROWS(ids));
	tcase_add_loop_test(tcase, each_id_finds_its_thing, 0, ROWS(ids));
	tcase_add_test(tcase, id_that_was_not_added_finds_nothing);
	tcase_add_loop_test(tcase, id_of_more_than_24_bits_finds_nothing, 0,
			    ROWS(ids));
	tcase_add_loop_test(tcase, id_in_use_is_refused, 0, ROWS(ids));
	tcase_add_loop_test(tcase, removed_id_finds_nothing_and_others_stay, 0,
			    ROWS(ids));
	tcase_add_loop_test(tcase, removed_id_can_be_added_again, 0, ROWS(ids));
	tcase_add_test(tcase, removing_what_is_not_there_changes_nothing);
	tcase_add_test(tcase, table_without_things_holds_no_memory);
	tcase_add_test(tcase, next_walks_all_ids_in_order);
	tcase_add_test(tcase, walk_survives_removal_of_what_it_found);
	tcase_add_test(tcase, destroyed_table_is_an_empty_one);
	suite_add_tcase(suite, tcase);
	return suite;
}
