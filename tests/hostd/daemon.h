/* SPDX-License-Identifier: MIT */
/*
 * daemon.h - the hvhost that a case runs against: $HVHOST, as a user runs it, at a
 * socket in a folder of its own. $HVHOST_FLAGS is added to its options.
 */
#ifndef DAEMON_H
#define DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

#include <hvpost/hvpost.h>

struct host_daemon {
	pid_t pid;		/* 0: none runs */
	char folder[64];
	char socket[96];
	char log[96];		/* its stderr */
	bool passes_rights;	/* as kernels did that could not refuse descriptors */
	bool lacks_entropy;	/* as a kernel does that has just been started */
};

extern struct host_daemon host_daemon;

struct attachment;

/* Fixtures: a folder and no daemon yet; the second one ends what runs. */
void daemon_setup(void);
void daemon_teardown(void);

/* Start it with a shell's words for options, and wait until it is ready. */
void daemon_start(const char *options);
/* The same where it is to fail. Return its exit status. */
int daemon_fail(const char *options);
/* End it with SIGTERM. Return its exit status, or -1: it did not exit. */
int daemon_stop(void);
bool daemon_is_alive(void);

/* How often its stderr says so. */
unsigned int daemon_said(const char *text);
/* The same, once it has: what it logs comes when it comes. */
unsigned int daemon_has_said(const char *text);

/* Act as another user, to whom the socket is open, and no longer; as root only. */
#define SOMEBODY 54321
void be_somebody(void);
void be_root(void);

/* "host:SOCKET,partition=NAME", in one of some static buffers. */
const char *target_of(const char *name);
struct hvpost *open_as(const char *name);
struct hvpost *bind_as(const char *name, unsigned int sint);
/* What such handles of this process have in common; attachment_put() it. */
struct attachment *attachment_of(const char *name);

/* What the process itself does, over and over, until it is so. */
void look_again(void);

/* Until it waits in that system call. */
void wait_until_it_is_in(pid_t pid, long call);
/*
 * A process that waits for room, or has waited for a message for a while, is in
 * ppoll(2). Other waits of the library are for calls, and futexes.
 */
void wait_until_it_polls(pid_t pid);

#define PATIENCE_MS 50000

int post_number(struct hvpost *handle, uint32_t connection, uint64_t number,
		uint64_t deadline_ns);
uint64_t receive_number(struct hvpost *handle);

/* A sender and a receiver, joined by a link, have what they are to have. */
void ck_service(const char *from, uint32_t connection, const char *to,
		unsigned int sint);

#endif /* DAEMON_H */
