// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* MSG_CMSG_CLOEXEC */
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

/* The kernel has closed those that found no room in the control buffer. */
static int take_descriptor(struct msghdr *message)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);
	int found[PACKET_DESCRIPTORS_MAX];
	size_t count;

	if (!head || head->cmsg_level != SOL_SOCKET ||
	    head->cmsg_type != SCM_RIGHTS)
		return -1;
	count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(found, CMSG_DATA(head), count * sizeof(int));
	for (size_t i = 1; i < count; i++)
		close(found[i]);
	return count ? found[0] : -1;
}

ssize_t packet_receive(int socket, void *bytes, size_t size, int *descriptor)
{
	char one_more;
	struct iovec parts[] = {
		{ .iov_base = bytes, .iov_len = size },
		{ .iov_base = &one_more, .iov_len = 1 },
	};
	union control control;
	struct msghdr message = {
		.msg_iov = parts, .msg_iovlen = 2,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t taken;

	*descriptor = -1;
	do
		taken = recvmsg(socket, &message,
				MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (taken < 0 && errno == EINTR);
	if (taken < 0)
		return -errno;
	*descriptor = take_descriptor(&message);
	return taken;
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
