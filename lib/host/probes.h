/* SPDX-License-Identifier: MIT */
/*
 * probes.h - the USDT probes of libhvhost, provider "hvhost": a nop each until
 * somebody looks: bpftrace(8), perf(1). Names and arguments are kept; new
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
#include <sys/sdt.h>

#include "internal.h"

#define probe_post(caller, input, status) \
	STAP_PROBE7(hvhost, post, (caller)->partition->id, (caller)->index, \
		    (input)->connection_id, (input)->message_type, \
		    (input)->payload_size, status, (input)->payload)

#define probe_signal(caller, input, status) \
	STAP_PROBE5(hvhost, signal, (caller)->partition->id, (caller)->index, \
		    (input)->connection_id, (input)->flag_number, status)

#define probe_queue_full(vp, sint, port) \
	STAP_PROBE4(hvhost, queue_full, (vp)->partition->id, (vp)->index, \
		    sint, (port)->id)

/* @message: what has a type, a payload_size, a port_id and a payload */
#define probe_message(name, vp, queue_of, message) \
	STAP_PROBE7(hvhost, name, (vp)->partition->id, (vp)->index, \
		    (uint32_t)((queue_of) - (vp)->queue), (message)->type, \
		    (message)->payload_size, (message)->port_id, \
		    (message)->payload)

#define probe_eom(vp) \
	STAP_PROBE2(hvhost, eom, (vp)->partition->id, (vp)->index)

#endif /* HVHOST_PROBES_H */
