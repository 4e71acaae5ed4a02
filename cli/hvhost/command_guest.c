// SPDX-License-Identifier: MIT
/* hvhost guest */
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "json.h"

static const struct common_options defaults;

static void print_guest(struct json_object *guest)
{
	printf("%-24s %-14s %-6llu %4llu %8llu M %7llu %5llu\n",
	       inquiry_text(guest, "name"), inquiry_text(guest, "state"),
	       inquiry_number(guest, "id"), inquiry_number(guest, "vp_count"),
	       inquiry_number(guest, "memory") >> 20, inquiry_number(guest, "resets"),
	       inquiry_number(guest, "resets_held"));
}

static int list(const struct common_options *common, const char *name)
{
	if (name)
		return command_fail(common, EXIT_LOCAL, "--help has examples",
				    "too many operands: list has none");
	return ask_and_list(common, ask_new("guests"), "guests",
			    "NAME                     STATE          ID     "
			    " VPS     MEMORY  RESETS  HELD",
			    print_guest);
}

static const char *const actions[] = { "pause", "resume", "reset", "stop" };

static int act(const struct common_options *common, const char *action,
	       const char *name)
{
	struct json_object *request;
	char command[32];

	if (!name)
		return command_fail(common, EXIT_LOCAL, "--help has examples",
				    "too few operands: expected %s NAME",
				    action);
	snprintf(command, sizeof(command), "guest-%s", action);
	request = ask_new(command);
	json_add_string(request, "guest", name);
	return ask_and_print(common, request);
}

static int run_guest(void *values, char **operands)
{
	const struct common_options *common = values;

	if (!strcmp(operands[0], "list"))
		return list(common, operands[1]);
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (!strcmp(operands[0], actions[i]))
			return act(common, actions[i], operands[1]);
	return command_fail(common, EXIT_LOCAL, "--help has examples",
			    "'%.40s' is not list, pause, resume, reset or stop",
			    operands[0]);
}

static const struct option_line lines[] = {
	OPTION_SOCKET,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_guest = {
	.name = "guest",
	.operands = "list | pause NAME | resume NAME | reset NAME | stop NAME",
	.summary = "list KVM guests; pause, resume, reset or stop one",
	.details =
	"A guest that is paused does nothing, and what others post to it waits. One\n"
	"that is reset begins anew as after power-on, in the same partition: links and\n"
	"ports stay. One that is stopped ends, as a machine whose plug is pulled.\n"
	"None of them is asked.",
	.examples =
	"  hvhost guest list\n"
	"  hvhost guest pause web\n"
	"  hvhost guest resume web\n",
	.operands_min = 1,
	.operands_max = 2,
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_guest,
};
