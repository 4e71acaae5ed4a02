// SPDX-License-Identifier: MIT
/*
 * Whoever comes to hvhost's socket: packets, attach requests and control requests
 * made of any bytes, and, once it is attached, what it writes to the memory that
 * it shares. The server runs in here.
 */
#define _GNU_SOURCE /* MSG_CMSG_CLOEXEC */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <hvpost/attach.h>

#include "cli/hvhost/server.h"
#include "cli/hvhost/visitor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PACKET_MAX 5000

/* What a step of the input does; its first byte modulo STEPS. */
enum { RAW, REQUEST, CONTROL, LISTEN, WRITE, CALL, STEPS };

static struct server server;

/* The visitor's side of its socket, and what it got. */
static struct {
	int socket;
	int memory_fd, doorbell;
	struct hvpost_attach_memory *memory;
	size_t memory_size;
} visitor;

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "This does not hold: %s\n", what);
	abort();
}

static void come(void)
{
	int ends[2];

	must(!socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
			 0, ends), "there are sockets");
	visitor.socket = ends[0];
	visitor.memory_fd = visitor.doorbell = -1;
	visitors_admit(&server, ends[1]);
}

static void go(void)
{
	if (visitor.memory)
		munmap(visitor.memory, visitor.memory_size);
	visitor.memory = NULL;
	if (visitor.memory_fd >= 0)
		close(visitor.memory_fd);
	if (visitor.doorbell >= 0)
		close(visitor.doorbell);
	close(visitor.socket);
}

static void keep_descriptors(struct msghdr *message,
			     const struct hvpost_attach_answer *answer)
{
	struct cmsghdr *head = CMSG_FIRSTHDR(message);
	int found[2] = { -1, -1 };
	void *pages;

	if (!head)
		return;
	memcpy(found, CMSG_DATA(head), head->cmsg_len - CMSG_LEN(0));
	if (visitor.memory || found[1] < 0) { /* one that holds an answer */
		close(found[0]);
		return;
	}
	visitor.memory_fd = found[0];
	visitor.doorbell = found[1];
	visitor.memory_size = answer->memory_size;
	pages = mmap(NULL, visitor.memory_size, PROT_READ | PROT_WRITE,
		     MAP_SHARED, visitor.memory_fd, 0);
	must(pages != MAP_FAILED, "the memory has the size that was told");
	visitor.memory = pages;
}

static void take_answers(void)
{
	static char bytes[65536];
	struct hvpost_attach_answer answer;

	for (;;) {
		struct iovec part = { .iov_base = bytes,
				      .iov_len = sizeof(bytes) };
		union {
			struct cmsghdr head;
			char bytes[CMSG_SPACE(2 * sizeof(int))];
		} control;
		struct msghdr message = {
			.msg_iov = &part, .msg_iovlen = 1,
			.msg_control = &control,
			.msg_controllen = sizeof(control),
		};

		if (recvmsg(visitor.socket, &message,
			    MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0)
			return;
		memcpy(&answer, bytes, sizeof(answer));
		keep_descriptors(&message, &answer);
	}
}

static void settle(void)
{
	while (server_step(&server, 0))
		;
	take_answers();
}

static void send_packet(const void *bytes, size_t size)
{
	send(visitor.socket, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	settle();
}

/* A request with its bytes changed by those of the input. */
static void send_request(uint16_t kind, const uint8_t *data, size_t size)
{
	struct hvpost_attach_request request = {
		.magic = HVPOST_ATTACH_MAGIC,
		.version = HVPOST_ATTACH_VERSION,
		.kind = kind,
		.name = "a",
	};
	uint8_t *bytes = (uint8_t *)&request;

	for (size_t i = 0; i < size && i < sizeof(request); i++)
		bytes[sizeof(request) - 1 - i] ^= data[i];
	send_packet(&request, sizeof(request));
}

static void send_control(const uint8_t *data, size_t size)
{
	static const char *const begins[] = {
		"link\",", "unlink\",", "links\",", "partitions\",",
		"inspect\",", "port-create\",", "port-delete\",", "ports\",",
		"connection-create\",", "connection-delete\",",
		"connections\",", "snapshot\",",
	};
	char packet[PACKET_MAX];
	int length = snprintf(packet, sizeof(packet),
			      "{\"version\":1,\"command\":\"%s",
			      begins[size ? data[0] % 12 : 0]);

	if (size)
		memcpy(packet + length, data + 1, size - 1);
	send_packet(packet, (size_t)length + (size ? size - 1 : 0));
}

static void ring(void)
{
	__atomic_store_n(&visitor.memory->sleeping, 0, __ATOMIC_SEQ_CST);
	eventfd_write(visitor.doorbell, 1);
}

/* Bytes anywhere among the words, the pages and the first calls of VP 0. */
static void write_memory(const uint8_t *data, size_t size)
{
	size_t at = 0;

	if (!visitor.memory || size < 2)
		return;
	at = ((size_t)data[0] | (size_t)data[1] << 8) %
	     (visitor.memory_size - 256);
	memcpy((uint8_t *)visitor.memory + at, data + 2, size - 2);
	ring();
}

static void submit_call(const uint8_t *data, size_t size)
{
	struct hvpost_attach_vp *vp;
	uint32_t number;

	if (!visitor.memory)
		return;
	vp = (struct hvpost_attach_vp *)(visitor.memory + 1);
	number = vp->words.submitted;
	memcpy(&vp->call[number % HVPOST_ATTACH_CALLS], data, size);
	__atomic_store_n(&vp->words.submitted, number + 1, __ATOMIC_SEQ_CST);
	ring();
	/* As long as it serves us, and we have not written nonsense. */
	for (unsigned int i = 0; i < 100 &&
	     __atomic_load_n(&vp->words.completed, __ATOMIC_SEQ_CST) !=
		     number + 1; i++)
		nanosleep(&(struct timespec){ .tv_nsec = 1000 }, NULL);
}

static void take_step(uint8_t step, const uint8_t *data, size_t size)
{
	switch (step % STEPS) {
	case RAW:
		send_packet(data, size);
		break;
	case REQUEST:
		send_request(HVPOST_ATTACH_OPEN, data, size);
		break;
	case CONTROL:
		send_control(data, size);
		break;
	case LISTEN:
		send_request(HVPOST_ATTACH_LISTEN, data, size);
		break;
	case WRITE:
		write_memory(data, size);
		break;
	default:
		submit_call(data, size);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	server = (struct server){
		.path = "",
		.limits = {
			.clients = 4, .ports = 8, .connections = 8,
			.buffers = HV_PORT_MESSAGE_BUFFERS, .links = 16,
		},
	};
	must(!server_init(&server), "a server begins");
	come();
	while (size >= 2) {
		size_t length = data[1];

		if (length > size - 2)
			length = size - 2;
		take_step(data[0], data + 2, length);
		data += 2 + length;
		size -= 2 + length;
	}
	go();
	settle();
	server_destroy(&server);
	return 0;
}
