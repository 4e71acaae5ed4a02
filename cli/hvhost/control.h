/* SPDX-License-Identifier: MIT */
/*
 * control.h - control requests: one packet with one JSON object, answered by one.
 * inquiry.h has their form. Nothing of a request is trusted, though its sender may
 * be.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include <stdbool.h>
#include <stddef.h>

#include "inquiry.h"
#include "server.h"

/* Who asks, by one packet or many. */
struct control_asker {
	int socket;
	bool may_change;	/* what runs, and see what others send */
	int snapshot_fd;	/* a memfd of ours for what it wants to restore, or -1 */
};

/*
 * To be called before a filter of system calls is set: json-c makes the seed of its
 * tables when it sees the first key, and one that it makes without /dev/urandom is
 * one that who asks can guess.
 */
void control_prepare(void);

/*
 * Carry out the request in @packet and answer it. Return 0, or a negative errno value:
 * it could not be answered.
 */
int control_answer(struct server *server, struct control_asker *asker,
		   const char *packet, size_t size);

/* Answer that it is not carried out, and why, and what to do. */
int control_refuse(int socket, const char *error, const char *hint);

#endif /* CONTROL_H */
