/* SPDX-License-Identifier: MIT */
/* command.h - what a command is, and the commands there are. */
#ifndef COMMAND_H
#define COMMAND_H

#include <hvpost/hvpost.h>

#include "tool.h"

/* Exit status of the tool, besides tool.h's; hvpost(1) promises these. */
enum {
	EXIT_TIMED_OUT = 3
};

extern const struct tool hvpost_tool;

#define OPTION_TARGET \
	{ 0, "target", "T", \
	  "where to: device, device:PATH, embedded, a host in\n" \
	  "this process, or host:SOCKET[,partition=NAME], a\n" \
	  "running hvhost\n" \
	  "(default: $HVPOST_TARGET, else device)", \
	  OPTION_TEXT, offsetof(struct common_options, target), 0, 0 }

extern const struct command command_info;
extern const struct command command_doctor;
extern const struct command command_send;
extern const struct command command_listen;
extern const struct command command_signal;
extern const struct command command_ping;
extern const struct command command_trace;
extern const struct command command_status;
extern const struct command command_conform;
extern const struct command command_demo;
extern const struct command command_capture;
extern const struct command command_plot;
extern const struct command command_replay;
extern const struct command command_top;

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
