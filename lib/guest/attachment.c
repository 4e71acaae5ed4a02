// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* syscall, F_GET_SEALS */
#include "attachment.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "deadline.h"
#include "wait.h"

#define GUEST_OS_ID \
	(HV_GUEST_OS_ID_OPEN_SOURCE | \
	 HV_GUEST_OS_ID_TYPE_LINUX << HV_GUEST_OS_ID_TYPE_SHIFT)

/*
 * What the answer says of the memory, and what it is, agree, and will: to look at what
 * has been cut off is the end of a process.
 */
static int check_memory(const struct hvpost_attach_answer *answer, int fd)
{
	struct stat status;
	int seals;

	if (!answer->vp_count || answer->vp_count > HVPOST_ATTACH_VPS_MAX ||
	    answer->memory_size != sizeof(struct hvpost_attach_memory) +
		    answer->vp_count * sizeof(struct hvpost_attach_vp))
		return -EPROTO;
	seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || !(seals & F_SEAL_SHRINK))
		return -EPROTO;
	if (fstat(fd, &status))
		return -errno;
	return (uint64_t)status.st_size < answer->memory_size ? -EPROTO : 0;
}

static int map_memory(struct attachment *attachment,
		      const struct hvpost_attach_answer *answer, int fd)
{
	int err = check_memory(answer, fd);
	void *pages;

	if (err)
		return err;
	pages = mmap(NULL, answer->memory_size, PROT_READ | PROT_WRITE,
		     MAP_SHARED, fd, 0);
	if (pages == MAP_FAILED)
		return -errno;
	attachment->memory = pages;
	attachment->memory_size = answer->memory_size;
	attachment->vp_count = answer->vp_count;
	attachment->privileges = answer->privileges;
	return 0;
}

static void init_vps(struct attachment *attachment)
{
	struct hvpost_attach_vp *shared =
		(struct hvpost_attach_vp *)(attachment->memory + 1);

	for (uint32_t i = 0; i < attachment->vp_count; i++)
		attachment_vp_init(&attachment->vp[i], &attachment->host,
				   &shared[i], i);
}

static int start_vps(struct attachment *attachment, uint64_t deadline_ns)
{
	int err = attachment_vp_write_msr(&attachment->vp[0],
					  HV_MSR_GUEST_OS_ID, GUEST_OS_ID,
					  deadline_ns);

	for (uint32_t i = 0; i < attachment->vp_count && !err; i++)
		err = attachment_vp_start(&attachment->vp[i], deadline_ns);
	return err;
}

static void destroy_vps(struct attachment *attachment)
{
	for (uint32_t i = 0; i < attachment->vp_count; i++)
		attachment_vp_destroy(&attachment->vp[i]);
}

static void unmap_and_close(struct attachment *attachment)
{
	room_close(&attachment->room);
	munmap(attachment->memory, attachment->memory_size);
	close(attachment->host.doorbell);
}

static int open_partition(struct attachment *attachment, uint64_t deadline_ns)
{
	struct hvpost_attach_request request = {
		.magic = HVPOST_ATTACH_MAGIC,
		.version = HVPOST_ATTACH_VERSION,
		.kind = HVPOST_ATTACH_OPEN,
	};
	struct attachment_packet packet;
	int err;

	strncpy(request.name, attachment->name.partition,
		sizeof(request.name) - 1);
	err = attachment_socket_ask(&attachment->socket, &request, deadline_ns,
				    &packet);
	if (err)
		return err;
	err = packet.descriptors[1] < 0 ? -EPROTO :
					  map_memory(attachment, &packet.answer,
						     packet.descriptors[0]);
	attachment->host.doorbell = packet.descriptors[1];
	if (err) {
		attachment_packet_close(&packet);
		return err;
	}
	close(packet.descriptors[0]);
	attachment->host.sleeping = &attachment->memory->sleeping;
	room_init(&attachment->room, attachment->memory);
	init_vps(attachment);
	err = start_vps(attachment, deadline_ns);
	if (err) {
		destroy_vps(attachment);
		unmap_and_close(attachment);
	}
	return err;
}

int attachment_attach(struct attachment *attachment, uint64_t deadline_ns)
{
	int err = attachment_socket_connect(&attachment->socket,
					    attachment->name.socket,
					    deadline_ns);

	if (err)
		return err;
	attachment->host.socket = attachment->socket.fd;
	pthread_mutex_init(&attachment->packet_lock, NULL);
	err = open_partition(attachment, deadline_ns);
	if (err) {
		pthread_mutex_destroy(&attachment->packet_lock);
		attachment_socket_close(&attachment->socket);
	}
	return err;
}

struct attachment *attachment_new(const struct attachment_name *name)
{
	struct attachment *attachment = calloc(1, sizeof(*attachment));

	if (!attachment)
		return NULL;
	attachment->owner = getpid();
	attachment->name.socket = strdup(name->socket);
	attachment->name.partition = strdup(name->partition);
	if (attachment->name.socket && attachment->name.partition)
		return attachment;
	attachment_free(attachment);
	return NULL;
}

void attachment_free(struct attachment *attachment)
{
	free(attachment->name.socket);
	free(attachment->name.partition);
	free(attachment);
}

void attachment_end(struct attachment *attachment)
{
	/* Also if a child still has a copy of the descriptor. */
	shutdown(attachment->socket.fd, SHUT_RDWR);
	attachment_socket_close(&attachment->socket);
	destroy_vps(attachment);
	unmap_and_close(attachment);
	pthread_mutex_destroy(&attachment->packet_lock);
	attachment_free(attachment);
}

void attachment_abandon(struct attachment *attachment)
{
	attachment_socket_close(&attachment->socket);
	unmap_and_close(attachment);
	attachment_free(attachment);
}

bool attachment_is_inherited(const struct attachment *attachment)
{
	return attachment->owner != getpid();
}

bool attachment_is_gone(const struct attachment *attachment)
{
	return call_host_is_gone(&attachment->host);
}

uint64_t attachment_privileges(const struct attachment *attachment)
{
	return attachment->privileges;
}

uint32_t attachment_vp_count(const struct attachment *attachment)
{
	return attachment->vp_count;
}

uint64_t attachment_guest_os_id(void)
{
	return GUEST_OS_ID;
}

/*
 * Who binds waits for others who do, at most as long as they have to wait. Who waits
 * for room has something better to do.
 */
static int lock_packets(struct attachment *attachment, unsigned int sint)
{
	return sint == HVPOST_ATTACH_ROOM ?
		       -pthread_mutex_trylock(&attachment->packet_lock) :
		       -pthread_mutex_lock(&attachment->packet_lock);
}

static int ask_for_listener(struct attachment *attachment, unsigned int sint,
			    uint64_t deadline_ns)
{
	const struct hvpost_attach_request request = {
		.magic = HVPOST_ATTACH_MAGIC,
		.version = HVPOST_ATTACH_VERSION,
		.kind = HVPOST_ATTACH_LISTEN,
		.sint = sint,
	};
	struct attachment_packet packet;
	int err = lock_packets(attachment, sint);

	if (err)
		return err;
	err = attachment_socket_ask(&attachment->socket, &request, deadline_ns,
				    &packet);
	pthread_mutex_unlock(&attachment->packet_lock);
	if (err)
		return err;
	if (packet.descriptors[0] < 0 || packet.descriptors[1] >= 0) {
		attachment_packet_close(&packet);
		return -EPROTO;
	}
	return packet.descriptors[0];
}

int attachment_listen(struct attachment *attachment, unsigned int sint,
		      uint64_t deadline_ns)
{
	int saved_errno = errno;
	int fd = ask_for_listener(attachment, sint, deadline_ns);

	errno = saved_errno;
	return fd;
}

int attachment_call(struct attachment *attachment,
		    const struct hvpost_call *call,
		    struct call_limits *limits, uint64_t *result)
{
	return attachment_vp_call(&attachment->vp[0], call, limits, result);
}

int attachment_call_chain(struct attachment *attachment,
			  const struct hvpost_call *calls, unsigned int count,
			  struct call_limits *limits, uint64_t *result)
{
	return call_ring_run_chain(&attachment->vp[0].ring, calls, count,
				   limits, result);
}

/* Room */

uint32_t attachment_look_at_room(struct attachment *attachment)
{
	return room_look(&attachment->room);
}

static int listen_for_room(void *context, uint64_t deadline_ns)
{
	return attachment_listen(context, HVPOST_ATTACH_ROOM, deadline_ns);
}

static bool is_any_noted(struct attachment *attachment)
{
	for (uint32_t i = 0; i < attachment->vp_count; i++)
		if (__atomic_load_n(&attachment->vp[i].shared->words.asserted,
				    __ATOMIC_SEQ_CST))
			return true;
	return false;
}

int attachment_wait_for_room(struct attachment *attachment, uint32_t seen,
			     uint64_t duration_ns, const sigset_t *let_in)
{
	struct room *room = &attachment->room;
	const struct room_source source = {
		.listen = listen_for_room,
		.context = attachment,
		.deadline_ns = hvpost_deadline_clock() +
			       (duration_ns < CALL_PATIENCE_NS ?
					duration_ns : CALL_PATIENCE_NS),
	};
	int fd = room_enter(room, &source), err;

	/* Another thread has it, or nobody tells us. */
	if (fd < 0)
		return hvpost_wait_ns(-1, duration_ns < ATTACHMENT_LOOK_NS ?
					  duration_ns : ATTACHMENT_LOOK_NS,
				      let_in);
	/* A signal may come in any case. */
	if (room_look(room) != seen || is_any_noted(attachment))
		duration_ns = 0;
	err = hvpost_wait_ns(fd, duration_ns, let_in);
	room_leave(room);
	return err;
}

/* Receiving */

struct receiver *attachment_receiver(struct attachment *attachment,
				     uint32_t vp_index)
{
	return &attachment->vp[vp_index].receiver;
}

void attachment_run_interrupts(struct attachment *attachment)
{
	for (uint32_t i = 0; i < attachment->vp_count; i++)
		receiver_run_interrupts(&attachment->vp[i].receiver);
}

bool attachment_is_armed(struct attachment *attachment, unsigned int sint)
{
	for (uint32_t i = 0; i < attachment->vp_count; i++)
		if (!(__atomic_load_n(&attachment->vp[i].shared->words.armed,
				      __ATOMIC_SEQ_CST) & 1u << sint))
			return false;
	return true;
}

void attachment_arm(struct attachment *attachment, unsigned int sint)
{
	for (uint32_t i = 0; i < attachment->vp_count; i++)
		__atomic_fetch_or(&attachment->vp[i].shared->words.armed,
				  1u << sint, __ATOMIC_SEQ_CST);
}

bool attachment_is_noted(struct attachment *attachment, unsigned int sint)
{
	for (uint32_t i = 0; i < attachment->vp_count; i++)
		if (__atomic_load_n(&attachment->vp[i].shared->words.asserted,
				    __ATOMIC_SEQ_CST) & 1u << sint)
			return true;
	return false;
}

uint32_t attachment_announce_sleep(struct attachment *attachment,
				   unsigned int sint)
{
	__atomic_fetch_or(&attachment->memory->sleepers, 1u << sint,
			  __ATOMIC_SEQ_CST);
	return __atomic_load_n(&attachment->memory->wakes, __ATOMIC_SEQ_CST);
}

int attachment_sleep(struct attachment *attachment, unsigned int sint,
		     uint32_t announced, uint64_t deadline_ns)
{
	struct hvpost_attach_memory *memory = attachment->memory;
	uint32_t bit = 1u << sint;
	struct timespec until;
	int saved_errno = errno, err = 0;

	/* With this bitset the time is absolute. */
	if (syscall(SYS_futex, &memory->wakes, FUTEX_WAIT_BITSET, announced,
		    hvpost_deadline_left(deadline_ns, 0, &until), NULL, bit))
		err = errno == EAGAIN ? 0 : -errno;
	if (err)
		__atomic_fetch_and(&memory->sleepers, ~bit, __ATOMIC_SEQ_CST);
	errno = saved_errno;
	return err;
}
