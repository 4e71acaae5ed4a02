/* SPDX-License-Identifier: MIT */
/* attachment_socket.h - the packets between a process and hvhost; see attach.h. */
#ifndef HVPOST_ATTACHMENT_SOCKET_H
#define HVPOST_ATTACHMENT_SOCKET_H

#include <hvpost/attach.h>

/* Return a socket, or a negative errno value. */
int attachment_socket_connect(const char *path);

/*
 * Send @request and wait for the answer and the descriptors that it brings, -1 where
 * there is none. Return 0 or a negative errno value, that of the answer among them;
 * then no descriptor is left.
 */
int attachment_socket_ask(int socket,
			  const struct hvpost_attach_request *request,
			  struct hvpost_attach_answer *answer,
			  int descriptors[2]);

void attachment_socket_close_both(const int descriptors[2]);

#endif /* HVPOST_ATTACHMENT_SOCKET_H */
