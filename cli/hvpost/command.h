/* SPDX-License-Identifier: MIT */
/* command.h - what a command is, and the commands there are. */
#ifndef COMMAND_H
#define COMMAND_H

#include <hvpost/hvpost.h>

#include "options.h"

/* Exit status of the tool; hvpost(1) promises these. */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_LOCAL = 1,		/* misuse, or an error on this side */
	EXIT_REFUSED = 2,	/* the hypervisor said no */
	EXIT_TIMED_OUT = 3
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

#define OPTION_TARGET \
	{ 0, "target", "T", \
	  "where to: device, device:PATH, embedded, a host in\n" \
	  "this process, or host:SOCKET[,partition=NAME], a\n" \
	  "running hvhost\n" \
	  "(default: $HVPOST_TARGET, else device)", \
	  OPTION_TEXT, offsetof(struct common_options, target), 0, 0 }

extern const struct command command_info;
extern const struct command command_send;
extern const struct command command_listen;
extern const struct command command_signal;
extern const struct command command_ping;
extern const struct command command_status;
extern const struct command command_conform;
extern const struct command command_demo;

/* Run @command with its part of the command line; argv[0] is its name. */
int command_run(const struct command *command, int argc, char **argv);

void command_print_help(FILE *out, const struct command *command);

/* The target string in force. */
const char *command_target_name(const struct common_options *common);

/* Open the target that the options name. Return an exit status. */
int command_open_target(const struct common_options *common,
			struct hvpost **handle);

/*
 * Has all that was printed been written? If not, that is a failure, and there
 * is no sense in going on. Return an exit status.
 */
int command_check_output(const struct common_options *common);

/* An operand that is a number up to @max. Return an exit status. */
int command_number(const struct common_options *common, const char *name,
		   const char *text, uint64_t max, uint32_t *value);

/* An operand that is a SINT a message may arrive at. Return an exit status. */
int command_sint(const struct common_options *common, const char *text,
		 uint32_t *sint);

#endif /* COMMAND_H */
