// SPDX-License-Identifier: MIT
#include "room.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

void room_init(struct room *room, struct hvpost_attach_memory *memory)
{
	room->memory = memory;
	room->fd = -1;
	room->is_taken = false;
	pthread_mutex_init(&room->lock, NULL);
}

uint32_t room_look(const struct room *room)
{
	return __atomic_load_n(&room->memory->room, __ATOMIC_SEQ_CST);
}

/* With the lock held. */
static int open_socket(struct room *room, int (*listen)(void *context),
		       void *context)
{
	int fd;

	if (room->fd >= 0)
		return 0;
	fd = listen(context);
	if (fd < 0)
		return fd;
	room->fd = fd;
	return 0;
}

/* What told who was here before. */
static void take_packets(const struct room *room)
{
	char packets[16];

	while (recv(room->fd, packets, sizeof(packets), MSG_DONTWAIT) > 0)
		;
}

/* With the lock held. Return 0 or a negative errno value. */
static int take(struct room *room, int (*listen)(void *context), void *context)
{
	int err = room->is_taken ? -EBUSY : open_socket(room, listen, context);

	if (err)
		return err;
	room->is_taken = true;
	take_packets(room);
	__atomic_store_n(&room->memory->room_armed, 1, __ATOMIC_SEQ_CST);
	return 0;
}

int room_enter(struct room *room, int (*listen)(void *context), void *context)
{
	int saved_errno = errno, err;

	pthread_mutex_lock(&room->lock);
	err = take(room, listen, context);
	pthread_mutex_unlock(&room->lock);
	errno = saved_errno;
	return err ? err : room->fd;
}

void room_leave(struct room *room)
{
	pthread_mutex_lock(&room->lock);
	room->is_taken = false;
	pthread_mutex_unlock(&room->lock);
}

void room_close(struct room *room)
{
	if (room->fd >= 0)
		close(room->fd);
}
