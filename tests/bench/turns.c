// SPDX-License-Identifier: MIT
#include "turns.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

#define TURNS_MAX	2048u

static const char *const hosts[TURNS_HOSTS] = { "hvhost", "qemu", "untraced" };

static struct turn {
	unsigned int round;		/* from 1 on */
	char pattern[16];
	enum turns_host host;
	double figures[TURNS_FIGURES];
} turns[TURNS_MAX];

static unsigned int count, rounds;

static enum turns_host host_of(const char *name)
{
	enum turns_host host = 0;

	while (host < TURNS_HOSTS && strcmp(name, hosts[host]))
		host++;
	return host;
}

/* A line of tests/vm/bench-machine.sh; false: it tells something else. */
static bool keep_line(const char *line)
{
	struct turn turn;
	double *figures = turn.figures;
	char host[16];

	if (sscanf(line, "%u %15s %15s %lf %lf %lf %lf %lf", &turn.round,
		   turn.pattern, host, &figures[TURNS_MESSAGES],
		   &figures[TURNS_NANOSECONDS], &figures[TURNS_EXITS],
		   &figures[TURNS_LEAVES], &figures[TURNS_SLEEPS]) != 8)
		return false;
	turn.host = host_of(host);
	if (!turn.round || turn.round > TURNS_ROUNDS_MAX ||
	    turn.host == TURNS_HOSTS || figures[TURNS_MESSAGES] < 0 ||
	    count == TURNS_MAX)
		bench_fail("guests: not a line of this version's");
	turns[count++] = turn;
	if (rounds < turn.round)
		rounds = turn.round;
	return true;
}

void turns_read(const char *command)
{
	char line[256];
	FILE *file = popen(command, "r");

	if (!file)
		bench_fail("guests: cannot start scripts/vm-bench");
	rounds = 0;
	count = 0;
	while (fgets(line, sizeof(line), file)) {
		bool kept = keep_line(line);

		line[strcspn(line, "\n")] = '\0';
		bench_show_progress(kept ? "guests: round" : line, rounds);
	}
	if (pclose(file) || !rounds)
		bench_fail("guests: not measured; BENCH_VM=no leaves them out");
}

unsigned int turns_rounds(void)
{
	return rounds;
}

double turns_get(const char *pattern, enum turns_host host,
		 enum turns_figure figure, unsigned int round)
{
	for (unsigned int i = 0; i < count; i++)
		if (turns[i].round == round + 1 && turns[i].host == host &&
		    !strcmp(turns[i].pattern, pattern))
			return turns[i].figures[figure];
	bench_fail("guests: a turn is missing");
}
