// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "options.h"
#include "suites.h"

struct values {
	struct common_options common;
	uint64_t count;
	int64_t timeout_ms;
	const char *file;
	bool quiet;
	struct option_list words;
};

static const struct option_line lines[] = {
	{ 'n', "count", "N", "how many\n(default 3)", OPTION_NUMBER,
	  offsetof(struct values, count), 1, 10 },
	{ 'T', "timeout", "DURATION", "how long", OPTION_DURATION,
	  offsetof(struct values, timeout_ms), 0, 0 },
	{ 0, "file", "FILE", "what", OPTION_TEXT, offsetof(struct values, file),
	  0, 0 },
	{ 'q', "quiet", NULL, "say less", OPTION_FLAG,
	  offsetof(struct values, quiet), 0, 0 },
	{ 'w', "word", "W", "any number of times", OPTION_LIST,
	  offsetof(struct values, words), 0, 0 },
	OPTION_TARGET,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

static struct values values;
static struct options_error error;
static char *arguments[16];
static int argument_count;

static void reset(void)
{
	values = (struct values){ .count = 3, .timeout_ms = 5000 };
	memset(&error, 0, sizeof(error));
}

/* Parse a command line whose words are separated by single spaces. */
static int parse(const char *line)
{
	static char copy[256];
	char *rest = copy;

	snprintf(copy, sizeof(copy), "%s", line);
	argument_count = 0;
	while (rest && argument_count < 15)
		arguments[argument_count++] = strsep(&rest, " ");
	arguments[argument_count] = NULL;
	return options_parse(lines, argument_count, arguments, &values, &error);
}

START_TEST(no_option_leaves_the_defaults)
{
	ck_assert_int_eq(parse("cmd"), 1);
	ck_assert_uint_eq(values.count, 3);
	ck_assert_int_eq(values.timeout_ms, 5000);
	ck_assert_ptr_null(values.file);
	ck_assert(!values.quiet && !values.common.json);
}
END_TEST

START_TEST(every_kind_of_option_is_taken)
{
	ck_assert_int_eq(parse("cmd --count 7 --timeout 20ms --file f --quiet "
			       "--target device:/x --json"),
			 11);
	ck_assert_uint_eq(values.count, 7);
	ck_assert_int_eq(values.timeout_ms, 20);
	ck_assert_str_eq(values.file, "f");
	ck_assert(values.quiet && values.common.json);
	ck_assert_str_eq(values.common.target, "device:/x");
}
END_TEST

START_TEST(letters_and_equal_signs_are_taken)
{
	ck_assert_int_eq(parse("cmd -n 4 -T1m -q --file=f"), 6);
	ck_assert_uint_eq(values.count, 4);
	ck_assert_int_eq(values.timeout_ms, 60000);
	ck_assert(values.quiet);
	ck_assert_str_eq(values.file, "f");
}
END_TEST

START_TEST(a_list_keeps_its_words_in_order)
{
	ck_assert_int_eq(parse("cmd --word b -w a x --word=b"), 6);
	ck_assert_uint_eq(values.words.count, 3);
	ck_assert_str_eq(values.words.text[0], "b");
	ck_assert_str_eq(values.words.text[1], "a");
	ck_assert_str_eq(values.words.text[2], "b");
}
END_TEST

START_TEST(a_list_that_is_full_is_misuse)
{
	values.words.count = OPTION_LIST_MAX;
	ck_assert_int_eq(parse("cmd -w a"), -1);
	ck_assert_str_eq(error.text, "--word: more than 256 of them");
}
END_TEST

START_TEST(operands_may_stand_before_options)
{
	int first = parse("cmd one --quiet two");

	ck_assert_int_eq(argument_count - first, 2);
	ck_assert_str_eq(arguments[first], "one");
	ck_assert_str_eq(arguments[first + 1], "two");
	ck_assert(values.quiet);
}
END_TEST

START_TEST(two_dashes_end_the_options)
{
	int first = parse("cmd -- --quiet");

	ck_assert_str_eq(arguments[first], "--quiet");
	ck_assert(!values.quiet);
}
END_TEST

START_TEST(second_command_line_is_parsed_afresh)
{
	ck_assert_int_eq(parse("cmd --quiet one"), 2);
	ck_assert_int_eq(parse("cmd --count 9"), 3);
	ck_assert_uint_eq(values.count, 9);
}
END_TEST

static const struct {
	const char *line;
	const char *says;
} misuse[] = {
	{ "cmd --count 0", "--count: '0' is not a number from 1 to 10" },
	{ "cmd --count 11", "--count: '11' is not a number from 1 to 10" },
	{ "cmd -n x", "--count: 'x' is not a number from 1 to 10" },
	{ "cmd --count=", "--count: '' is not a number from 1 to 10" },
	{ "cmd --timeout 5x",
	  "--timeout: '5x' is not a duration such as 20ms, 5s or 1m" },
	{ "cmd --count", "--count needs a value: N" },
	{ "cmd -T", "--timeout needs a value: DURATION" },
	{ "cmd --nonsense", "no option '--nonsense'" },
	{ "cmd -z", "no option '-z'" },
	{ "cmd --quiet=yes", "no option '--quiet=yes'" },
};

START_TEST(misuse_is_told_apart)
{
	ck_assert_int_eq(parse(misuse[_i].line), -1);
	ck_assert_str_eq(error.text, misuse[_i].says);
}
END_TEST

START_TEST(help_shows_each_option_and_lines_up)
{
	char *text = NULL;
	size_t size;
	FILE *memory = open_memstream(&text, &size);

	options_print_help(memory, lines);
	fclose(memory);
	ck_assert_ptr_nonnull(strstr(text,
				     "  -n, --count N           how many\n"
				     "                          (default 3)\n"
				     "  -T, --timeout DURATION  how long\n"
				     "      --file FILE         what\n"
				     "  -q, --quiet             say less\n"));
	free(text);
}
END_TEST

Suite *options_suite(void)
{
	Suite *suite = suite_create("options");
	TCase *tcase = tcase_create("options");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, reset, NULL);
	tcase_add_test(tcase, no_option_leaves_the_defaults);
	tcase_add_test(tcase, every_kind_of_option_is_taken);
	tcase_add_test(tcase, letters_and_equal_signs_are_taken);
	tcase_add_test(tcase, a_list_keeps_its_words_in_order);
	tcase_add_test(tcase, a_list_that_is_full_is_misuse);
	tcase_add_test(tcase, operands_may_stand_before_options);
	tcase_add_test(tcase, two_dashes_end_the_options);
	tcase_add_test(tcase, second_command_line_is_parsed_afresh);
	tcase_add_loop_test(tcase, misuse_is_told_apart, 0, ROWS(misuse));
	tcase_add_test(tcase, help_shows_each_option_and_lines_up);
	return suite;
}
