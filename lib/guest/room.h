/* SPDX-License-Identifier: MIT */
/*
 * room.h - how the threads of a process learn from hvhost that there is room for
 * posts of its partition; see attach.h.
 *
 * It is one socket, for one thread at a time: a packet that one takes away tells
 * no other. Who comes meanwhile has to look by itself now and then.
 *
 * Every function but the first and the last may be called from any thread.
 */
#ifndef HVPOST_ROOM_H
#define HVPOST_ROOM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <hvpost/attach.h>

struct room {
	struct hvpost_attach_memory *memory;
	pthread_mutex_t lock;	/* guards @is_taken */
	bool is_taken;		/* somebody waits, whose @fd is */
	int fd;			/* -1: nobody has waited yet */
};

/*
 * Makes the socket to which hvhost sends its packets, or returns a negative errno
 * value.
 */
struct room_source {
	int (*listen)(void *context, uint64_t deadline_ns);
	void *context;
	uint64_t deadline_ns;
};

void room_init(struct room *room, struct hvpost_attach_memory *memory);

/* How often there was room. */
uint32_t room_look(const struct room *room);

/*
 * Ask to be told. Return a descriptor that is readable then, until room_leave(); or a
 * negative errno value, among them -EBUSY: another thread has it.
 */
int room_enter(struct room *room, const struct room_source *source);
void room_leave(struct room *room);

void room_close(struct room *room);

#endif /* HVPOST_ROOM_H */
