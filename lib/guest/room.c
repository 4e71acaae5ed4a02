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

static bool take(struct room *room)
{
	bool was_taken;

	pthread_mutex_lock(&room->lock);
	was_taken = room->is_taken;
	room->is_taken = true;
	pthread_mutex_unlock(&room->lock);
	return !was_taken;
}

static int open_socket(struct room *room, const struct room_source *source)
{
	int fd;

	if (room->fd >= 0)
		return 0;
	fd = source->listen(source->context, source->deadline_ns);
	if (fd < 0)
		return fd;
	room->fd = fd;
	return 0;
}

/* What told who was here before. A socket at its end is readable, and tells nothing. */
static int take_packets(struct room *room)
{
	char packets[16];
	ssize_t size;

	do
		size = recv(room->fd, packets, sizeof(packets), MSG_DONTWAIT);
	while (size > 0);
	if (size < 0)
		return 0;
	close(room->fd);
	room->fd = -1;
	return -ENODEV;
}

int room_enter(struct room *room, const struct room_source *source)
{
	int saved_errno = errno, err;

	if (!take(room))
		return -EBUSY;
	err = open_socket(room, source);
	if (!err)
		err = take_packets(room);
	if (err)
		room_leave(room);
	else
		__atomic_store_n(&room->memory->room_armed, 1, __ATOMIC_SEQ_CST);
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
