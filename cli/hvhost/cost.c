// SPDX-License-Identifier: MIT
#include "cost.h"

uint32_t cost_usual_ports(uint32_t buffers)
{
	uint32_t ports = COST_BUFFERS_USUAL / buffers;

	if (ports > COST_PORTS_USUAL)
		return COST_PORTS_USUAL;
	return ports < COST_PORTS_LEAST ? COST_PORTS_LEAST : ports;
}

/* No limit is so high that this is beyond 64 bits. */
uint64_t cost_of_process(const struct server_limits *limits, uint32_t vps)
{
	const uint64_t ports = limits->ports;

	return COST_PROCESS_BYTES + (uint64_t)vps * COST_VP_BYTES +
	       ports * limits->buffers * COST_BUFFER_BYTES +
	       (ports + limits->connections) * COST_ID_BYTES;
}

/* A name is one process's at a time, so its further VPs count once. */
uint64_t cost_of_all(const struct server_limits *limits,
		     const struct names *names)
{
	uint64_t bytes = limits->clients * cost_of_process(limits, 1);
	const struct named *named;

	LIST_FOREACH(named, names, next)
		bytes += (named->vp_count - 1ull) * COST_VP_BYTES;
	return bytes;
}
