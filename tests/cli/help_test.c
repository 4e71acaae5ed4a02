// SPDX-License-Identifier: MIT
/* --help, and that it and the man page tell the same story. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "suites.h"
#include "tool.h"

static const char *const commands[] = {
	"info", "send", "listen", "signal", "ping", "status", "conform",
	"demo", "capture", "plot", "replay", "top",
};

static char page[65536];

/* The source of the man page; tests run at the top of the tree. */
static void read_page(void)
{
	FILE *file = fopen("docs/hvpost.1.scd", "r");
	size_t size;

	ck_assert_msg(file != NULL, "run this at the top of the tree");
	size = fread(page, 1, sizeof(page) - 1, file);
	ck_assert_uint_lt(size, sizeof(page) - 1);
	page[size] = '\0';
	fclose(file);
}

static void help_of(const char *command)
{
	char line[64];

	snprintf(line, sizeof(line), "%s --help", command);
	run_tool(line);
}

START_TEST(help_lists_every_command)
{
	run_tool("--help");
	ck_assert_int_eq(ran.status, 0);
	ck_assert_str_eq(ran.complaint, "");
	for (int i = 0; i < ROWS(commands); i++) {
		char start[32];

		snprintf(start, sizeof(start), "\n  %-8s ", commands[i]);
		ck_assert_ptr_nonnull(strstr(ran.out, start));
	}
}
END_TEST

START_TEST(short_help_is_the_same)
{
	static char help[sizeof(ran.out)];

	run_tool("--help");
	strcpy(help, ran.out);
	run_tool("-h");
	ck_assert_int_eq(ran.status, 0);
	ck_assert_str_eq(ran.out, help);
}
END_TEST

START_TEST(version_is_printed)
{
	int major, minor, patch, length = 0;

	run_tool("--version");
	ck_assert_int_eq(ran.status, 0);
	sscanf(ran.out, "hvpost %d.%d.%d\n%n", &major, &minor, &patch, &length);
	ck_assert_int_eq(length, (int)strlen(ran.out));
}
END_TEST

START_TEST(help_of_a_command_goes_to_stdout_with_status_0)
{
	char usage[64];

	help_of(commands[_i]);
	ck_assert_int_eq(ran.status, 0);
	ck_assert_str_eq(ran.complaint, "");
	snprintf(usage, sizeof(usage), "Usage: hvpost %s [OPTION]...",
		 commands[_i]);
	ck_assert(!strncmp(ran.out, usage, strlen(usage)));
}
END_TEST

START_TEST(help_of_a_command_has_an_example_of_it)
{
	const char *examples;
	char start[64];

	help_of(commands[_i]);
	examples = strstr(ran.out, "\nExamples:\n");
	ck_assert_ptr_nonnull(examples);
	snprintf(start, sizeof(start), "hvpost %s", commands[_i]);
	ck_assert_ptr_nonnull(strstr(examples, start));
}
END_TEST

START_TEST(help_fits_80_columns)
{
	size_t length;

	help_of(commands[_i]);
	for (const char *line = ran.out; *line; line += length + 1) {
		length = strcspn(line, "\n");
		ck_assert_msg(length <= 80, "too wide: %.*s", (int)length,
			      line);
	}
}
END_TEST

START_TEST(help_wins_over_missing_operands)
{
	run_tool("send --json --help");
	ck_assert_int_eq(ran.status, 0);
	ck_assert_ptr_nonnull(strstr(ran.out, "Usage: hvpost send"));
}
END_TEST

/* Take the next "--name" out of @text; "" at its end. */
static const char *next_option(const char *text, char *name, size_t size)
{
	size_t length = 0;

	text = strstr(text, "--");
	if (!text) {
		*name = '\0';
		return "";
	}
	while (text[2 + length] && (islower((unsigned char)text[2 + length]) ||
				    text[2 + length] == '-'))
		length++;
	ck_assert_uint_lt(length + 3, size);
	snprintf(name, size, "--%.*s", (int)length, text + 2);
	return text + 2 + length;
}

/* Does @text have @option as a word of its own? */
static int has_option(const char *text, const char *option)
{
	size_t length = strlen(option);

	for (; (text = strstr(text, option)); text++)
		if (!islower((unsigned char)text[length]) &&
		    text[length] != '-')
			return 1;
	return 0;
}

/* Copy the part of the page between @heading and the next one. */
static void copy_section(char *section, const char *heading)
{
	char *start = strstr(page, heading), *end;

	ck_assert_msg(start != NULL, "hvpost.1 lacks the heading '%s'",
		      heading);
	strcpy(section, start + strlen(heading));
	end = strstr(section, "\n#");
	if (end)
		*end = '\0';
}

/* What the page says about @command, and about options of all commands. */
static char own_section[sizeof(page)], common_section[sizeof(page)];

static void read_sections(const char *command)
{
	char heading[64];

	read_page();
	snprintf(heading, sizeof(heading), "\n## hvpost %s", command);
	copy_section(own_section, heading);
	copy_section(common_section, "\n# COMMON OPTIONS\n");
}

START_TEST(man_page_has_every_option_of_the_help)
{
	const char *rest;
	char name[64];
	int count = 0;

	read_sections(commands[_i]);
	help_of(commands[_i]);
	*strstr(ran.out, "\nExamples:") = '\0';
	for (rest = ran.out; *rest;) {
		rest = next_option(rest, name, sizeof(name));
		if (strlen(name) < 3)
			continue;
		count++;
		ck_assert_msg(has_option(own_section, name) ||
				      has_option(common_section, name),
			      "hvpost.1 lacks %s of %s", name, commands[_i]);
	}
	ck_assert_int_ge(count, 2);
}
END_TEST

START_TEST(help_has_every_option_of_the_man_page)
{
	const char *rest;
	char name[64];

	read_sections(commands[_i]);
	help_of(commands[_i]);
	for (rest = own_section; *rest;) {
		rest = next_option(rest, name, sizeof(name));
		if (strlen(name) > 2)
			ck_assert_msg(has_option(ran.out, name),
				      "%s --help lacks %s", commands[_i], name);
	}
}
END_TEST

START_TEST(man_page_has_every_exit_status)
{
	read_page();
	ck_assert_ptr_nonnull(strstr(page, "\n# EXIT STATUS\n"));
	for (char digit = '0'; digit <= '3'; digit++) {
		char entry[8];

		snprintf(entry, sizeof(entry), "\n*%c*", digit);
		ck_assert_ptr_nonnull(strstr(page, entry));
	}
}
END_TEST

Suite *help_suite(void)
{
	Suite *suite = suite_create("help");
	TCase *tcase = tcase_create("help");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, help_lists_every_command);
	tcase_add_test(tcase, short_help_is_the_same);
	tcase_add_test(tcase, version_is_printed);
	tcase_add_loop_test(tcase,
			    help_of_a_command_goes_to_stdout_with_status_0, 0,
			    ROWS(commands));
	tcase_add_loop_test(tcase, help_of_a_command_has_an_example_of_it, 0,
			    ROWS(commands));
	tcase_add_loop_test(tcase, help_fits_80_columns, 0, ROWS(commands));
	tcase_add_test(tcase, help_wins_over_missing_operands);
	tcase_add_loop_test(tcase, man_page_has_every_option_of_the_help, 0,
			    ROWS(commands));
	tcase_add_loop_test(tcase, help_has_every_option_of_the_man_page, 0,
			    ROWS(commands));
	tcase_add_test(tcase, man_page_has_every_exit_status);
	return suite;
}
