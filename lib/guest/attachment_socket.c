// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* MSG_CMSG_CLOEXEC */
#include "attachment_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_TIMEOUT_S	5

int attachment_socket_connect(const char *path)
{
	const struct timeval patience = { .tv_sec = ANSWER_TIMEOUT_S };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		       sizeof(patience)) ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		err = -errno;
		close(fd);
		/* A file that is no such socket, or no socket at all */
		return err == -EPROTOTYPE ? -EPROTO : err;
	}
	return fd;
}

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(2 * sizeof(int))];
};

void attachment_socket_close_both(const int descriptors[2])
{
	for (int i = 0; i < 2; i++)
		if (descriptors[i] >= 0)
			close(descriptors[i]);
}

static void take_descriptors(struct msghdr *message, int descriptors[2])
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);

	descriptors[0] = descriptors[1] = -1;
	if (head && head->cmsg_level == SOL_SOCKET &&
	    head->cmsg_type == SCM_RIGHTS)
		memcpy(descriptors, CMSG_DATA(head),
		       head->cmsg_len - CMSG_LEN(0));
}

/* Not the loss of one: the caller counts on an answer for each request. */
static ssize_t receive_packet(int socket, struct msghdr *message)
{
	ssize_t size;

	do
		size = recvmsg(socket, message, MSG_CMSG_CLOEXEC);
	while (size < 0 && errno == EINTR);
	return size < 0 ? -errno : size;
}

static int receive_answer(int socket, struct hvpost_attach_answer *answer,
			  int descriptors[2])
{
	struct iovec part = {
		.iov_base = answer, .iov_len = sizeof(*answer),
	};
	union control control;
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t size = receive_packet(socket, &message);

	descriptors[0] = descriptors[1] = -1;
	if (size == -EAGAIN)
		return -ETIMEDOUT;
	if (size < 0)
		return size == -ECONNRESET ? -ENODEV : (int)size;
	take_descriptors(&message, descriptors);
	if (size == 0)
		return -ENODEV;
	if (size != sizeof(*answer) || answer->magic != HVPOST_ATTACH_MAGIC ||
	    answer->version != HVPOST_ATTACH_VERSION)
		return -EPROTO;
	return answer->error > 0 || answer->error < -4095 ? -EPROTO :
							    answer->error;
}

int attachment_socket_ask(int socket,
			  const struct hvpost_attach_request *request,
			  struct hvpost_attach_answer *answer,
			  int descriptors[2])
{
	int err;

	if (send(socket, request, sizeof(*request), MSG_NOSIGNAL) < 0)
		return errno == EPIPE || errno == ECONNRESET ? -ENODEV : -errno;
	err = receive_answer(socket, answer, descriptors);
	if (err)
		attachment_socket_close_both(descriptors);
	return err;
}
