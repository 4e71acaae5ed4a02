// SPDX-License-Identifier: MIT
#include "peer.h"

#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon.h"

struct hvpost_attach_request request_of(enum hvpost_attach_kind kind,
					const char *name)
{
	struct hvpost_attach_request request = {
		.magic = HVPOST_ATTACH_MAGIC,
		.version = HVPOST_ATTACH_VERSION,
		.kind = (uint16_t)kind,
	};

	memcpy(request.name, name, strlen(name));
	return request;
}

int peer_connect(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	strcpy(address.sun_path, host_daemon.socket);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address,
				 sizeof(address)), 0);
	return fd;
}

int peer_connect_as_somebody(void)
{
	int socket;

	be_somebody();
	socket = peer_connect();
	be_root();
	return socket;
}

void peer_send(int socket, const void *bytes, size_t size)
{
	ck_assert_int_eq(send(socket, bytes, size, MSG_NOSIGNAL),
			 (ssize_t)size);
}

int peer_send_with(int socket, const void *bytes, size_t size, int descriptor)
{
	struct iovec part = { .iov_base = (void *)bytes, .iov_len = size };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { .bytes = { 0 } };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.head), &descriptor, sizeof(int));
	return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

bool peer_take_answer(struct peer *peer)
{
	struct iovec part = {
		.iov_base = &peer->answer, .iov_len = sizeof(peer->answer),
	};
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	ssize_t size = recvmsg(peer->socket, &message, MSG_CMSG_CLOEXEC);
	int descriptors[2];

	if (size <= 0)
		return false;
	ck_assert_int_eq(size, sizeof(peer->answer));
	if (!CMSG_FIRSTHDR(&message))
		return true;
	if (control.head.cmsg_len == CMSG_LEN(sizeof(int))) {
		memcpy(&peer->listener, CMSG_DATA(&control.head), sizeof(int));
		return true;
	}
	ck_assert_uint_eq(control.head.cmsg_len, CMSG_LEN(sizeof(descriptors)));
	memcpy(descriptors, CMSG_DATA(&control.head), sizeof(descriptors));
	peer->memory_fd = descriptors[0];
	peer->doorbell = descriptors[1];
	return true;
}

bool peer_is_dropped(int socket)
{
	char byte;

	return recv(socket, &byte, 1, 0) <= 0;
}

struct peer peer_attach(const char *name)
{
	struct hvpost_attach_request request =
		request_of(HVPOST_ATTACH_OPEN, name);
	struct peer peer = { .socket = peer_connect() };
	void *pages;

	peer_send(peer.socket, &request, sizeof(request));
	ck_assert(peer_take_answer(&peer));
	ck_assert_int_eq(peer.answer.error, 0);
	pages = mmap(NULL, peer.answer.memory_size, PROT_READ | PROT_WRITE,
		     MAP_SHARED, peer.memory_fd, 0);
	ck_assert(pages != MAP_FAILED);
	peer.memory = pages;
	peer.vp = (struct hvpost_attach_vp *)(peer.memory + 1);
	return peer;
}

void peer_close(struct peer *peer)
{
	munmap(peer->memory, peer->answer.memory_size);
	close(peer->memory_fd);
	close(peer->doorbell);
	close(peer->socket);
}

void peer_ring(struct peer *peer)
{
	if (__atomic_exchange_n(&peer->memory->sleeping, 0, __ATOMIC_SEQ_CST))
		eventfd_write(peer->doorbell, 1);
}

uint32_t peer_submit(struct peer *peer, const struct hvpost_attach_call *call)
{
	uint32_t *submitted = &peer->vp[0].words.submitted;
	uint32_t number = *submitted;

	peer->vp[0].call[number % HVPOST_ATTACH_CALLS] = *call;
	__atomic_store_n(submitted, number + 1, __ATOMIC_SEQ_CST);
	peer_ring(peer);
	return number;
}

const struct hvpost_attach_call *peer_wait(struct peer *peer, uint32_t number)
{
	while ((int32_t)(__atomic_load_n(&peer->vp[0].words.completed,
					 __ATOMIC_SEQ_CST) - number) <= 0)
		look_again();
	return &peer->vp[0].call[number % HVPOST_ATTACH_CALLS];
}
