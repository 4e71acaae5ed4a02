/* SPDX-License-Identifier: MIT */
/* command.h - what a command of hvhost is, and the commands there are. */
#ifndef COMMAND_H
#define COMMAND_H

#include "tool.h"

/* Exit status of hvhost, besides tool.h's; hvhost(1) promises these. */
enum {
	EXIT_RESET = 3,		/* a guest asked for a reset */
	EXIT_CRASHED = 4	/* a guest had a triple fault */
};

extern const struct tool hvhost_tool;

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
extern const struct command command_guest;
extern const struct command command_inspect;
extern const struct command command_restore;
extern const struct command command_snapshot;

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
