// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* accept4 */
#include "linger.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_S	3600
/* Far more waits to be sent than the reader has room for, whatever is acknowledged late. */
#define SEND_SIZE	65536
#define RECEIVE_SIZE	2048

static int listen_with_small_buffers(struct sockaddr_in *address)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const int size = RECEIVE_SIZE;
	socklen_t address_size = sizeof(*address);

	*address = (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)address, address_size), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)address,
				     &address_size), 0);
	return fd;
}

static void fill(int socket)
{
	static const char bytes[RECEIVE_SIZE];

	while (send(socket, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
}

struct linger_pair linger_new(void)
{
	const struct linger linger = { .l_onoff = 1, .l_linger = LINGER_S };
	const int size = SEND_SIZE;
	struct sockaddr_in address;
	struct linger_pair pair;
	int listener = listen_with_small_buffers(&address);

	pair.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(pair.socket, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	ck_assert_int_eq(connect(pair.socket, (struct sockaddr *)&address,
				 sizeof(address)), 0);
	pair.reader = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(pair.reader, 0);
	close(listener);
	fill(pair.socket);
	ck_assert_int_eq(setsockopt(pair.socket, SOL_SOCKET, SO_LINGER, &linger,
				    sizeof(linger)), 0);
	return pair;
}

void linger_end(struct linger_pair *pair)
{
	/* What is unread makes it a reset. */
	close(pair->reader);
}
