/* SPDX-License-Identifier: MIT */
/*
 * conformance.h - how a host is prepared so that `hvpost conform` can provoke
 * every documented refusal in it.
 *
 * A guest sees the cause of a refusal only as a status. So that each cause can
 * be told from the others, the host's administrator makes one connection for
 * each, in the partition that will run `hvpost conform` (the *prober*):
 *
 *   its id		HVPOST_CONFORMANCE_BASE plus an offset of this header
 *   its port		of the same id, in the partition named here, for the
 *			prober alone
 *
 * These partitions are made for it; nobody needs to run in them, but somebody
 * takes messages where "taken" stands, and nobody does elsewhere:
 *
 *   the peer		active, four VPs:
 *			  VP 0	SynIC, SIM page and SIEF page on
 *			  VP 1	SynIC off
 *			  VP 2	SynIC on, SIM page and SIEF page off
 *			  VP 3	removed when the ports are made
 *   the sleeper	active, two VPs, SynIC off on both
 *   the blind one	active, two VPs, SynIC on, SIM and SIEF page off on both
 *   the empty one	active, no VP
 *   the inactive one	not active (finalizing) when the ports are made
 *
 * libhvhost does all of this: hvhost_conformance_prepare(). The ids of the
 * partitions are the host's choice; the prober looks for them, the peer by its
 * port HVPOST_CONFORM_SPARE, the inactive one by the answer
 * INVALID_PARTITION_STATE.
 *
 * Two causes lie with the caller: it lacks a privilege, or its partition is not
 * active. They take two more partitions that `hvpost conform` can call from: one
 * without the privileges for messages, events and ports, and one that has them
 * all and is not active (finalizing).
 *
 * Offsets are promised: new ones are only added.
 */
#ifndef HVPOST_CONFORMANCE_H
#define HVPOST_CONFORMANCE_H

/* Clear of VMBus's connections, and of the 8-bit ids of QEMU's test device. */
#define HVPOST_CONFORMANCE_BASE		0x100u

/* The highest base: from it on there are ids for all that the prober makes. */
#define HVPOST_CONFORMANCE_BASE_MAX	0xf00000u

/* The event ports have so many flags, from flag 0 on. */
#define HVPOST_CONFORMANCE_FLAGS	16u

enum hvpost_conform {
	/* Message ports. The peer's are at VP 0 unless another is named. */
	HVPOST_CONFORM_MESSAGE		= 0x00, /* peer; taken at once */
	HVPOST_CONFORM_FULL		= 0x01, /* peer; never taken */
	HVPOST_CONFORM_PORT_DELETED	= 0x02, /* peer; deleted after connecting */
	HVPOST_CONFORM_OWNER_INACTIVE	= 0x03, /* inactive one, any VP */
	HVPOST_CONFORM_VP_GONE		= 0x04, /* peer, VP 3 */
	HVPOST_CONFORM_NO_VP		= 0x05, /* empty one, any VP */
	HVPOST_CONFORM_SYNIC_OFF	= 0x06, /* peer, VP 1 */
	HVPOST_CONFORM_PAGE_OFF		= 0x07, /* peer, VP 2: SIM page off */
	HVPOST_CONFORM_ANY		= 0x08, /* peer, any VP; taken at once */
	HVPOST_CONFORM_ANY_SYNIC_OFF	= 0x09, /* sleeper, any VP */
	HVPOST_CONFORM_ANY_PAGE_OFF	= 0x0a, /* blind one, any VP */

	/* No connection and no port has this id. */
	HVPOST_CONFORM_NEVER		= 0x0f,

	/*
	 * Event ports: the same with this added, and no full one. Their SINT is
	 * unmasked at VP 0 of the peer.
	 */
	HVPOST_CONFORM_EVENT		= 0x10,
	HVPOST_CONFORM_MASKED		= 0x1b, /* peer, VP 0, SINT masked */
	HVPOST_CONFORM_ANY_MASKED	= 0x1c, /* peer, any VP, SINT masked on all */

	/* A message port of the peer for another partition; not connected. */
	HVPOST_CONFORM_FOREIGN		= 0x20,

	/*
	 * Message ports of the peer for the prober, not connected: this one and
	 * the next at least; for the limit of connections to be reached, as many
	 * more, with the ids that follow, as the prober may have connections.
	 *
	 * The prober connects to them by connections of the same ids, makes
	 * ports of its own from this id on, and removes all of them again.
	 */
	HVPOST_CONFORM_SPARE		= 0x100
};

#endif /* HVPOST_CONFORMANCE_H */
