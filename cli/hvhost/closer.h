/* SPDX-License-Identifier: MIT */
/*
 * closer.h - closes sockets of others where that may take as long as they like.
 *
 * In a socket's queue may be descriptors that its peer has sent, and to close the
 * last one of a file is that file's business: a socket may linger, a file system in
 * user space may never answer. Where the kernel refuses such descriptors for us
 * (socket_refuses_descriptors()) there are none, and all of this is a close().
 * Elsewhere threads do it that nobody waits for. A socket that hangs takes one of
 * them, and who comes is kept out when there are too many; those who are there are
 * served as before.
 *
 * All of it is the main thread's.
 */
#ifndef CLOSER_H
#define CLOSER_H

#include <stdbool.h>

#define CLOSER_THREADS	8u
/* Sockets on their way; with more of them nobody else is to be let in. */
#define CLOSER_CROWD	64u

struct closer;

/* @with_threads: a close() may hang. Return 0 or a negative errno value. */
int closer_new(bool with_threads, struct closer **closer);
/* What hangs is left to the end of the process. May be NULL. */
void closer_free(struct closer *closer);

/*
 * Hang up @socket, and close it sooner or later. What had been sent there stays to be
 * read. -1 is none, and without a closer it is closed here.
 */
void closer_close(struct closer *closer, int socket);

/* Are there too many of those that have not been closed yet? */
bool closer_is_crowded(struct closer *closer);
/* An eventfd that is readable when a crowd has halved. */
int closer_fd(const struct closer *closer);

#endif /* CLOSER_H */
