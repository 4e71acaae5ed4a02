// SPDX-License-Identifier: MIT
#include "tool.h"

#include <stdlib.h>
#include <string.h>

#include <hvpost/version.h>

static void print_help(const struct tool *tool, const struct command *command)
{
	printf("Usage: %s %s [OPTION]...%s%s\n\n%s\n\nOptions:\n", tool->name,
	       command->name, *command->operands ? " " : "", command->operands,
	       command->details);
	options_print_help(stdout, command->options);
	printf("\nExamples:\n%s", command->examples);
}

/* --json counts also where the command line cannot be parsed. */
static bool asks_for_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--json"))
			return true;
	return false;
}

static int run(const struct tool *tool, int argc, char **argv,
	       struct common_options *common)
{
	const struct command *command = common->command;
	bool json = asks_for_json(argc, argv);
	struct options_error error;
	int first, operands;

	first = options_parse(command->options, argc, argv, common, &error);
	operands = argc - first;
	if (first >= 0 && common->help) {
		print_help(tool, command);
		return EXIT_DONE;
	}
	if (first >= 0 && operands >= command->operands_min &&
	    operands <= command->operands_max)
		return command->run(common, argv + first);

	if (first >= 0)
		snprintf(error.text, sizeof(error.text),
			 "too %s operands: expected %s",
			 operands < command->operands_min ? "few" : "many",
			 *command->operands ? command->operands : "none");
	common->json = json;
	return tool->refuse(common, error.text);
}

int tool_run(const struct tool *tool, const struct command *command, int argc,
	     char **argv)
{
	struct common_options *common = malloc(command->defaults_size);
	int status;

	if (!common) {
		fprintf(stderr, "%s: out of memory\n", tool->name);
		return EXIT_LOCAL;
	}
	memcpy(common, command->defaults, command->defaults_size);
	common->command = command;
	status = run(tool, argc, argv, common);
	free(common);
	return status;
}

static int name_width(const struct command *const *commands)
{
	size_t width = 0;

	for (; *commands; commands++)
		if (strlen((*commands)->name) > width)
			width = strlen((*commands)->name);
	return (int)width;
}

static void print_usage(FILE *out, const struct tool *tool,
			const struct command *const *commands)
{
	int width = name_width(commands);

	fprintf(out, "Usage: %s COMMAND [OPTION]... [OPERAND]...\n\n%s\n\n"
		"Commands:\n", tool->name, tool->purpose);
	for (; *commands; commands++)
		fprintf(out, "  %-*s  %s\n", width, (*commands)->name,
			(*commands)->summary);
	fprintf(out, "\n'%s COMMAND --help' has options and examples, %s(1) "
		"the whole story.\n'%s --version' prints the version.\n",
		tool->name, tool->name, tool->name);
}

static int dispatch(const struct tool *tool,
		    const struct command *const *commands, int argc,
		    char **argv)
{
	if (argc < 2) {
		print_usage(stderr, tool, commands);
		return EXIT_LOCAL;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_usage(stdout, tool, commands);
		return EXIT_DONE;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("%s %s\n", tool->name, HVPOST_VERSION);
		return EXIT_DONE;
	}
	for (; *commands; commands++)
		if (!strcmp(argv[1], (*commands)->name))
			return tool_run(tool, *commands, argc - 1, argv + 1);

	fprintf(stderr, "%s: no command '%.40s'\ntry '%s --help'\n", tool->name,
		argv[1], tool->name);
	return EXIT_LOCAL;
}

int tool_main(const struct tool *tool, const struct command *const *commands,
	      int argc, char **argv)
{
	int status;

	/* A line at a time, so that a pipe sees each as it happens. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	status = dispatch(tool, commands, argc, argv);
	/* A command that failed on this side has said why, maybe even this. */
	if ((!fflush(stdout) && !ferror(stdout)) || status == EXIT_LOCAL)
		return status;
	fprintf(stderr, "%s: ", tool->name);
	perror("cannot write to standard output");
	return status ? status : EXIT_LOCAL;
}
