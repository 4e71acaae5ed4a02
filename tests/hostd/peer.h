/* SPDX-License-Identifier: MIT */
/* peer.h - a process that speaks attach.h by hand, well or badly. */
#ifndef PEER_H
#define PEER_H

#include <stdbool.h>
#include <stddef.h>

#include <hvpost/attach.h>

struct peer {
	int socket;
	int memory_fd, doorbell;	/* once it is attached */
	int listener;			/* the last that came */
	struct hvpost_attach_answer answer;
	struct hvpost_attach_memory *memory;
	struct hvpost_attach_vp *vp;
};

/* A request that is good. */
struct hvpost_attach_request request_of(enum hvpost_attach_kind kind,
					const char *name);

int peer_connect(void);
int peer_connect_as_somebody(void);
void peer_send(int socket, const void *bytes, size_t size);
/* Send bytes and a descriptor. Return 0 or a negative errno value. */
int peer_send_with(int socket, const void *bytes, size_t size, int descriptor);
/* Take one answer, and the descriptors if it has any. Return false: hvhost has hung up. */
bool peer_take_answer(struct peer *peer);
/* Has hvhost hung up, or will it, without an answer? */
bool peer_is_dropped(int socket);

/* Attach, which must work. */
struct peer peer_attach(const char *name);
void peer_close(struct peer *peer);

/* Put a call into the next slot of VP 0 and ring. Return its number. */
uint32_t peer_submit(struct peer *peer, const struct hvpost_attach_call *call);
void peer_ring(struct peer *peer);
/* Wait until the host has done the call, and return its slot. */
const struct hvpost_attach_call *peer_wait(struct peer *peer, uint32_t number);

#endif /* PEER_H */
