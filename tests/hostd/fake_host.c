// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* memfd_create */
#include "fake_host.h"

#include <check.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <hvpost/attach.h>

#include "daemon.h"

#define MEMORY_SIZE \
	(sizeof(struct hvpost_attach_memory) + sizeof(struct hvpost_attach_vp))

struct fake_host fake_host;

static pthread_t thread;
static int listener;
static struct hvpost_attach_memory *memory;

static struct hvpost_attach_vp *vp(void)
{
	return (struct hvpost_attach_vp *)(memory + 1);
}

static void answer(int socket, uint16_t kind, const int *descriptors,
		   unsigned int count)
{
	struct hvpost_attach_answer text = {
		.magic = HVPOST_ATTACH_MAGIC,
		.version = HVPOST_ATTACH_VERSION,
		.kind = kind,
		.vp_count = 1,
		.memory_size = MEMORY_SIZE,
	};
	struct iovec part = { .iov_base = &text, .iov_len = sizeof(text) };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = { .bytes = { 0 } };
	struct msghdr message = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};

	control.head.cmsg_level = SOL_SOCKET;
	control.head.cmsg_type = SCM_RIGHTS;
	control.head.cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(&control.head), descriptors, count * sizeof(int));
	sendmsg(socket, &message, MSG_NOSIGNAL);
}

static void attach(int socket)
{
	int descriptors[] = {
		memfd_create("fake", MFD_CLOEXEC | MFD_ALLOW_SEALING),
		eventfd(0, EFD_CLOEXEC),
	};

	if (ftruncate(descriptors[0], (off_t)MEMORY_SIZE))
		return;
	memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
		      descriptors[0], 0);
	if (!fake_host.leaves_memory_unsealed)
		fcntl(descriptors[0], F_ADD_SEALS, F_SEAL_SHRINK);
	answer(socket, HVPOST_ATTACH_OPEN, descriptors, 2);
	close(descriptors[0]);
	close(descriptors[1]);
}

static void give_listener(int socket)
{
	int ends[2];

	__atomic_fetch_add(&fake_host.listeners, 1, __ATOMIC_RELAXED);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return;
	answer(socket, HVPOST_ATTACH_LISTEN, &ends[1], 1);
	close(ends[1]);
	close(ends[0]);
}

static void carry_out(struct hvpost_attach_call *call)
{
	bool failed;

	call->error = 0;
	call->result = 0;
	if (call->kind != HVPOST_ATTACH_HYPERCALL)
		return;
	failed = fake_host.error && fake_host.calls >= fake_host.good_calls;
	fake_host.calls++;
	call->error = failed ? fake_host.error : 0;
	call->result = failed ? 0 : fake_host.result;
}

static void serve_calls(void)
{
	struct hvpost_attach_words *words = &vp()->words;
	uint32_t completed = words->completed;
	uint32_t submitted = __atomic_load_n(&words->submitted,
					     __ATOMIC_SEQ_CST);

	if (completed == submitted)
		return;
	while (completed != submitted)
		carry_out(&vp()->call[completed++ % HVPOST_ATTACH_CALLS]);
	__atomic_store_n(&words->completed, completed, __ATOMIC_SEQ_CST);
	syscall(SYS_futex, &words->completed, FUTEX_WAKE, INT_MAX, NULL, NULL,
		0);
}

static void *serve(void *argument)
{
	struct hvpost_attach_request request;
	int socket = accept(listener, NULL, NULL);
	ssize_t size = -1;

	while (size) {
		size = recv(socket, &request, sizeof(request), MSG_DONTWAIT);
		if (size > 0 && request.kind == HVPOST_ATTACH_OPEN)
			attach(socket);
		else if (size > 0)
			give_listener(socket);
		if (memory)
			serve_calls();
		look_again();
	}
	close(socket);
	return argument;
}

void fake_host_start(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(address.sun_path, host_daemon.socket);
	listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address,
			      sizeof(address)), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, serve, NULL), 0);
}

void fake_host_stop(void)
{
	pthread_join(thread, NULL);
	close(listener);
	if (memory)
		munmap(memory, MEMORY_SIZE);
	memory = NULL;
}
