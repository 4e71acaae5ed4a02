// SPDX-License-Identifier: MIT
#include "command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "json.h"

const char *command_socket(const struct common_options *common)
{
	static char path[4096];
	const char *environment = getenv("HVHOST_SOCKET");
	const char *folder = getenv("XDG_RUNTIME_DIR");

	if (common->target)
		return common->target;
	if (environment && *environment)
		return environment;
	snprintf(path, sizeof(path), "%s/hvhost.sock",
		 folder && *folder ? folder : "/run");
	return path;
}

static void print_json(int status, const char *text,
		       const char *hint)
{
	struct json_object *object = json_new();

	json_add_bool(object, "ok", 0);
	json_add_number(object, "exit", (uint64_t)status);
	json_add_string(object, "error", text);
	if (hint)
		json_add_string(object, "hint", hint);
	json_print(stdout, object);
}

int command_fail(const struct common_options *common, int status,
		 const char *hint, const char *format, ...)
{
	char text[500];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fprintf(stderr, "hvhost %s: %s\n", common->command->name, text);
	if (hint)
		fprintf(stderr, "%s\n", hint);
	if (common->json)
		print_json(status, text, hint);
	return status;
}

static int refuse(const struct common_options *common, const char *text)
{
	return command_fail(common, EXIT_LOCAL,
			    "--help has the options and examples", "%s", text);
}

const struct tool hvhost_tool = {
	.name = "hvhost",
	.purpose = "Host Hyper-V partitions: processes that attach by a socket, "
		   "KVM guests, and ports\nbetween them.",
	.refuse = refuse,
};
