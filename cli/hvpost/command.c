// SPDX-License-Identifier: MIT
#include "command.h"

#include <hvpost/hyperv.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failure.h"
#include "number.h"

void command_print_help(FILE *out, const struct command *command)
{
	fprintf(out, "Usage: hvpost %s [OPTION]...%s%s\n\n%s\n\nOptions:\n",
		command->name, *command->operands ? " " : "", command->operands,
		command->details);
	options_print_help(out, command->options);
	fprintf(out, "\nExamples:\n%s", command->examples);
}

/* --json counts also where the command line cannot be parsed. */
static bool asks_for_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--json"))
			return true;
	return false;
}

static int report_usage(struct common_options *common, int argc, char **argv,
			const char *text)
{
	struct failure failure = failure_of_usage("%s", text);

	common->json = asks_for_json(argc, argv);
	return failure_report(common, &failure);
}

static int run(const struct command *command, int argc, char **argv,
	       struct common_options *common)
{
	struct options_error error;
	int first, operands;

	common->command = command;
	first = options_parse(command->options, argc, argv, common, &error);
	if (first < 0)
		return report_usage(common, argc, argv, error.text);
	if (common->help) {
		command_print_help(stdout, command);
		return EXIT_DONE;
	}

	operands = argc - first;
	if (operands < command->operands_min ||
	    operands > command->operands_max) {
		snprintf(error.text, sizeof(error.text),
			 "%s operands: expected %s",
			 operands < command->operands_min ? "too few" :
							    "too many",
			 *command->operands ? command->operands : "none");
		return report_usage(common, argc, argv, error.text);
	}
	return command->run(common, argv + first);
}

int command_run(const struct command *command, int argc, char **argv)
{
	struct common_options *common = malloc(command->defaults_size);
	int status;

	if (!common) {
		fputs("hvpost: out of memory\n", stderr);
		return EXIT_LOCAL;
	}
	memcpy(common, command->defaults, command->defaults_size);
	status = run(command, argc, argv, common);
	free(common);
	return status;
}

const char *command_target_name(const struct common_options *common)
{
	const char *environment = getenv("HVPOST_TARGET");

	if (common->target)
		return common->target;
	return environment && *environment ? environment : "device";
}

int command_open_target(const struct common_options *common,
			struct hvpost **handle)
{
	int err = hvpost_open(common->target, handle);
	struct failure failure;

	if (!err)
		return EXIT_DONE;
	failure = failure_of_open(command_target_name(common), err);
	return failure_report(common, &failure);
}

int command_check_output(const struct common_options *common)
{
	struct failure failure;

	if (!fflush(stdout) && !ferror(stdout))
		return EXIT_DONE;
	failure = failure_of("cannot write to standard output",
			     errno ? -errno : -EIO);
	return failure_report(common, &failure);
}

int command_number(const struct common_options *common, const char *name,
		   const char *text, uint64_t max, uint32_t *value)
{
	struct failure failure;
	uint64_t number;

	if (!parse_number(text, &number) && number <= max) {
		*value = (uint32_t)number;
		return EXIT_DONE;
	}
	failure = failure_of_usage("%s '%.40s' is not a number up to %llu",
				   name, text, (unsigned long long)max);
	return failure_report(common, &failure);
}

int command_sint(const struct common_options *common, const char *text,
		 uint32_t *sint)
{
	struct failure failure;
	uint64_t number;

	if (!parse_number(text, &number) && number && number < HV_SINT_COUNT) {
		*sint = (uint32_t)number;
		return EXIT_DONE;
	}
	failure = failure_of_usage("SINT '%.40s' is not a number from 1 to %u",
				   text, HV_SINT_COUNT - 1);
	return failure_report(common, &failure);
}
