/* SPDX-License-Identifier: MIT */
/*
 * peers.h - users and groups, and whether who has connected is one of them.
 *
 * A peer is what the kernel says of who connected, in our own user namespace.
 */
#ifndef PEERS_H
#define PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct ucred;

/* All zero: nobody but root and the user that we run as, who are always among. */
struct peers {
	uid_t *user;
	gid_t *group;
	size_t user_count, group_count;
};

/* Once, by name or number. Return NULL, or what is wrong. */
const char *peers_add_user(struct peers *peers, const char *text);
const char *peers_add_group(struct peers *peers, const char *text);

/* Root, or the user that we run as */
bool peer_is_trusted(uid_t user);

/* @socket: by which @peer has connected; that tells its other groups. */
bool peers_have(const struct peers *peers, int socket, const struct ucred *peer);

void peers_free(struct peers *peers);

#endif /* PEERS_H */
