/* SPDX-License-Identifier: MIT */
/*
 * options.h - options as a table: one row says how an option is written, what
 * it takes, where its value goes, and what --help prints about it.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What an option takes, and the type of its value. */
enum option_kind {
	OPTION_FLAG,		/* nothing; bool */
	OPTION_NUMBER,		/* decimal or 0x, min to max; uint64_t */
	OPTION_DURATION,	/* 20ms, 5s, 1m; int64_t milliseconds */
	OPTION_TEXT,		/* anything; const char * into argv */
	OPTION_LIST		/* the same, any number of times */
};

#define OPTION_LIST_MAX 256

/* The value of an OPTION_LIST, in the order of the command line. */
struct option_list {
	size_t count;
	const char *text[OPTION_LIST_MAX];
};

struct option_line {
	char letter;		/* 0: long form only */
	const char *name;	/* NULL ends a table */
	const char *argument;	/* its name in --help; NULL for a flag */
	const char *help;	/* may hold line breaks */
	enum option_kind kind;
	size_t offset;		/* of the value in the command's structure */
	uint64_t min, max;	/* OPTION_NUMBER */
};

/* The first member of every command's structure of values. */
struct common_options {
	const struct command *command;
	const char *target;	/* or hvhost's socket; NULL: the default */
	bool json;
	bool help;
};

#define OPTION_JSON \
	{ 0, "json", NULL, "print JSON, one object per line", \
	  OPTION_FLAG, offsetof(struct common_options, json), 0, 0 }
#define OPTION_HELP \
	{ 'h', "help", NULL, "print this help", \
	  OPTION_FLAG, offsetof(struct common_options, help), 0, 0 }
#define OPTION_END { .name = NULL }

/* Why a command line could not be taken. */
struct options_error {
	char text[160];
};

/*
 * Fill @values from the options in @argv, wherever they stand; what is not an
 * option moves to the end. "--" ends the options.
 *
 * Return the index of the first operand, or -1 with @error filled.
 */
int options_parse(const struct option_line *lines, int argc, char **argv,
		  void *values, struct options_error *error);

/* What --help says about the options. */
void options_print_help(FILE *out, const struct option_line *lines);

#endif /* OPTIONS_H */
