/* SPDX-License-Identifier: MIT */
/*
 * packet.h - packets and the descriptors that go with them; all without waiting.
 */
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
 * Take one packet into @bytes; one that is larger counts as @size + 1 bytes. Return
 * its size, 0: the other side is gone, or a negative errno value, -EAGAIN: there is
 * none; -EPERM: descriptors are with it. Then it stays where it is: who takes a
 * descriptor has to close it, and that may take as long as its owner likes, as with
 * a socket that lingers. So may closing @socket from then on: see closer.h.
 */
ssize_t packet_receive(int socket, void *bytes, size_t size);

/* close(), unless it is -1. */
void packet_close(int descriptor);

/* What is wrong with a request of @size bytes; NULL: nothing. */
const char *packet_check_request(const struct hvpost_attach_request *request,
				 size_t size);

#endif /* PACKET_H */
