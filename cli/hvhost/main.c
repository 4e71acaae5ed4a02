// SPDX-License-Identifier: MIT
#include "command.h"

static const struct command *const commands[] = {
	&command_run,	&command_link,	    &command_unlink,
	&command_port,	&command_connection, &command_partition,
	&command_guest, &command_inspect, &command_snapshot,
	&command_restore, NULL,
};

int main(int argc, char **argv)
{
	return tool_main(&hvhost_tool, commands, argc, argv);
}
