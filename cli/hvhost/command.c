// SPDX-License-Identifier: MIT
#include "command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

static void print_help(const struct command *command)
{
	printf("Usage: hvhost %s [OPTION]...%s%s\n\n%s\n\nOptions:\n",
	       command->name, *command->operands ? " " : "",
	       command->operands, command->details);
	options_print_help(stdout, command->options);
	printf("\nExamples:\n%s", command->examples);
}

static int run(const struct command *command, int argc, char **argv,
	       struct common_options *common)
{
	struct options_error error;
	int first, operands;

	common->command = command;
	first = options_parse(command->options, argc, argv, common, &error);
	if (first < 0)
		return command_fail(common, EXIT_LOCAL,
				    "--help lists the options", "%s",
				    error.text);
	if (common->help) {
		print_help(command);
		return EXIT_DONE;
	}
	operands = argc - first;
	if (operands < command->operands_min ||
	    operands > command->operands_max)
		return command_fail(common, EXIT_LOCAL,
				    "--help has examples",
				    "too %s operands: expected %s",
				    operands < command->operands_min ?
					    "few" : "many",
				    *command->operands ? command->operands :
							 "none");
	return command->run(common, argv + first);
}

int command_dispatch(const struct command *command, int argc, char **argv)
{
	struct common_options *common = malloc(command->defaults_size);
	int status;

	if (!common) {
		fputs("hvhost: out of memory\n", stderr);
		return EXIT_LOCAL;
	}
	memcpy(common, command->defaults, command->defaults_size);
	status = run(command, argc, argv, common);
	free(common);
	return status;
}

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
