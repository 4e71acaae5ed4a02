/* SPDX-License-Identifier: MIT */
/*
 * linger.h - a descriptor of which the last close() waits: a TCP connection to
 * ourselves, full, that lingers for longer than any test lasts.
 */
#ifndef LINGER_H
#define LINGER_H

struct linger_pair {
	int socket;	/* the one to give away; close() it before anybody else does */
	int reader;	/* reads nothing */
};

struct linger_pair linger_new(void);
/* From here on it waits no more. The socket is the caller's. */
void linger_end(struct linger_pair *pair);

#endif /* LINGER_H */
