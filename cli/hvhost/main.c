// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include <hvpost/version.h>

#include "command.h"

static const struct command *const commands[] = {
	&command_run, &command_link, &command_unlink, &command_port,
	&command_connection, &command_partition, &command_inspect,
	&command_snapshot,
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_usage(FILE *out)
{
	fputs("Usage: hvhost COMMAND [OPTION]... [OPERAND]...\n\n"
	      "Host Hyper-V partitions: processes that attach by a socket, and "
	      "ports between them.\n\nCommands:\n",
	      out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name,
			commands[i]->summary);
	fputs("\n'hvhost COMMAND --help' has options and examples, hvhost(1) "
	      "the whole story.\n"
	      "'hvhost --version' prints the version.\n",
	      out);
}

static int dispatch(int argc, char **argv)
{
	if (argc < 2) {
		print_usage(stderr);
		return EXIT_LOCAL;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		print_usage(stdout);
		return EXIT_DONE;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("hvhost %s\n", HVPOST_VERSION);
		return EXIT_DONE;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (!strcmp(argv[1], commands[i]->name))
			return command_dispatch(commands[i], argc - 1,
						argv + 1);

	fprintf(stderr, "hvhost: no command '%.40s'\ntry 'hvhost --help'\n",
		argv[1]);
	return EXIT_LOCAL;
}

int main(int argc, char **argv)
{
	int status;

	/* A line at a time, so that a pipe sees each as it happens. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	status = dispatch(argc, argv);
	if ((fflush(stdout) || ferror(stdout)) && status != EXIT_LOCAL) {
		perror("hvhost: cannot write to standard output");
		return EXIT_LOCAL;
	}
	return status;
}
