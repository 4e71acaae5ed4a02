// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "driver/allow.h"
#include "suites.h"

/* The groups of whoever asks */
static uint32_t mine[2];

static bool in_group(uint32_t gid)
{
	return gid == mine[0] || gid == mine[1];
}

static struct hvp_allow parsed(const char *text)
{
	struct hvp_allow allow;

	memset(&allow, 0xa5, sizeof(allow));
	ck_assert_int_eq(hvp_allow_parse(&allow, text), 0);
	return allow;
}

static bool has(const char *text, uint32_t connection_id)
{
	struct hvp_allow allow = parsed(text);

	return hvp_allow_has(&allow, connection_id, in_group);
}

static const struct {
	const char *text, *formatted;
} lists[] = {
	{ "", "" },
	{ "\n", "" },
	{ "0:0", "0:0x0" },
	{ "1000:16\n", "1000:0x10" },
	{ "1000:0x10-0x1F,4294967294:0xffffff",
	  "1000:0x10-0x1f,4294967294:0xffffff" },
	{ "0x3e8:7-7", "1000:0x7" },
	{ "5:1-2,5:1-2,6:0-16777215", "5:0x1-0x2,5:0x1-0x2,6:0x0-0xffffff" },
};

START_TEST(list_is_shown_as_it_was_understood)
{
	struct hvp_allow allow = parsed(lists[_i].text), again;
	char text[128];

	ck_assert_int_eq(hvp_allow_format(&allow, text, sizeof(text)),
			 (int)strlen(lists[_i].formatted));
	ck_assert_str_eq(text, lists[_i].formatted);
	again = parsed(text);
	ck_assert_uint_eq(again.count, allow.count);
	ck_assert_mem_eq(again.rules, allow.rules,
			 allow.count * sizeof(allow.rules[0]));
}
END_TEST

static const char *const bad_lists[] = {
	"x", "1000", "1000:", ":16", "1000:16,", ",1000:16", "1000:16,,1:2",
	"1000:16 ", " 1000:16", "1000:16\n\n", "1000:16\n1:2", "\n\n",
	"1000:16-", "1000:-16", "1000:17-16", "1000:16-17-18", "-1:16",
	"+1:16", "4294967295:16", "4294967296:16", "99999999999999999999:16",
	"1000:0x1000000", "1000:16777216", "1000:0-0x1000000", "1000:0x",
	"1000:0xg", "1000:1f", "0x:16", "1000:16;1:2", "hvpost:16",
	"18446744073709551616:1", "1000:18446744073709551617",
};

START_TEST(what_is_no_list_is_einval)
{
	struct hvp_allow allow;

	ck_assert_msg(hvp_allow_parse(&allow, bad_lists[_i]) == -EINVAL,
		      "'%s' was taken", bad_lists[_i]);
}
END_TEST

START_TEST(list_of_too_many_rules_is_einval)
{
	char text[(HVP_ALLOW_RULES_MAX + 1) * 4 + 1] = "";
	struct hvp_allow allow;

	for (unsigned int i = 0; i < HVP_ALLOW_RULES_MAX; i++)
		strcat(text, i ? ",1:2" : "1:2");
	ck_assert_int_eq(hvp_allow_parse(&allow, text), 0);
	ck_assert_uint_eq(allow.count, HVP_ALLOW_RULES_MAX);
	strcat(text, ",1:2");
	ck_assert_int_eq(hvp_allow_parse(&allow, text), -EINVAL);
}
END_TEST

START_TEST(longest_list_has_room_in_a_page)
{
	struct hvp_allow allow = { .count = HVP_ALLOW_RULES_MAX };
	char page[4096];

	for (unsigned int i = 0; i < HVP_ALLOW_RULES_MAX; i++)
		allow.rules[i] = (struct hvp_allow_rule){
			.gid = 4294967294,
			.first = 0xfffffe,
			.last = 0xffffff,
		};
	ck_assert_int_lt(hvp_allow_format(&allow, page, sizeof(page)),
			 (int)sizeof(page) - 1);
}
END_TEST

START_TEST(list_is_cut_where_there_is_no_room)
{
	struct hvp_allow allow = parsed("1000:16,1000:17,1000:18");
	char text[12];

	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(hvp_allow_format(&allow, text, 8), 29);
	ck_assert_str_eq(text, "1000:0x");
	ck_assert_int_eq(text[8], 'x');
}
END_TEST

START_TEST(no_list_is_open_to_all)
{
	mine[0] = mine[1] = 65534;
	ck_assert(has("", 0));
	ck_assert(has("", 0xffffffff));
}
END_TEST

START_TEST(rule_is_for_its_group_and_its_connections)
{
	mine[0] = mine[1] = 1000;
	ck_assert(!has("1000:16-31", 15));
	ck_assert(has("1000:16-31", 16));
	ck_assert(has("1000:16-31", 31));
	ck_assert(!has("1000:16-31", 32));
	ck_assert(!has("1001:16-31", 16));
}
END_TEST

START_TEST(any_rule_of_any_group_is_enough)
{
	mine[0] = 1000;
	mine[1] = 2000;
	ck_assert(has("1:16,1000:17,2000:18", 17));
	ck_assert(has("1:16,1000:17,2000:18", 18));
	ck_assert(!has("1:16,1000:17,2000:18", 16));
}
END_TEST

START_TEST(bits_beyond_an_id_do_not_lead_around_the_list)
{
	mine[0] = mine[1] = 1000;
	ck_assert(has("1000:16", 0x01000010));
	ck_assert(!has("1000:16", 0x01000011));
	ck_assert(!has("1000:16", 0xff000000));
}
END_TEST

Suite *allow_suite(void)
{
	Suite *suite = suite_create("allow");
	TCase *tcase = tcase_create("allow");

	tcase_add_loop_test(tcase, list_is_shown_as_it_was_understood, 0,
			    ROWS(lists));
	tcase_add_loop_test(tcase, what_is_no_list_is_einval, 0,
			    ROWS(bad_lists));
	tcase_add_test(tcase, list_of_too_many_rules_is_einval);
	tcase_add_test(tcase, longest_list_has_room_in_a_page);
	tcase_add_test(tcase, list_is_cut_where_there_is_no_room);
	tcase_add_test(tcase, no_list_is_open_to_all);
	tcase_add_test(tcase, rule_is_for_its_group_and_its_connections);
	tcase_add_test(tcase, any_rule_of_any_group_is_enough);
	tcase_add_test(tcase, bits_beyond_an_id_do_not_lead_around_the_list);
	suite_add_tcase(suite, tcase);
	return suite;
}
