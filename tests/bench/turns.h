/* SPDX-License-Identifier: MIT */
/*
 * turns.h - what scripts/vm-bench measured in guests: in each round a turn of each
 * pattern under each of its hosts.
 */
#ifndef TURNS_H
#define TURNS_H

#define TURNS_ROUNDS_MAX	64u

/* Under hvhost, too, but with a driver that has no trace points: the last. */
enum turns_host { TURNS_HVHOST, TURNS_QEMU, TURNS_UNTRACED, TURNS_HOSTS };

/* As tests/vm/bench-machine.sh has them */
enum turns_figure {
	TURNS_MESSAGES, TURNS_NANOSECONDS, TURNS_EXITS, TURNS_LEAVES,
	TURNS_SLEEPS, TURNS_FIGURES
};

/* Run @command, tell on a terminal how far it is, and keep what it says. */
void turns_read(const char *command);

/* How many rounds there were. */
unsigned int turns_rounds(void);

/* Of a turn, which must have been; @round counts from 0. */
double turns_get(const char *pattern, enum turns_host host,
		 enum turns_figure figure, unsigned int round);

#endif /* TURNS_H */
