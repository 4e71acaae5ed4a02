/* SPDX-License-Identifier: MIT */
/*
 * probes.h - the USDT probes of libhvhost, provider "hvhost": a look at a word each
 * until somebody looks: bpftrace(8), perf(1). Names and arguments are kept; new
 * arguments go to the end. Payloads are pointers; of a partition there is the id.
 *
 *	post(partition, VP, connection, type, size, status, payload)
 *	signal(partition, VP, connection, flag, status)
 *	queue_full(partition, VP, SINT, port)		of the receiver
 *	deliver(partition, VP, SINT, type, size, port, payload)
 *	eom(partition, VP)
 *	drop(partition, VP, SINT, type, size, port, payload)
 */
#ifndef HVHOST_PROBES_H
#define HVHOST_PROBES_H

/* Constants and registers: libbpf reads no other addresses than simple ones. */
#define STAP_SDT_ARG_CONSTRAINT nr
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

#include "internal.h"

/* Arguments cost something: they are made only while somebody looks. */
#define HVHOST_PROBES(PROBE) \
	PROBE(post) PROBE(signal) PROBE(queue_full) PROBE(deliver) PROBE(eom) \
	PROBE(drop)

/* The kernel counts here who looks. */
#define DECLARE_SEMAPHORE(name) \
	extern volatile unsigned short hvhost_##name##_semaphore \
		__attribute__((visibility("hidden")));
HVHOST_PROBES(DECLARE_SEMAPHORE)
#undef DECLARE_SEMAPHORE

#ifdef HVP_NO_PROBES /* what they cost is measured beside this */
#define probe_if_wanted(name, probe) (void)0
#else
#define probe_if_wanted(name, probe) \
	do { \
		if (__builtin_expect(hvhost_##name##_semaphore, 0)) \
			probe; \
	} while (0)
#endif

#define probe_post(caller, input, status) \
	probe_if_wanted(post, STAP_PROBE7(hvhost, post, \
		(caller)->partition->id, (caller)->index, \
		(input)->connection_id, (input)->message_type, \
		(input)->payload_size, status, (input)->payload))

#define probe_signal(caller, input, status) \
	probe_if_wanted(signal, STAP_PROBE5(hvhost, signal, \
		(caller)->partition->id, (caller)->index, \
		(input)->connection_id, (input)->flag_number, status))

#define probe_queue_full(vp, sint, port) \
	probe_if_wanted(queue_full, STAP_PROBE4(hvhost, queue_full, \
		(vp)->partition->id, (vp)->index, sint, (port)->id))

/* @message: what has a type, a payload_size, a port_id and a payload */
#define probe_message(name, vp, queue_of, message) \
	probe_if_wanted(name, STAP_PROBE7(hvhost, name, \
		(vp)->partition->id, (vp)->index, \
		(uint32_t)((queue_of) - (vp)->queue), (message)->type, \
		(message)->payload_size, (message)->port_id, \
		(message)->payload))

#define probe_eom(vp) \
	probe_if_wanted(eom, STAP_PROBE2(hvhost, eom, \
		(vp)->partition->id, (vp)->index))

#endif /* HVHOST_PROBES_H */
