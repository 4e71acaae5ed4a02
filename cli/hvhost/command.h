/* SPDX-License-Identifier: MIT */
/* command.h - what a command of hvhost is, and the commands there are. */
#ifndef COMMAND_H
#define COMMAND_H

#include "options.h"

/* Exit status of hvhost; hvhost(1) promises these. */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_LOCAL = 1,		/* misuse, or an error on this side */
	EXIT_REFUSED = 2,	/* the running hvhost said no */
	EXIT_RESET = 3,		/* a guest asked for a reset */
	EXIT_CRASHED = 4	/* a guest had a triple fault */
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

#define OPTION_SOCKET \
	{ 'S', "socket", "PATH", \
	  "the socket of hvhost (default: $HVHOST_SOCKET,\n" \
	  "else $XDG_RUNTIME_DIR/hvhost.sock,\n" \
	  "else /run/hvhost.sock)", \
	  OPTION_TEXT, offsetof(struct common_options, target), 0, 0 }

extern const struct command command_run;
extern const struct command command_link;
extern const struct command command_unlink;
extern const struct command command_port;
extern const struct command command_connection;
extern const struct command command_partition;
extern const struct command command_inspect;
extern const struct command command_snapshot;

/* Run @command with its part of the command line; argv[0] is its name. */
int command_dispatch(const struct command *command, int argc, char **argv);

/* The socket that the options, or the environment, name. */
const char *command_socket(const struct common_options *common);

/*
 * Print "hvhost COMMAND: TEXT" and, if there is one, the hint; with --json also
 * an object. Return @status.
 */
int command_fail(const struct common_options *common, int status,
		 const char *hint, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif /* COMMAND_H */
