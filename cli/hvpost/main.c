// SPDX-License-Identifier: MIT
#include "command.h"

static const struct command *const commands[] = {
	&command_info,	  &command_doctor,  &command_send,
	&command_listen,  &command_signal,  &command_ping,
	&command_status,  &command_conform, &command_demo,
	&command_capture, &command_plot,    &command_replay,
	&command_trace,
	&command_top,
	NULL,
};

int main(int argc, char **argv)
{
	return tool_main(&hvpost_tool, commands, argc, argv);
}
