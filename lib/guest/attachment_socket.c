// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* MSG_CMSG_CLOEXEC */
#include "attachment_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "deadline.h"

/* Have calls of the socket fail with EAGAIN after the deadline. */
static int set_deadline(int socket, int option, uint64_t deadline_ns)
{
	uint64_t now_ns = hvpost_deadline_clock();
	struct timeval patience = { 0 };	/* no limit */
	struct timespec left;

	if (deadline_ns <= now_ns)
		return -ETIMEDOUT;
	if (hvpost_deadline_left(deadline_ns, now_ns, &left)) {
		patience.tv_sec = left.tv_sec;
		patience.tv_usec = left.tv_nsec / 1000 | 1; /* 0 is no limit */
	}
	return setsockopt(socket, SOL_SOCKET, option, &patience,
			  sizeof(patience)) ? -errno : 0;
}

static int connect_until(int fd, const struct sockaddr_un *address,
			 uint64_t deadline_ns)
{
	int err;

	do {
		err = set_deadline(fd, SO_SNDTIMEO, deadline_ns);
		if (err)
			return err;
		if (!connect(fd, (const struct sockaddr *)address,
			     sizeof(*address)))
			return 0;
	} while (errno == EINTR || errno == EAGAIN);
	/* A file that is no such socket, or no socket at all */
	return errno == EPROTOTYPE ? -EPROTO : -errno;
}

int attachment_socket_connect(struct attachment_socket *new, const char *path,
			      uint64_t deadline_ns)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, err;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = connect_until(fd, &address, deadline_ns);
	if (err) {
		close(fd);
		return err;
	}
	*new = (struct attachment_socket){ .fd = fd };
	return 0;
}

void attachment_socket_close(const struct attachment_socket *socket)
{
	close(socket->fd);
}

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(2 * sizeof(int))];
};

void attachment_packet_close(const struct attachment_packet *packet)
{
	for (int i = 0; i < 2; i++)
		if (packet->descriptors[i] >= 0)
			close(packet->descriptors[i]);
}

static void take_descriptors(struct msghdr *message, int descriptors[2])
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);

	if (head && head->cmsg_level == SOL_SOCKET &&
	    head->cmsg_type == SCM_RIGHTS)
		memcpy(descriptors, CMSG_DATA(head),
		       head->cmsg_len - CMSG_LEN(0));
}

/* Return its size, or a negative errno value. A signal does not end the wait. */
static ssize_t wait_and_receive(int socket, struct msghdr *message,
				uint64_t deadline_ns)
{
	ssize_t size;

	do {
		int err = set_deadline(socket, SO_RCVTIMEO, deadline_ns);

		if (err)
			return err;
		size = recvmsg(socket, message, MSG_CMSG_CLOEXEC);
	} while (size < 0 && (errno == EAGAIN || errno == EINTR));
	if (size < 0)
		return errno == ECONNRESET ? -ENODEV : -errno;
	return size ? size : -ENODEV;
}

/* Return 0 or a negative errno value; none of these is the answer's own. */
static int receive_packet(struct attachment_socket *socket, uint64_t deadline_ns,
			  struct attachment_packet *packet)
{
	struct hvpost_attach_answer *answer = &packet->answer;
	struct iovec part = {
		.iov_base = answer, .iov_len = sizeof(*answer),
	};
	union control control;
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t size = wait_and_receive(socket->fd, &message, deadline_ns);

	packet->descriptors[0] = packet->descriptors[1] = -1;
	if (size < 0)
		return (int)size;
	take_descriptors(&message, packet->descriptors);
	socket->is_owed = false;
	if (size == sizeof(*answer) && answer->magic == HVPOST_ATTACH_MAGIC &&
	    answer->version == HVPOST_ATTACH_VERSION && answer->error <= 0 &&
	    answer->error >= -4095)
		return 0;
	attachment_packet_close(packet);
	shutdown(socket->fd, SHUT_RDWR);
	return -EPROTO;
}

static int drop_owed_answer(struct attachment_socket *socket,
			    uint64_t deadline_ns)
{
	struct attachment_packet packet;
	int err = receive_packet(socket, deadline_ns, &packet);

	if (!err)
		attachment_packet_close(&packet);
	return err;
}

static int send_request(struct attachment_socket *socket,
			const struct hvpost_attach_request *request)
{
	if (send(socket->fd, request, sizeof(*request),
		 MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return errno == EPIPE || errno == ECONNRESET ? -ENODEV : -errno;
	socket->is_owed = true;
	return 0;
}

int attachment_socket_ask(struct attachment_socket *socket,
			  const struct hvpost_attach_request *request,
			  uint64_t deadline_ns,
			  struct attachment_packet *packet)
{
	int err = 0;

	if (socket->is_owed)
		err = drop_owed_answer(socket, deadline_ns);
	if (!err)
		err = send_request(socket, request);
	if (!err)
		err = receive_packet(socket, deadline_ns, packet);
	if (err)
		return err;
	if (packet->answer.error)
		attachment_packet_close(packet);
	return packet->answer.error;
}
