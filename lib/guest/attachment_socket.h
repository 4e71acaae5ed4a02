/* SPDX-License-Identifier: MIT */
/* attachment_socket.h - the packets between a process and hvhost; see attach.h. */
#ifndef HVPOST_ATTACHMENT_SOCKET_H
#define HVPOST_ATTACHMENT_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include <hvpost/attach.h>

struct attachment_socket {
	int fd;
	/*
	 * An answer is still to come for which nobody waits any more. Answers come
	 * in the order of requests, and nothing else tells which one they are for.
	 */
	bool is_owed;
};

/* What an answer brings; -1 for a descriptor that is not there. */
struct attachment_packet {
	struct hvpost_attach_answer answer;
	int descriptors[2];
};

/* Return 0 or a negative errno value. Signals end neither this nor any other wait. */
int attachment_socket_connect(struct attachment_socket *socket,
			      const char *path, uint64_t deadline_ns);
void attachment_socket_close(const struct attachment_socket *socket);

/*
 * Send @request and wait for the answer. Return 0 or a negative errno value, that of
 * the answer among them; then no descriptor is left. -ETIMEDOUT: none came, and what
 * comes later is dropped. After -EPROTO there is no sense in any answer, and the
 * socket is shut.
 */
int attachment_socket_ask(struct attachment_socket *socket,
			  const struct hvpost_attach_request *request,
			  uint64_t deadline_ns,
			  struct attachment_packet *packet);

void attachment_packet_close(const struct attachment_packet *packet);

#endif /* HVPOST_ATTACHMENT_SOCKET_H */
