/* SPDX-License-Identifier: MIT */
/* probe.h - bring a condition about in a host, and see what it answers. */
#ifndef PROBE_H
#define PROBE_H

#include <hvpost/hvpost.h>

#include "conditions.h"

/* Who asks: handles, and what is known of the host behind them. */
struct prober {
	struct hvpost *handle[CALLERS];	/* NULL: there is none */
	uint64_t privileges[CALLERS];
	uint32_t base;			/* of ids, see conformance.h */
	int call_error;			/* why it can issue no calls, or 0 */
	uint64_t own;			/* partition ids; 0: not found */
	uint64_t peer;
	uint64_t inactive;
	_Alignas(8) uint8_t memory[HVPOST_HYPERCALL_MEMORY_MAX];
};

enum verdict { VERDICT_PASS, VERDICT_FAIL, VERDICT_UNREACHABLE, VERDICTS };

struct finding {
	enum verdict verdict;
	uint16_t got;		/* HV_STATUS, unless unreachable */
	char reason[120];	/* why unreachable, else empty */
};

/*
 * Get to know the host behind the handles, which are set, as is the base: what
 * each caller may do, and which of the partitions from @first_partition on is
 * which. Return 0 or a negative errno value.
 */
int prober_look_around(struct prober *prober, uint64_t first_partition);

/* So many ids are looked at. */
#define PROBER_PARTITIONS 255u

/* Nothing stays at the host but messages in its full port. */
void probe(struct prober *prober, const struct condition *condition,
	   struct finding *finding);

#endif /* PROBE_H */
