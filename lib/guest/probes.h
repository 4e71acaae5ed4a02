/* SPDX-License-Identifier: MIT */
/*
 * probes.h - the USDT probes of libhvpost, provider "hvpost": a nop each until
 * somebody looks: bpftrace(8), perf(1). Names and arguments are kept; new
 * arguments go to the end.
 *
 *	post_begins()
 *	post(const struct hvpost_post *, status, attempts, error)
 *	signal(connection, flag, status, error)
 *	slot(const struct hvpost_record *)	where the library takes slots
 *	flag(const struct hvpost_record *)
 *	eom(VP, SINT)
 *	ring_full(VP, SINT), ring_resumed(VP, SINT)
 *
 * A status is HVPOST_NO_STATUS where there was no hypercall; an error is 0 or a
 * negative errno value. There are no drops: of one reader nothing is dropped.
 */
#ifndef HVPOST_PROBES_H
#define HVPOST_PROBES_H

/* Constants and registers: libbpf reads no other addresses than simple ones. */
#define STAP_SDT_ARG_CONSTRAINT nr
#include <sys/sdt.h>

#ifdef HVP_NO_PROBES /* what they cost is measured beside this */
#undef _SDT_PROBE
#define _SDT_PROBE(provider, name, n, arguments) (void)0
#endif


#include <hvpost/hvpost.h>

#include "target.h"

#define probe_post_begins() STAP_PROBE(hvpost, post_begins)

#define probe_signal(connection_id, flag, status, error) \
	STAP_PROBE4(hvpost, signal, connection_id, flag, status, error)

/* The compiler does not know that a probe reads the record: it is to be whole. */
#define probe_record(name, record) \
	do { \
		__atomic_signal_fence(__ATOMIC_SEQ_CST); \
		STAP_PROBE1(hvpost, name, record); \
	} while (0)

#define probe_place(name, source) \
	STAP_PROBE2(hvpost, name, (source)->vp_index, (source)->sint)

#define probe_post(message, answer, error) \
	STAP_PROBE4(hvpost, post, message, (answer)->status, \
		    (answer)->attempts, error)

/*
 * Pass the probe for each of @count posts that one call made: @result is what it
 * returned, and @answer that of the last one tried. How many hypercalls those
 * before took is not known: their attempts are 0.
 */
void probe_posts(const struct hvpost_post *posts, unsigned int count,
		 int result, const struct hvpost_answer *answer);

#endif /* HVPOST_PROBES_H */
