/* SPDX-License-Identifier: MIT */
/* tool.h - what a tool is, what its commands are, and how they are run. */
#ifndef TOOL_H
#define TOOL_H

#include <stdio.h>

#include "options.h"

/* Exit statuses that all tools have; each may add its own. */
enum {
	EXIT_DONE = 0,
	EXIT_LOCAL = 1,		/* misuse, or an error on this side */
	EXIT_REFUSED = 2	/* the other side said no */
};

struct command {
	const char *name;
	const char *operands;	/* for the usage line */
	const char *summary;	/* one line, for the list of commands */
	const char *details;	/* paragraphs for --help */
	const char *examples;	/* lines for --help */
	int operands_min, operands_max;

	const struct option_line *options;
	const void *defaults;	/* struct common_options comes first in it */
	size_t defaults_size;

	/*
	 * @options is a copy of the defaults, filled from the command line;
	 * @operands ends with NULL. Return an exit status.
	 */
	int (*run)(void *options, char **operands);
};

struct tool {
	const char *name;
	const char *purpose;	/* one sentence or two, for --help */
	/* Say what is wrong with a command line. Return an exit status. */
	int (*refuse)(const struct common_options *common, const char *text);
};

/* Be the tool: its whole main(). @commands ends with NULL. */
int tool_main(const struct tool *tool, const struct command *const *commands,
	      int argc, char **argv);

/* Run @command with its part of the command line; argv[0] is its name. */
int tool_run(const struct tool *tool, const struct command *command, int argc,
	     char **argv);

#endif /* TOOL_H */
