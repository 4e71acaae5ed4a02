/* SPDX-License-Identifier: MIT */
/*
 * cost.h - how much memory attached processes can take, whatever they do.
 *
 * Each figure is what something can come to at most: what one process pays for
 * itself, such as its own mapping of what is shared, does not count.
 */
#ifndef COST_H
#define COST_H

#include <stdint.h>

#include "names.h"
#include "server.h"

/* A message, and one more that was just freed and is not given back yet */
#define COST_BUFFER_BYTES	(2 * 288u)
/* A port or a connection with an id that is far from others, which takes tables */
#define COST_ID_BYTES		5120u
/* What is shared, queues, and memory that these keep */
#define COST_VP_BYTES		(384u << 10)
/* Sockets that nobody reads, each full, and all the rest */
#define COST_PROCESS_BYTES	(4u << 20)

/* Beyond what is here processes seldom need more: buffers of all ports of one. */
#define COST_BUFFERS_USUAL	65536u
#define COST_PORTS_USUAL	256u
#define COST_PORTS_LEAST	16u

/* How many ports one process may have where nobody says so. */
uint32_t cost_usual_ports(uint32_t buffers);

/* In bytes: of one process, or of all that there may be at one time. */
uint64_t cost_of_process(const struct server_limits *limits, uint32_t vps);
uint64_t cost_of_all(const struct server_limits *limits,
		     const struct names *names);

#endif /* COST_H */
