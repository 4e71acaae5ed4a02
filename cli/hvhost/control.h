/* SPDX-License-Identifier: MIT */
/*
 * control.h - control requests: one packet with one JSON object, answered by one.
 * inquiry.h has their form. Nothing of a request is trusted, though its sender may
 * be.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stddef.h>

#include "inquiry.h"
#include "server.h"

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
