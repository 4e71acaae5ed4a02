/* SPDX-License-Identifier: MIT */
/*
 * client.h - one attached process: its partition, the memory it shares with us,
 * and the job of the worker's that carries out its calls.
 *
 * These functions are the main thread's. The job ends by itself when the process is
 * gone or has broken the protocol, and then says so by client_config.ended_fd; all
 * that it had is there until client_free().
 */
#ifndef CLIENT_H
#define CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include <hvpost/attach.h>
#include <hvpost/hvhost.h>

struct closer;
struct named;

struct client_config {
	struct hvhost_machine *machine;
	struct named *named;		/* whose place in the machine it takes */
	pid_t pid;			/* of the process, */
	uid_t user;			/* and who it is */
	uint32_t ports_max;
	uint32_t connections_max;
	uint32_t buffers;		/* of each of its message ports */
	int ended_fd;			/* an eventfd of ours */
	struct worker *worker;
	struct closer *closer;		/* of the socket */
};

struct client {
	LIST_ENTRY(client) next;	/* the server's */
	struct client_config config;
	struct hvhost_partition *partition;
	struct client_state *state;
	bool is_running;		/* the worker has it */
};

/*
 * Make the partition of a process that has asked for it through @socket, which
 * is the client's from here on if this succeeds. Return 0 or a negative errno.
 */
int client_new(const struct client_config *config, int socket,
	       struct client **client);

/* Answer the process, and begin to serve it. Return 0 or a negative errno. */
int client_start(struct client *client);

/* Has the process gone, or been dropped? Then nothing of it runs for long. */
bool client_is_gone(const struct client *client);

/* Drop the process, free the partition and all the rest. */
void client_free(struct client *client);

/* Tell whoever waits at @socket that it gets no partition, and why. */
void client_refuse(int socket, int error, const char *reason);

#endif /* CLIENT_H */
