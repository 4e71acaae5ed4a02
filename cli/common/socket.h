/* SPDX-License-Identifier: MIT */
/* socket.h - the file that hvhost's socket is. */
#ifndef SOCKET_H
#define SOCKET_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Listen at @path, mode 0660 whatever the umask; a socket there that nobody
 * listens at is replaced. @device and @inode tell ours from others' later. Who
 * connects cannot send descriptors if the kernel is able to refuse them.
 *
 * Return the descriptor, or -EADDRINUSE: another hvhost listens there; -EEXIST:
 * what is there is no socket; -ENAMETOOLONG; or another negative errno value.
 */
int socket_listen(const char *path, dev_t *device, ino_t *inode);

/* Is it so for those who connect to @listener? */
bool socket_refuses_descriptors(int listener);

/* Remove the file if it still is ours. */
void socket_remove(const char *path, dev_t device, ino_t inode);

/* Connect. Return the descriptor, or a negative errno value. */
int socket_connect(const char *path);
/* The same without waiting, for a socket that does not wait either: -EAGAIN. */
int socket_connect_now(const char *path);

#endif /* SOCKET_H */
