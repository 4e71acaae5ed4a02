// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* accept4, struct ucred */
#include "visitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "closer.h"
#include "control.h"
#include "log.h"
#include "packet.h"

struct visitor {
	LIST_ENTRY(visitor) next;
	struct server *server;
	struct watch watch;
	struct ucred peer;
	struct control_asker asker;
	bool is_refused;	/* and is to be told so when it asks */
};

/* Who may come, and who may do what */

static void look_at_rights(struct visitor *visitor)
{
	const struct server *server = visitor->server;
	struct ucred *peer = &visitor->peer;
	socklen_t size = sizeof(*peer);
	int socket = visitor->watch.fd;
	bool is_known = !getsockopt(socket, SOL_SOCKET, SO_PEERCRED, peer,
				    &size);

	visitor->is_refused = !is_known ||
			      !peers_have(&server->peers, socket, peer);
	visitor->asker.may_change =
		is_known && peers_have(&server->controllers, socket, peer);
}

/* Coming and going */

static void forget(struct visitor *visitor)
{
	server_unwatch(visitor->server, &visitor->watch);
	LIST_REMOVE(visitor, next);
	visitor->server->visitor_count--;
	packet_close(visitor->asker.snapshot_fd);
	free(visitor);
}

static void dismiss(struct visitor *visitor)
{
	struct server *server = visitor->server;
	int fd = visitor->watch.fd;

	forget(visitor);
	closer_close(server->closer, fd);
}

/* How many its user has; a stranger is always one too many. */
static uint32_t count_like(const struct server *server,
			   const struct visitor *like)
{
	const struct visitor *visitor;
	uint32_t count = 0;

	if (like->is_refused)
		return UINT32_MAX;
	LIST_FOREACH(visitor, &server->visitors, next)
		count += !visitor->is_refused &&
			 visitor->peer.uid == like->peer.uid;
	return count;
}

/*
 * Whoever comes and says nothing must not keep others out: strangers go first, then
 * who has most, and of these the one that has waited longest.
 */
static void dismiss_one(struct server *server)
{
	struct visitor *visitor, *found = NULL;
	uint32_t most = 0;

	LIST_FOREACH(visitor, &server->visitors, next) {
		uint32_t count = count_like(server, visitor);

		if (count >= most)
			found = visitor;
		if (count > most)
			most = count;
	}
	if (found)
		dismiss(found);
}

static void drop(struct visitor *visitor, const char *wrong)
{
	log_about(visitor->is_refused ? LOG_STRANGERS : visitor->peer.uid,
		  "process %d of user %u sent %s", (int)visitor->peer.pid,
		  (unsigned int)visitor->peer.uid, wrong);
	client_refuse(visitor->watch.fd, -EPROTO, wrong);
	dismiss(visitor);
}

static void take_attach_request(struct visitor *visitor, const void *packet,
				size_t size)
{
	struct hvpost_attach_request request;
	struct server *server = visitor->server;
	const struct ucred peer = visitor->peer;
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
		drop(visitor, wrong);
		return;
	}
	forget(visitor);
	server_attach(server, fd, &peer, request.name);
}

static void refuse(struct visitor *visitor, bool is_control)
{
	static const char reason[] = "this user may not use this hvhost";

	if (is_control)
		control_refuse(visitor->watch.fd, reason,
			       "see --allow-user and --control-user of hvhost "
			       "run");
	else
		client_refuse(visitor->watch.fd, -EACCES, reason);
	dismiss(visitor);
}

static void take_packet(struct watch *watch, uint32_t events)
{
	struct visitor *visitor = watch->context;
	static char packet[CONTROL_REQUEST_SIZE_MAX + 1];
	ssize_t size;

	(void)events;
	size = packet_receive(watch->fd, packet, sizeof(packet) - 1);
	if (size == -EAGAIN)
		return;
	if (size == -EPERM)
		drop(visitor, "a request with descriptors");
	else if (size <= 0)
		dismiss(visitor);
	else if (visitor->is_refused)
		refuse(visitor, packet[0] == '{');
	else if (packet[0] != '{')
		take_attach_request(visitor, packet, (size_t)size);
	else if (control_answer(visitor->server, &visitor->asker, packet,
				(size_t)size))
		dismiss(visitor);
}

static struct visitor *add_visitor(struct server *server, int fd)
{
	struct visitor *visitor = calloc(1, sizeof(*visitor));

	if (!visitor)
		return NULL;
	if (server->visitor_count >= SERVER_VISITORS_MAX)
		dismiss_one(server);
	visitor->server = server;
	visitor->asker = (struct control_asker){
		.socket = fd, .snapshot_fd = -1,
	};
	visitor->watch = (struct watch){
		.fd = fd, .ready = take_packet, .context = visitor,
	};
	if (server_watch(server, &visitor->watch, EPOLLIN | EPOLLRDHUP)) {
		free(visitor);
		return NULL;
	}
	LIST_INSERT_HEAD(&server->visitors, visitor, next);
	server->visitor_count++;
	return visitor;
}

void visitors_admit(struct server *server, int fd)
{
	struct visitor *visitor = add_visitor(server, fd);

	if (!visitor) {
		closer_close(server->closer, fd);
		return;
	}
	look_at_rights(visitor);
	if (visitor->is_refused)
		log_about(LOG_STRANGERS,
			  "process %d of user %u may not come: see --allow-user",
			  (int)visitor->peer.pid,
			  (unsigned int)visitor->peer.uid);
}

static void turn_away(struct server *server)
{
	packet_close(server->spare_fd);
	closer_close(server->closer,
		     accept4(server->listener.fd, NULL, NULL, SOCK_CLOEXEC));
	server->spare_fd = eventfd(0, EFD_CLOEXEC);
	log_about(LOG_STRANGERS,
		  "somebody is turned away: no descriptor is left; see "
		  "RLIMIT_NOFILE");
}

/* Whoever sends what never gets closed is not to have all of our descriptors. */
static void wait_for_closer(struct server *server)
{
	server_unwatch(server, &server->listener);
	server->is_crowded = true;
	if (!server->was_crowded)
		log_line("nobody is let in: too many sockets cannot be closed for "
			 "what strangers have sent there; Linux 6.16 and later "
			 "refuse that (this is said once)");
	server->was_crowded = true;
}

void visitors_accept_again(struct watch *watch, uint32_t events)
{
	struct server *server = watch->context;
	eventfd_t count;

	(void)events;
	eventfd_read(watch->fd, &count);
	if (server->is_crowded)
		server_watch(server, &server->listener, EPOLLIN);
	server->is_crowded = false;
}

void visitors_accept(struct watch *watch, uint32_t events)
{
	struct server *server = watch->context;
	int fd;

	(void)events;
	if (closer_is_crowded(server->closer)) {
		wait_for_closer(server);
		return;
	}
	fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0) {
		visitors_admit(server, fd);
		return;
	}
	/* Else whoever waits there would bring us here again and again. */
	if (errno == EMFILE || errno == ENFILE)
		turn_away(server);
}

void visitors_free(struct server *server)
{
	while (!LIST_EMPTY(&server->visitors))
		dismiss(LIST_FIRST(&server->visitors));
}
