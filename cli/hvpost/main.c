// SPDX-License-Identifier: MIT
#include "command.h"

#include <string.h>

static const struct command *const commands[] = {
	&command_info,   &command_send, &command_listen,
	&command_signal, &command_ping, &command_status,
	&command_conform, &command_demo,
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static void print_usage(FILE *out)
{
	fputs("Usage: hvpost COMMAND [OPTION]... [OPERAND]...\n\n"
	      "Post Hyper-V messages, signal events, and receive what arrives "
	      "for this guest.\n\nCommands:\n",
	      out);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "  %-8s %s\n", commands[i]->name,
			commands[i]->summary);
	fputs("\n'hvpost COMMAND --help' has options and examples, hvpost(1) "
	      "the whole story.\n"
	      "'hvpost --version' prints the version.\n",
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
		printf("hvpost %s\n", hvpost_version());
		return EXIT_DONE;
	}
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (!strcmp(argv[1], commands[i]->name))
			return command_run(commands[i], argc - 1, argv + 1);

	fprintf(stderr, "hvpost: no command '%.40s'\ntry 'hvpost --help'\n",
		argv[1]);
	return EXIT_LOCAL;
}

int main(int argc, char **argv)
{
	int status;

	/* A line at a time, so that a pipe sees each as it happens. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	status = dispatch(argc, argv);
	/* A command that failed on this side has said why, maybe even this. */
	if ((fflush(stdout) || ferror(stdout)) && status != EXIT_LOCAL) {
		perror("hvpost: cannot write to standard output");
		return status ? status : EXIT_LOCAL;
	}
	return status;
}
