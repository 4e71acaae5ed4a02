/* SPDX-License-Identifier: MIT */
/*
 * control.h - control requests: one packet with one JSON object, answered by one.
 *
 *   {"version": 1, "command": "inspect", ...}
 *   {"version": 1, "ok": true, ...}
 *   {"version": 1, "ok": false, "error": "what failed", "hint": "what to do"}
 *
 * What is too large for a packet, and every snapshot, is in a memfd that comes
 * with the answer, which then says "content" ("json" or "snapshot") and "size". A
 * snapshot to be restored comes in one, too. hvhost(1) lists the commands. Nothing of a request is trusted, though its sender may be.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stddef.h>

#include "server.h"

#define CONTROL_VERSION			1
#define CONTROL_REQUEST_SIZE_MAX	4096u
#define CONTROL_ANSWER_SIZE_MAX		32768u

/*
 * Carry out the request in @packet, with which @descriptor came if that is not -1,
 * and answer it at @socket. Return 0, or a negative errno value: it could not be
 * answered.
 */
int control_answer(struct server *server, int socket, const char *packet,
		   size_t size, int descriptor);

/* Answer that it is not carried out, and why, and what to do. */
int control_refuse(int socket, const char *error, const char *hint);

#endif /* CONTROL_H */
