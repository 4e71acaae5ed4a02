// SPDX-License-Identifier: MIT
/*
 * steps - how many instructions a post takes to its reader and back, on the embedded
 * target: the process's own, counted one by one. No clock and no other load has a
 * part in that, so a nop more is seen.
 */
#define _GNU_SOURCE /* SI_TKILL */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hvpost/hvpost.h>

#define SINT	   3u
#define CONNECTION 0x13u	/* which the embedded target echoes there */
#define TRIPS	   8

static void fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void make_trips(struct hvpost *handle, int count)
{
	static const char payload[] = "hello";
	const struct hvpost_post post = {
		.connection_id = CONNECTION,
		.message_type = 1,
		.payload = payload,
		.payload_size = sizeof(payload),
	};
	struct hvpost_message message;

	for (int i = 0; i < count; i++)
		if (hvpost_post(handle, &post, HVPOST_NOW) ||
		    hvpost_receive(handle, &message, HVPOST_NOW))
			fail("steps: a trip");
}

/* The parent counts from one trap to the next. */
static void be_counted(void)
{
	struct hvpost *handle;

	if (hvpost_open("embedded", &handle) || hvpost_bind(handle, SINT, 0))
		fail("steps: the embedded target");
	make_trips(handle, TRIPS);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		fail("steps: ptrace");
	raise(SIGTRAP);
	make_trips(handle, TRIPS);
	raise(SIGTRAP);
	hvpost_close(handle);
	_exit(EXIT_SUCCESS);
}

static int await(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) < 0)
		fail("steps: waitpid");
	if (!WIFSTOPPED(status)) {
		fprintf(stderr, "steps: what is counted ended with 0x%x\n",
			(unsigned int)status);
		exit(EXIT_FAILURE);
	}
	return WSTOPSIG(status);
}

/* A step stops with the signal of a trap as well: only its code tells which. */
static bool is_raised(pid_t child)
{
	siginfo_t info;

	if (ptrace(PTRACE_GETSIGINFO, child, NULL, &info))
		fail("steps: ptrace");
	return info.si_code == SI_TKILL;
}

static unsigned long count(pid_t child)
{
	unsigned long steps = 0;

	await(child);
	do {
		if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL))
			fail("steps: ptrace");
		await(child);
		steps++;
	} while (!is_raised(child));
	return steps;
}

int main(void)
{
	pid_t child = fork();
	unsigned long steps;

	if (child < 0)
		fail("steps: fork");
	if (!child)
		be_counted();
	steps = count(child);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	printf("%.2f\n", (double)steps / TRIPS);
	return EXIT_SUCCESS;
}
