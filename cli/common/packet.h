/* SPDX-License-Identifier: MIT */
/* packet.h - packets and the descriptors that come with them; all without waiting. */
#ifndef PACKET_H
#define PACKET_H

#include <stddef.h>
#include <sys/types.h>

#include <hvpost/attach.h>

#define PACKET_DESCRIPTORS_MAX 2

/* Return 0 or a negative errno value. */
int packet_send(int socket, const void *bytes, size_t size,
		const int *descriptors, size_t count);

/*
 * Take one packet into @bytes; one that is larger counts as @size + 1 bytes. The
 * first descriptor with it goes to @descriptor, -1 if there is none, and is the
 * caller's; others are closed. Return its size, 0: the other side is gone, or a
 * negative errno value, -EAGAIN: there is none.
 */
ssize_t packet_receive(int socket, void *bytes, size_t size, int *descriptor);

/* close(), unless it is -1. */
void packet_close(int descriptor);

/* What is wrong with a request of @size bytes; NULL: nothing. */
const char *packet_check_request(const struct hvpost_attach_request *request,
				 size_t size);

#endif /* PACKET_H */
