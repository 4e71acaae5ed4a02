// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include "socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 64

/* Linux has it since 6.16, and Debian 12's headers are older. */
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

#define UMASK_FOR_0660 0117

static int make_address(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (!*path || strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	strcpy(address->sun_path, path);
	return 0;
}

static int connect_with(const char *path, int flags)
{
	struct sockaddr_un address;
	int err = make_address(path, &address), fd;

	if (err)
		return err;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int socket_connect(const char *path)
{
	return connect_with(path, 0);
}

int socket_connect_now(const char *path)
{
	return connect_with(path, SOCK_NONBLOCK);
}

static int bind_with_mode(int fd, const struct sockaddr_un *address)
{
	mode_t before = umask(UMASK_FOR_0660);
	int err = bind(fd, (const struct sockaddr *)address, sizeof(*address)) ?
			  -errno : 0;

	umask(before);
	return err;
}

/* What is in the way may be the leftover of a host that was killed. */
static int clear_path(const char *path)
{
	struct stat before, after;
	int fd;

	if (lstat(path, &before))
		return -errno;
	if (!S_ISSOCK(before.st_mode))
		return -EEXIST;
	fd = socket_connect(path);
	if (fd >= 0)
		close(fd);
	if (fd != -ECONNREFUSED)
		return fd >= 0 || fd == -EPROTOTYPE || fd == -EAGAIN ?
				       -EADDRINUSE : fd;
	/* Not if somebody else has just done the same. */
	if (lstat(path, &after) || after.st_ino != before.st_ino)
		return -EADDRINUSE;
	return unlink(path) ? -errno : 0;
}

static int bind_at(int fd, const char *path)
{
	struct sockaddr_un address;
	int err = make_address(path, &address);

	if (!err)
		err = bind_with_mode(fd, &address);
	if (err != -EADDRINUSE)
		return err;
	err = clear_path(path);
	return err ? err : bind_with_mode(fd, &address);
}

/* Accepted sockets are as the listener is when somebody connects. */
static void refuse_descriptors(int listener)
{
	const int off = 0;

	setsockopt(listener, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof(off));
}

bool socket_refuses_descriptors(int listener)
{
	int passes = 1;
	socklen_t size = sizeof(passes);

	return !getsockopt(listener, SOL_SOCKET, SO_PASSRIGHTS, &passes,
			   &size) && !passes;
}

int socket_listen(const char *path, dev_t *device, ino_t *inode)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
			0);
	struct stat status;
	int err;

	if (fd < 0)
		return -errno;
	refuse_descriptors(fd);
	err = bind_at(fd, path);
	if (!err && (listen(fd, BACKLOG) || stat(path, &status)))
		err = -errno;
	if (err) {
		close(fd);
		return err;
	}
	*device = status.st_dev;
	*inode = status.st_ino;
	return fd;
}

void socket_remove(const char *path, dev_t device, ino_t inode)
{
	struct stat status;

	if (!lstat(path, &status) && status.st_dev == device &&
	    status.st_ino == inode)
		unlink(path);
}
