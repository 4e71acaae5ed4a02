/* SPDX-License-Identifier: MIT */
/*
 * server.h - a machine, the socket where processes come to it, and the loop of
 * the main thread, to which all of this belongs.
 */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <hvpost/hvhost.h>

#include "client.h"
#include "link.h"
#include "names.h"
#include "peers.h"
#include "restart.h"

/* Sockets that have not said yet what they want, or ask by control requests. */
#define SERVER_VISITORS_MAX 64u

struct server_limits {
	uint32_t clients;
	uint32_t clients_of_user;	/* other than root and our own */
	uint32_t ports;		/* of one partition */
	uint32_t connections;	/* of one partition */
	uint32_t buffers;	/* of one message port of a process */
	uint32_t links;
	struct restart_limits restart;	/* of guests */
};

/*
 * Something that the loop waits for. @ready is called in the main thread when
 * @fd has any of the events of server_watch(), and may remove the watch.
 */
struct watch {
	int fd;
	void (*ready)(struct watch *watch, uint32_t events);
	void *context;
};

struct visitor;
struct guest;
LIST_HEAD(visitors, visitor);
LIST_HEAD(guests, guest);
LIST_HEAD(clients, client);

struct server {
	const char *path;
	struct hvhost_machine *machine;
	struct names names;
	struct links links;
	uint32_t link_count;
	struct server_limits limits;
	struct peers peers;		/* who may come: all of those that follow, */
	struct peers attachers;		/* by names that have no owners, */
	struct peers controllers;	/* and may change things besides; and owners */
	struct clients clients;
	uint32_t client_count;
	struct worker *worker;		/* of the clients */
	struct guests guests;
	int guests_status;		/* exit status for those that ended */
	struct visitors visitors;	/* the one that has waited longest, last */
	uint32_t visitor_count;
	int epoll;
	struct watch listener;
	struct watch signals;
	struct watch ended;		/* clients whose threads have ended */
	struct closer *closer;		/* of visitors' sockets and clients' */
	struct watch closed;		/* a crowd of these has got smaller */
	bool is_crowded;		/* the listener is not watched meanwhile */
	bool was_crowded;		/* ever */
	int spare_fd;	/* given up to turn somebody away when there is no other */
	dev_t socket_device;
	ino_t socket_inode;
	bool must_stop;
	int exit_status;
};

/* All zero but for what the caller has set: path, limits, peers. 0 or -errno. */
int server_init(struct server *server);
/*
 * Open the socket. Return 0 or a negative errno value, -EADDRINUSE: another
 * hvhost listens there; -EEXIST: what is there is no socket.
 */
int server_listen(struct server *server);
/* Do one thing if there is any within @timeout_ms. Return whether there was. */
bool server_step(struct server *server, int timeout_ms);
/* Serve until server_stop(). Return the exit status that it was given. */
int server_run(struct server *server);
/* End server_run(), from the main thread. */
void server_stop(struct server *server, int exit_status);
/* Drop all clients, free the machine, remove the socket. */
void server_destroy(struct server *server);

int server_watch(struct server *server, struct watch *watch, uint32_t events);
void server_unwatch(struct server *server, struct watch *watch);

/* Drop the clients whose processes have gone, if that has not been seen yet. */
void server_remove_gone(struct server *server);

/*
 * The partition of a name has come, or is about to be freed: its links are made,
 * or given up. A partition that is there is not to come once more.
 */
int server_join(struct server *server, struct named *named,
		struct hvhost_partition *partition);
void server_leave(struct server *server, struct named *named);

#endif /* SERVER_H */
