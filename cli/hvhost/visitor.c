// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* accept4, struct ucred */
#include "visitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "control.h"
#include "log.h"
#include "packet.h"

#define GROUPS_MAX 256

struct visitor {
	LIST_ENTRY(visitor) next;
	struct server *server;
	struct watch watch;
	struct ucred peer;
};

/* Who may come */

static bool user_is_allowed(const struct server_peers *peers, uid_t user)
{
	if (user == 0 || user == geteuid())
		return true;
	for (size_t i = 0; i < peers->user_count; i++)
		if (peers->user[i] == user)
			return true;
	return false;
}

static bool group_is_allowed(const struct server_peers *peers, gid_t group)
{
	for (size_t i = 0; i < peers->group_count; i++)
		if (peers->group[i] == group)
			return true;
	return false;
}

static bool any_group_is_allowed(const struct server_peers *peers, int socket,
				 gid_t group)
{
	gid_t groups[GROUPS_MAX];
	socklen_t size = sizeof(groups);

	if (!peers->group_count)
		return false;
	if (group_is_allowed(peers, group))
		return true;
	if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups, &size))
		return false;
	for (size_t i = 0; i < size / sizeof(groups[0]); i++)
		if (group_is_allowed(peers, groups[i]))
			return true;
	return false;
}

static bool peer_is_allowed(const struct server *server, int socket,
			    struct ucred *peer)
{
	socklen_t size = sizeof(*peer);

	if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, peer, &size))
		return false;
	return user_is_allowed(&server->peers, peer->uid) ||
	       any_group_is_allowed(&server->peers, socket, peer->gid);
}

/* Coming and going */

static void forget(struct visitor *visitor)
{
	server_unwatch(visitor->server, &visitor->watch);
	LIST_REMOVE(visitor, next);
	visitor->server->visitor_count--;
	free(visitor);
}

static void dismiss(struct visitor *visitor)
{
	int fd = visitor->watch.fd;

	forget(visitor);
	close(fd);
}

/* Whoever comes and says nothing must not keep others out. */
static void dismiss_oldest(struct server *server)
{
	struct visitor *visitor, *oldest = NULL;

	LIST_FOREACH(visitor, &server->visitors, next)
		oldest = visitor;
	if (oldest)
		dismiss(oldest);
}

static void take_attach_request(struct visitor *visitor, const void *packet,
				size_t size)
{
	struct hvpost_attach_request request;
	struct server *server = visitor->server;
	pid_t pid = visitor->peer.pid;
	const char *wrong;
	int fd = visitor->watch.fd;

	memset(&request, 0, sizeof(request));
	memcpy(&request, packet, size < sizeof(request) ? size : sizeof(request));
	wrong = packet_check_request(&request, size);
	if (!wrong && request.kind != HVPOST_ATTACH_OPEN)
		wrong = "a request of a process that is not attached";
	if (!wrong && !memchr(request.name, '\0', sizeof(request.name)))
		wrong = "a name without an end";
	if (wrong) {
		log_line("process %d sent %s", (int)visitor->peer.pid, wrong);
		client_refuse(fd, -EPROTO, wrong);
		dismiss(visitor);
		return;
	}
	forget(visitor);
	server_attach(server, fd, pid, request.name);
}

static void take_packet(struct watch *watch, uint32_t events)
{
	struct visitor *visitor = watch->context;
	static char packet[CONTROL_REQUEST_SIZE_MAX + 1];
	int descriptor;
	ssize_t size;

	(void)events;
	size = packet_receive(watch->fd, packet, sizeof(packet) - 1,
			      &descriptor);
	packet_close(descriptor); /* nobody here wants one */
	if (size == -EAGAIN)
		return;
	if (size <= 0) {
		dismiss(visitor);
		return;
	}
	if (packet[0] != '{')
		take_attach_request(visitor, packet, (size_t)size);
	else if (control_answer(visitor->server, watch->fd, packet,
				(size_t)size))
		dismiss(visitor);
}

static int add_visitor(struct server *server, int fd, const struct ucred *peer)
{
	struct visitor *visitor = calloc(1, sizeof(*visitor));
	int err;

	if (!visitor)
		return -ENOMEM;
	if (server->visitor_count >= SERVER_VISITORS_MAX)
		dismiss_oldest(server);
	visitor->server = server;
	visitor->peer = *peer;
	visitor->watch = (struct watch){
		.fd = fd, .ready = take_packet, .context = visitor,
	};
	err = server_watch(server, &visitor->watch, EPOLLIN | EPOLLRDHUP);
	if (err) {
		free(visitor);
		return err;
	}
	LIST_INSERT_HEAD(&server->visitors, visitor, next);
	server->visitor_count++;
	return 0;
}

static void admit(struct server *server, int fd)
{
	struct ucred peer = { .pid = 0 };

	if (!peer_is_allowed(server, fd, &peer)) {
		log_line("process %d of user %u may not come: see --allow-user",
			 (int)peer.pid, (unsigned int)peer.uid);
		client_refuse(fd, -EACCES, "this user may not use this hvhost: "
					   "see --allow-user, --allow-group");
		close(fd);
		return;
	}
	if (add_visitor(server, fd, &peer))
		close(fd);
}

void visitors_accept(struct watch *watch, uint32_t events)
{
	struct server *server = watch->context;
	int fd;

	(void)events;
	fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		admit(server, fd);
		return;
	}
	/* Without descriptors, we would come here again and again. */
	if (errno == EMFILE || errno == ENFILE || errno == ENOMEM)
		dismiss_oldest(server);
}

void visitors_free(struct server *server)
{
	while (!LIST_EMPTY(&server->visitors))
		dismiss(LIST_FIRST(&server->visitors));
}
