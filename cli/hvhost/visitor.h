/* SPDX-License-Identifier: MIT */
/*
 * visitor.h - those who have come to the socket: their first packet tells
 * whether they are to be a partition or have control requests.
 */
#ifndef VISITOR_H
#define VISITOR_H

#include "server.h"

/* The listener is ready. */
void visitors_accept(struct watch *watch, uint32_t events);

/* Where nobody was let in for a while, others may come again. */
void visitors_accept_again(struct watch *watch, uint32_t events);

/* Somebody has come by the socket @fd, which is taken. */
void visitors_admit(struct server *server, int fd);

void visitors_free(struct server *server);

/* In server.c: make a partition of the process behind @socket, which is taken. */
void server_attach(struct server *server, int socket, const struct ucred *peer,
		   const char *name);

#endif /* VISITOR_H */
