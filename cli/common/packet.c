// SPDX-License-Identifier: MIT
#include "packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(PACKET_DESCRIPTORS_MAX * sizeof(int))];
};

int packet_send(int socket, const void *bytes, size_t size,
		const int *descriptors, size_t count)
{
	struct iovec part = { .iov_base = (void *)bytes, .iov_len = size };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	union control control = { 0 };
	struct cmsghdr *head;

	if (count) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(count * sizeof(int));
		head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(head), descriptors, count * sizeof(int));
	}
	if (sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

void packet_close(int descriptor)
{
	if (descriptor >= 0)
		close(descriptor);
}

static ssize_t take(int socket, struct msghdr *message, int flags)
{
	ssize_t size;

	do
		size = recvmsg(socket, message, MSG_DONTWAIT | flags);
	while (size < 0 && errno == EINTR);
	return size < 0 ? -errno : size;
}

ssize_t packet_receive(int socket, void *bytes, size_t size)
{
	char one_more;
	struct iovec parts[] = {
		{ .iov_base = bytes, .iov_len = size },
		{ .iov_base = &one_more, .iov_len = 1 },
	};
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	struct msghdr nothing = { .msg_iov = NULL };
	ssize_t seen = take(socket, &message, MSG_PEEK);

	if (seen < 0)
		return seen;
	/* There is no room for them, nor is there to be any. */
	if (message.msg_flags & MSG_CTRUNC)
		return -EPERM;
	take(socket, &nothing, 0);
	return seen;
}

const char *packet_check_request(const struct hvpost_attach_request *request,
				 size_t size)
{
	if (size < sizeof(*request))
		return "a request that is too short";
	if (size > sizeof(*request))
		return "a request that is too long";
	if (request->magic != HVPOST_ATTACH_MAGIC)
		return "a request that is none";
	if (request->version != HVPOST_ATTACH_VERSION)
		return "a request of another version";
	if (request->reserved)
		return "a request whose reserved word is not zero";
	if (request->kind != HVPOST_ATTACH_OPEN &&
	    request->kind != HVPOST_ATTACH_LISTEN)
		return "a request of an unknown kind";
	return NULL;
}
