/* SPDX-License-Identifier: MIT */
/*
 * bench.h - measuring one thing against another, and telling what came of it.
 *
 * No figure stands alone: each is measured beside its floor or its peer, in
 * turn, round by round, and the median of the rounds' ratios is what counts, so
 * that a machine that changes its speed changes both. The JSON has the quartiles
 * of the ratios too.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>

/* One measurement: nanoseconds for one of whatever is measured. */
typedef double bench_measure(void);

struct bench {
	const char *name;
	const char *unit;		/* of both values */
	bench_measure *measure;
	const char *against;		/* name of the floor or peer */
	bench_measure *measure_against;
	/* The ratio is value / against; which one of these is wanted, if any. */
	double ratio_at_most, ratio_at_least;
};

/* Both measured in turn, the ratio printed and kept for the JSON. */
void bench_run(const struct bench *bench);

/* A figure that was measured once, beside another one. */
void bench_tell(const struct bench *bench, double value, double against);

/* A figure that was measured in rounds: @value[n] and @against[n] in the same. */
void bench_tell_rounds(const struct bench *bench, const double *value,
		       const double *against, unsigned int rounds);

/* On a terminal, until the next line: how far it is. */
void bench_show_progress(const char *what, unsigned int done);

/* For the JSON file too; 0: it could not be written, and has been said. */
int bench_write(const char *path);

/* Nanoseconds of a clock that only goes forward. */
double bench_now_ns(void);

/* Keep this thread on the processor @index of those that we may use. */
void bench_pin(unsigned int index);
/* Back to all of them: for a process that is to be measured as it comes. */
void bench_unpin(void);

/* Wait a little, for the other hyperthread's sake. */
void bench_relax(void);

/* End the program: what failed, on what. */
_Noreturn void bench_fail(const char *what);

/* post.c, threads.c, connections.c, processes.c, trips.c, attacks.c, guests.c, device.c */
void bench_posts(void);
void bench_threads(void);
void bench_connections(void);
/* While an hvhost runs (hosting.h) */
void bench_processes(void);
void bench_trips(void);
void bench_attacks(void);
/* @folder: what was built */
void bench_tracing(const char *folder);
/* @vm_bench: scripts/vm-bench */
void bench_guests(const char *vm_bench);
void bench_instructions(const char *vm_bench);
void bench_device(const char *vm_bench);

#endif /* BENCH_H */
