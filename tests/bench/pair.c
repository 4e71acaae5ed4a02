// SPDX-License-Identifier: MIT
#include "pair.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

/* In memory that all three processes share. */
struct meeting {
	pthread_barrier_t barrier;
	double start_ns[2], end_ns[2];
};

static struct meeting *meeting_new(void)
{
	struct meeting *meeting = mmap(NULL, sizeof(*meeting),
				       PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_barrierattr_t attributes;

	if (meeting == MAP_FAILED)
		bench_fail("no memory to share with child processes");
	pthread_barrierattr_init(&attributes);
	pthread_barrierattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&meeting->barrier, &attributes, 2);
	pthread_barrierattr_destroy(&attributes);
	return meeting;
}

static pid_t start(const struct pair *pair, struct meeting *meeting,
		   unsigned int side)
{
	pid_t child = fork();

	if (child < 0)
		bench_fail("cannot start a process");
	if (child)
		return child;
	bench_unpin();
	if (pair->enter)
		pair->enter(side);
	pthread_barrier_wait(&meeting->barrier);
	meeting->start_ns[side] = bench_now_ns();
	pair->run(side);
	meeting->end_ns[side] = bench_now_ns();
	/* What it has open goes only when the other one has done, too. */
	pthread_barrier_wait(&meeting->barrier);
	_exit(0);
}

/* If one fails, the other one would wait for it for ever. */
static void wait_for_both(const pid_t child[2])
{
	for (unsigned int ended = 0; ended < 2; ended++) {
		int status;
		pid_t pid = wait(&status);

		if (pid >= 0 && !status)
			continue;
		for (unsigned int side = 0; side < 2; side++)
			if (child[side] != pid)
				kill(child[side], SIGKILL);
		bench_fail("a process that was to be measured has failed");
	}
}

double pair_run_ns(const struct pair *pair)
{
	struct meeting *meeting = meeting_new();
	pid_t child[2];
	double start_ns, end_ns;

	for (unsigned int side = 0; side < 2; side++)
		child[side] = start(pair, meeting, side);
	wait_for_both(child);
	start_ns = meeting->start_ns[meeting->start_ns[0] >
				     meeting->start_ns[1]];
	end_ns = meeting->end_ns[meeting->end_ns[0] < meeting->end_ns[1]];
	munmap(meeting, sizeof(*meeting));
	return end_ns - start_ns;
}
