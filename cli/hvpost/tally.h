/* SPDX-License-Identifier: MIT */
/* tally.h - how often the hypervisor said what. */
#ifndef TALLY_H
#define TALLY_H

#include <stddef.h>
#include <stdint.h>

#include <hvpost/hvpost.h>

/* More than there are documented statuses; what exceeds it is not listed. */
#define TALLY_ROWS 64

struct tally_row {
	uint32_t status;
	uint64_t count;
};

struct tally {
	uint64_t posted;	/* messages that the hypervisor took */
	uint64_t refused;	/* messages that it did not */
	uint64_t attempts;	/* hypercalls for all of them */
	size_t rows_used;
	struct tally_row rows[TALLY_ROWS];	/* by final status */
};

/*
 * Count one message. @status HVPOST_NO_STATUS: there is no answer to it, only
 * hypercalls if any.
 */
void tally_add(struct tally *tally, uint32_t status, uint64_t attempts);

#endif /* TALLY_H */
