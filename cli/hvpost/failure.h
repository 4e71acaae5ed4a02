/* SPDX-License-Identifier: MIT */
/* failure.h - what went wrong, for people, for scripts and for programs. */
#ifndef FAILURE_H
#define FAILURE_H

#include "command.h"

struct failure {
	int exit;
	const char *code;	/* stable, for programs; hvpost(1) lists them */
	int error;		/* negative errno value, or 0 */
	uint32_t status;	/* HV_STATUS, or HVPOST_NO_STATUS */
	char text[400];		/* what failed, on what, and why */
	const char *hint;	/* what to do next, or NULL */
};

/* The exit status for what the library returned and the hypervisor said. */
int exit_status_of(int error, uint32_t status);

/* These describe a failure of the call they are named after. */
struct failure failure_of_open(const char *target, int error);
struct failure failure_of_bind(uint32_t sint, int error);
struct failure failure_of_receive(uint32_t sint, int error);
struct failure failure_of_post(const struct hvpost_post *post, int error,
			       uint32_t status);
struct failure failure_of_signal(uint32_t connection_id, int error,
				 uint32_t status);

/* Any other failure on this side: "WHAT: the reason of @error". */
struct failure failure_of(const char *what, int error);

/* What was waited for did not come. */
struct failure failure_of_timeout(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* The command line is not one; the text says why. */
struct failure failure_of_usage(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/*
 * Print @failure: text to stderr, with --json also an object to stdout.
 * Return its exit status.
 */
int failure_report(const struct common_options *common,
		   const struct failure *failure);

#endif /* FAILURE_H */
