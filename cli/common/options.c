// SPDX-License-Identifier: MIT
#include "options.h"

#include <getopt.h>
#include <inttypes.h>
#include <string.h>

#include "number.h"

#define LINES_MAX   20
#define HELP_COLUMN 26

/* What getopt_long() wants to be told about a table. */
struct getopt_tables {
	struct option longs[LINES_MAX + 1];
	char letters[2 * LINES_MAX + 2];
};

static void make_tables(struct getopt_tables *tables,
			const struct option_line *lines)
{
	char *letter = tables->letters;

	memset(tables, 0, sizeof(*tables));
	*letter++ = ':'; /* tell a missing value from an unknown option */
	for (size_t i = 0; lines[i].name && i < LINES_MAX; i++) {
		tables->longs[i].name = lines[i].name;
		tables->longs[i].has_arg = lines[i].argument != NULL;
		tables->longs[i].val = UINT8_MAX + 1 + (int)i;
		if (!lines[i].letter)
			continue;
		*letter++ = lines[i].letter;
		if (lines[i].argument)
			*letter++ = ':';
	}
}

static const struct option_line *line_of(const struct option_line *lines,
					 int found)
{
	if (found > UINT8_MAX)
		return &lines[found - UINT8_MAX - 1];
	while (lines->name && lines->letter != found)
		lines++;
	return lines->name ? lines : NULL;
}

static bool set_number(const struct option_line *line, const char *text,
		       uint64_t *value, struct options_error *error)
{
	uint64_t number;

	if (parse_number(text, &number) || number < line->min ||
	    number > line->max) {
		snprintf(error->text, sizeof(error->text),
			 "--%s: '%.40s' is not a number from %" PRIu64
			 " to %" PRIu64,
			 line->name, text, line->min, line->max);
		return false;
	}
	*value = number;
	return true;
}

static bool set_duration(const struct option_line *line, const char *text,
			 int64_t *value, struct options_error *error)
{
	if (!parse_duration(text, value))
		return true;
	snprintf(error->text, sizeof(error->text),
		 "--%s: '%.40s' is not a duration such as 20ms, 5s or 1m",
		 line->name, text);
	return false;
}

static bool add_to_list(const struct option_line *line, const char *text,
			struct option_list *list, struct options_error *error)
{
	if (list->count < OPTION_LIST_MAX) {
		list->text[list->count++] = text;
		return true;
	}
	snprintf(error->text, sizeof(error->text),
		 "--%s: more than %d of them", line->name, OPTION_LIST_MAX);
	return false;
}

static bool set_value(const struct option_line *line, const char *text,
		      void *values, struct options_error *error)
{
	void *value = (char *)values + line->offset;

	switch (line->kind) {
	case OPTION_FLAG:
		*(bool *)value = true;
		return true;
	case OPTION_NUMBER:
		return set_number(line, text, value, error);
	case OPTION_DURATION:
		return set_duration(line, text, value, error);
	case OPTION_TEXT:
		*(const char **)value = text;
		return true;
	case OPTION_LIST:
		return add_to_list(line, text, value, error);
	}
	return false;
}

static void explain_unknown(struct options_error *error, char **argv)
{
	if (optopt > 0 && optopt <= UINT8_MAX)
		snprintf(error->text, sizeof(error->text), "no option '-%c'",
			 optopt);
	else
		snprintf(error->text, sizeof(error->text), "no option '%.40s'",
			 argv[optind - 1]);
}

int options_parse(const struct option_line *lines, int argc, char **argv,
		  void *values, struct options_error *error)
{
	struct getopt_tables tables;
	const struct option_line *line;
	int found;

	make_tables(&tables, lines);
	opterr = 0;
	optind = 0; /* start over, also after another command line */
	while ((found = getopt_long(argc, argv, tables.letters, tables.longs,
				    NULL)) != -1) {
		line = line_of(lines, found == ':' ? optopt : found);
		if (found == ':' && line) {
			snprintf(error->text, sizeof(error->text),
				 "--%s needs a value: %s", line->name,
				 line->argument);
			return -1;
		}
		if (!line) {
			explain_unknown(error, argv);
			return -1;
		}
		if (!set_value(line, optarg, values, error))
			return -1;
	}
	return optind;
}

static void print_help_line(FILE *out, const struct option_line *line)
{
	const char *help = line->help;
	int width;

	if (line->letter)
		width = fprintf(out, "  -%c, ", line->letter);
	else
		width = fprintf(out, "      ");
	width += fprintf(out, "--%s%s%s", line->name, line->argument ? " " : "",
			 line->argument ? line->argument : "");

	while (*help) {
		int length = (int)strcspn(help, "\n");

		fprintf(out, "%*s%.*s\n",
			width < HELP_COLUMN ? HELP_COLUMN - width : 1, "",
			length, help);
		help += length;
		help += *help == '\n';
		width = 0;
	}
}

void options_print_help(FILE *out, const struct option_line *lines)
{
	for (; lines->name; lines++)
		print_help_line(out, lines);
}
