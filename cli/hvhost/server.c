// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* struct ucred */
#include "server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "closer.h"
#include "guest.h"
#include "log.h"
#include "packet.h"
#include "socket.h"
#include "visitor.h"
#include "worker.h"

/* Watches */

int server_watch(struct server *server, struct watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	if (epoll_ctl(server->epoll, EPOLL_CTL_ADD, watch->fd, &event))
		return -errno;
	return 0;
}

void server_unwatch(struct server *server, struct watch *watch)
{
	epoll_ctl(server->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
}

/* Partitions that come and go */

static int never(void *context, uint64_t gpa, void *to, size_t size)
{
	(void)context, (void)gpa, (void)to, (void)size;
	return -1;
}

static int never_write(void *context, uint64_t gpa, const void *from,
		       size_t size)
{
	(void)context, (void)gpa, (void)from, (void)size;
	return -1;
}

static void no_interrupt(void *context, uint32_t vp_index, unsigned int sint,
			 uint8_t vector)
{
	(void)context, (void)vp_index, (void)sint, (void)vector;
}

/* An id that no partition has yet; those made from now on have higher ones. */
static int take_partition_id(struct server *server, uint64_t *id)
{
	static const struct hvhost_partition_ops ops = {
		.read_memory = never, .write_memory = never_write,
		.assert_sint = no_interrupt,
	};
	const struct hvhost_partition_config config = {
		.vp_count_max = 1, .ops = &ops,
	};
	struct hvhost_partition *partition;
	int err = hvhost_partition_new(server->machine, &config, &partition);

	if (err)
		return err;
	*id = hvhost_partition_id(partition);
	hvhost_partition_free(partition);
	return 0;
}

static int prepare_conformance(struct server *server, struct named *named)
{
	const struct hvhost_conformance config = {
		.spare_ports = server->limits.connections,
	};
	int err;

	if (!named->is_prober)
		return 0;
	/* Ids rise by one, and only we make partitions. */
	err = take_partition_id(server, &named->prepared_first);
	if (!err)
		err = hvhost_conformance_prepare(named->partition, &config);
	if (!err)
		err = take_partition_id(server, &named->prepared_end);
	return err;
}

static void free_conformance(struct server *server, struct named *named)
{
	if (!named->is_prober)
		return;
	for (uint64_t id = named->prepared_first; id < named->prepared_end; id++)
		hvhost_partition_free(hvhost_partition_find(server->machine,
							    id));
}

int server_join(struct server *server, struct named *named,
		struct hvhost_partition *partition)
{
	int err;

	named->partition = partition;
	err = prepare_conformance(server, named);
	if (err) {
		named->partition = NULL;
		return err;
	}
	links_join(&server->links, server->machine, named);
	if (named->is_inactive)
		hvhost_partition_begin_finalize(partition);
	return 0;
}

void server_leave(struct server *server, struct named *named)
{
	links_leave(&server->links, named);
	free_conformance(server, named);
	named->partition = NULL;
}

/* Clients whose threads have ended */

static void remove_client(struct server *server, struct client *client)
{
	struct named *named = client->config.named;

	LIST_REMOVE(client, next);
	server->client_count--;
	server_leave(server, named);
	named->client = NULL;
	client_free(client);
	names_drop(named);
}

void server_remove_gone(struct server *server)
{
	struct client *client, *next;

	for (client = LIST_FIRST(&server->clients); client; client = next) {
		next = LIST_NEXT(client, next);
		if (client_is_gone(client))
			remove_client(server, client);
	}
}

static void remove_ended(struct watch *watch, uint32_t events)
{
	eventfd_t count;

	(void)events;
	eventfd_read(watch->fd, &count);
	server_remove_gone(watch->context);
}

/* Processes that attach */

static const char *check_owner(const struct server *server,
			       const struct named *named, int socket,
			       const struct ucred *peer)
{
	if (named && named->has_owners)
		return peers_have(&named->owners, socket, peer) ? NULL :
		       "this partition's name belongs to other users";
	return peers_have(&server->attachers, socket, peer) ||
	       peers_have(&server->controllers, socket, peer) ? NULL :
	       "this user may attach only by names that --partition gives it";
}

/* NULL, or which quota there is no room in for one more. */
static const char *check_quotas(const struct server *server, uid_t user)
{
	const struct client *client;
	uint32_t count = 0;

	if (server->client_count >= server->limits.clients)
		return "too many processes are attached";
	LIST_FOREACH(client, &server->clients, next)
		count += client->config.user == user;
	return peer_is_trusted(user) ||
	       count < server->limits.clients_of_user ? NULL :
	       "too many processes of this user are attached";
}

/* Return why it cannot be, or NULL; *error is what to answer then. */
static const char *check_name(struct server *server, const char *name,
			      int socket, const struct ucred *peer, int *error)
{
	struct named *named;
	const char *wrong;

	*error = -EINVAL;
	if (!name_is_valid(name))
		return "a partition's name has 1 to 63 of a-z A-Z 0-9 . _ -";
	named = names_find(&server->names, name);
	*error = -EACCES;
	wrong = check_owner(server, named, socket, peer);
	if (wrong)
		return wrong;
	/* Some may have gone, and their threads not have said so yet. */
	if ((named && named->partition) || check_quotas(server, peer->uid))
		server_remove_gone(server);
	named = names_find(&server->names, name);
	*error = -EBUSY;
	if (named && named->partition)
		return "there is a partition of this name already";
	*error = -ENOSPC;
	return check_quotas(server, peer->uid);
}

static int add_client(struct server *server, struct named *named, int socket,
		      const struct ucred *peer)
{
	const struct client_config config = {
		.machine = server->machine,
		.named = named,
		.pid = peer->pid,
		.user = peer->uid,
		.ports_max = server->limits.ports,
		.connections_max = server->limits.connections,
		.buffers = server->limits.buffers,
		.ended_fd = server->ended.fd,
		.worker = server->worker,
		.closer = server->closer,
	};
	struct client *client;
	int err = client_new(&config, socket, &client);

	if (err)
		return err;
	named->client = client;
	LIST_INSERT_HEAD(&server->clients, client, next);
	server->client_count++;
	err = server_join(server, named, client->partition);
	if (!err)
		err = client_start(client);
	if (err) {
		log_about(peer->uid, "partition %s cannot begin: %s",
			  named->name, strerror(-err));
		client_refuse(socket, err, "hvhost cannot begin it: is there room "
					   "for what it is to have?");
		remove_client(server, client);
	}
	/* The socket was the client's. */
	return 0;
}

static void log_refusal(const struct ucred *peer, const char *name,
			const char *reason)
{
	log_about(peer->uid,
		  "process %d of user %u gets no partition '%.63s': %s",
		  (int)peer->pid, (unsigned int)peer->uid, name, reason);
}

void server_attach(struct server *server, int socket, const struct ucred *peer,
		   const char *name)
{
	struct named *named;
	const char *reason;
	int err;

	reason = check_name(server, name, socket, peer, &err);
	if (reason) {
		log_refusal(peer, err == -EINVAL ? "?" : name, reason);
		client_refuse(socket, err, reason);
		closer_close(server->closer, socket);
		return;
	}
	named = names_get(&server->names, name);
	err = named ? add_client(server, named, socket, peer) : -ENOMEM;
	if (!err)
		return;
	log_refusal(peer, name, strerror(-err));
	client_refuse(socket, err, "hvhost lacks memory or descriptors for it");
	closer_close(server->closer, socket);
	if (named)
		names_drop(named);
}

/* Setting up, running, ending */

static void stop_on_signal(struct watch *watch, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	if (read(watch->fd, &info, sizeof(info)) == sizeof(info))
		server_stop(watch->context, 0);
}

/* Before any thread is made, so that all of them have these blocked. */
static int open_signals(void)
{
	sigset_t set;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static int add_watch(struct server *server, struct watch *watch, int fd,
		     void (*ready)(struct watch *watch, uint32_t events))
{
	if (fd < 0)
		return fd;
	*watch = (struct watch){
		.fd = fd, .ready = ready, .context = server,
	};
	return server_watch(server, watch, EPOLLIN);
}

int server_init(struct server *server)
{
	int err;

	LIST_INIT(&server->names);
	LIST_INIT(&server->links);
	LIST_INIT(&server->clients);
	LIST_INIT(&server->guests);
	LIST_INIT(&server->visitors);
	server->listener.fd = server->signals.fd = server->ended.fd = -1;
	server->closed.fd = -1;
	server->spare_fd = eventfd(0, EFD_CLOEXEC);
	server->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (server->epoll < 0)
		return -errno;
	err = add_watch(server, &server->signals, open_signals(),
			stop_on_signal);
	if (!err)
		err = add_watch(server, &server->ended,
				eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
				remove_ended);
	if (!err)
		err = worker_new(&server->worker);
	return err ? err : hvhost_machine_new(NULL, &server->machine);
}

int server_listen(struct server *server)
{
	int fd = socket_listen(server->path, &server->socket_device,
			       &server->socket_inode);
	int err = add_watch(server, &server->listener, fd, visitors_accept);

	if (!err)
		err = closer_new(!socket_refuses_descriptors(fd),
				 &server->closer);
	if (!err)
		err = add_watch(server, &server->closed,
				closer_fd(server->closer),
				visitors_accept_again);
	return err;
}

/*
 * One at a time: a watch may end others, whose events would then point to
 * nothing.
 */
bool server_step(struct server *server, int timeout_ms)
{
	struct epoll_event event;
	struct watch *watch;

	if (epoll_wait(server->epoll, &event, 1, timeout_ms) != 1)
		return false;
	watch = event.data.ptr;
	watch->ready(watch, event.events);
	return true;
}

int server_run(struct server *server)
{
	while (!server->must_stop)
		server_step(server, -1);
	return server->exit_status;
}

void server_stop(struct server *server, int exit_status)
{
	server->must_stop = true;
	server->exit_status = exit_status;
}

void server_destroy(struct server *server)
{
	struct client *client;

	/* First the socket, so that nobody finds us who is then turned away. */
	if (server->listener.fd >= 0)
		socket_remove(server->path, server->socket_device,
			      server->socket_inode);
	closer_close(server->closer, server->listener.fd);
	visitors_free(server);
	while ((client = LIST_FIRST(&server->clients)))
		remove_client(server, client);
	worker_free(server->worker);
	guests_free(server);
	hvhost_machine_free(server->machine);
	links_free(&server->links);
	names_free(&server->names);
	peers_free(&server->peers);
	peers_free(&server->attachers);
	peers_free(&server->controllers);
	closer_free(server->closer);
	packet_close(server->spare_fd);
	packet_close(server->ended.fd);
	packet_close(server->signals.fd);
	packet_close(server->epoll);
}
