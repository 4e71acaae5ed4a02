// SPDX-License-Identifier: MIT
/* The screen of top, on a terminal that goes away. */
#define _GNU_SOURCE /* posix_openpt */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suites.h"

/* As under nohup: nobody is told that the terminal hung up. */
static pid_t start_top(int terminal)
{
	const char *tool = getenv("HVPOST");
	pid_t child = fork();
	int in;

	if (child)
		return child;
	in = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	for (int fd = 0; fd < 3; fd++)
		dup2(in, fd);
	close(in);
	close(terminal);
	signal(SIGHUP, SIG_IGN);
	setenv("TERM", "xterm", 1);
	execl(tool, tool, "top", "--target", "embedded", NULL);
	_exit(127);
}

START_TEST(a_screen_ends_with_its_terminal)
{
	int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), status;
	char drawn[256];
	pid_t child;

	ck_assert(terminal >= 0 && !grantpt(terminal) && !unlockpt(terminal));
	child = start_top(terminal);
	ck_assert_int_gt(read(terminal, drawn, sizeof(drawn)), 0);
	close(terminal);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) != 127);
}
END_TEST

Suite *top_suite(void)
{
	Suite *suite = suite_create("top");
	TCase *tcase = tcase_create("screen");

	suite_add_tcase(suite, tcase);
	tcase_add_test(tcase, a_screen_ends_with_its_terminal);
	return suite;
}
