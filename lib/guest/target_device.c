// SPDX-License-Identifier: MIT
/*
 * The device target: hvpost.ko through its character device. The only file of
 * the library that speaks device.h, but for the record, which targets share.
 *
 * Posts: the descriptor blocks, for O_NONBLOCK would turn each into a single try;
 * so their deadlines travel in the ioctl. Messages are taken from rings that the
 * driver shares with us; only where these are empty is there a ppoll().
 */
#include <hvpost/device.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "deadline.h"
#include "mapped_rings.h"
#include "record.h"
#include "target.h"
#include "wait.h"

/* Posts given to the driver by one call, at most. */
#define POSTS_AT_ONCE 64u

/* What the driver overwrites in a post that it tries. */
#define NOT_TRIED UINT32_MAX

static_assert(HVPOST_NO_STATUS == HVPOST_STATUS_NONE, "one 'no status'");
static_assert(HVPOST_NOW == HVPOST_DEADLINE_NONE, "one 'now'");
static_assert(HVPOST_NEVER == HVPOST_DEADLINE_NEVER, "one 'never'");
static_assert(HVPOST_RETRY_CONNECTION == HVPOST_POST_RETRY_CONNECTION &&
		      HVPOST_UNCHECKED == HVPOST_POST_UNCHECKED,
	      "flags of a post go to the driver as they are");
static_assert(HVPOST_WITH_EVENTS == HVPOST_BIND_EVENTS &&
		      HVPOST_SHARED == HVPOST_BIND_SHARED,
	      "flags of a bind go to the driver as they are");

/* All but @fd belongs to the half that binds and receives. */
struct device {
	int fd;
	struct mapped_rings rings; /* once a SINT is bound */
};

/* The library leaves errno alone, so these put it back. */

static int ioctl_or_error(int fd, unsigned long request, void *argument)
{
	int saved_errno = errno, err = 0;

	if (ioctl(fd, request, argument) < 0)
		err = -errno;
	errno = saved_errno;
	return err;
}

static int open_or_error(const char *path)
{
	int saved_errno = errno;
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		fd = -errno;
	errno = saved_errno;
	return fd;
}

static void close_quietly(int fd)
{
	int saved_errno = errno;

	close(fd);
	errno = saved_errno;
}

/* Any descriptor could have been opened; only ours answers this call. */
static int verify(int fd)
{
	struct hvpost_ioc_info info;
	int err = ioctl_or_error(fd, HVPOST_IOC_INFO, &info);

	/* Some drivers say EINVAL to a call that they do not know. */
	return err == -ENOTTY || err == -EINVAL ? -EPROTO : err;
}

static int device_open(const char *path, void **state)
{
	struct device *device;
	int saved_errno = errno, fd, err;

	if (path && !*path)
		return -EINVAL;
	fd = open_or_error(path ? path : HVPOST_DEVICE_PATH);
	if (fd < 0)
		return fd;
	err = verify(fd);
	if (err)
		goto err_close;

	device = calloc(1, sizeof(*device));
	if (!device) {
		errno = saved_errno;
		err = -ENOMEM;
		goto err_close;
	}
	device->fd = fd;
	*state = device;
	return 0;

err_close:
	close_quietly(fd);
	return err;
}

static void device_close(void *state)
{
	struct device *device = state;

	mapped_rings_unmap(&device->rings);
	close_quietly(device->fd);
	free(device);
}

static enum hvpost_hypercall hypercall_from_device(uint32_t hypercall)
{
	switch (hypercall) {
	case HVPOST_HYPERCALL_KERNEL:
		return HVPOST_CALL_KERNEL;
	case HVPOST_HYPERCALL_PAGE:
		return HVPOST_CALL_PAGE;
	case HVPOST_HYPERCALL_VMCALL:
		return HVPOST_CALL_VMCALL;
	case HVPOST_HYPERCALL_VMMCALL:
		return HVPOST_CALL_VMMCALL;
	}
	return HVPOST_CALL_UNKNOWN;
}

static enum hvpost_synic synic_from_device(uint32_t synic)
{
	switch (synic) {
	case HVPOST_SYNIC_OWNED:
		return HVPOST_SYNIC_OURS;
	case HVPOST_SYNIC_SHARED:
		return HVPOST_SYNIC_THEIRS;
	case HVPOST_SYNIC_MIXED:
		return HVPOST_SYNIC_DIFFERS;
	}
	return HVPOST_SYNIC_UNKNOWN;
}

static int device_get_info(void *state, struct hvpost_info *info)
{
	struct device *device = state;
	struct hvpost_ioc_info raw;
	int err = ioctl_or_error(device->fd, HVPOST_IOC_INFO, &raw);

	if (err)
		return err;
	info->hypercall = hypercall_from_device(raw.hypercall);
	info->synic = synic_from_device(raw.synic);
	info->privileges = (uint64_t)raw.privileges_high << 32 |
			   raw.privileges_low;
	info->guest_os_id = raw.guest_os_id;
	info->vps_online = raw.vps_online;
	info->sints_bound = (uint16_t)raw.sints_bound;
	info->sints_busy = (uint16_t)raw.sints_busy;
	info->vmbus_loaded = raw.vmbus_loaded != 0;
	memcpy(info->version, raw.version, sizeof(info->version) - 1);
	return 0;
}

static struct hvpost_ioc_post raw_post(const struct hvpost_post *post)
{
	return (struct hvpost_ioc_post){
		.flags = post->flags,
		.connection_id = post->connection_id,
		.message_type = post->message_type,
		.payload_size = post->payload_size,
		.payload = (uintptr_t)post->payload,
		.status = HVPOST_STATUS_NONE,
	};
}

static void copy_answer(struct hvpost_answer *answer,
			const struct hvpost_ioc_post *raw)
{
	answer->status = raw->status;
	answer->attempts = raw->attempts;
}

static int device_post(void *state, const struct hvpost_post *post,
		       uint64_t deadline_ns, struct hvpost_answer *answer)
{
	struct device *device = state;
	struct hvpost_ioc_post raw = raw_post(post);
	int err;

	raw.deadline_ns = deadline_ns;
	err = ioctl_or_error(device->fd, HVPOST_IOC_POST, &raw);
	copy_answer(answer, &raw);
	return err;
}

/* Of the one that ended it; a signal does so before the next one was tried. */
static void copy_last_answer(struct hvpost_answer *answer,
			     const struct hvpost_ioc_post *raw,
			     const struct hvpost_ioc_post_many *many)
{
	if (many->done < many->count && raw[many->done].attempts != NOT_TRIED)
		copy_answer(answer, &raw[many->done]);
	else if (many->done)
		copy_answer(answer, &raw[many->done - 1]);
}

/* By one call of the driver. Return how many were posted. */
static int post_some(int fd, const struct hvpost_post *posts,
		     unsigned int count, uint64_t deadline_ns,
		     struct hvpost_answer *answer)
{
	struct hvpost_ioc_post raw[POSTS_AT_ONCE];
	struct hvpost_ioc_post_many many = {
		.count = count,
		.posts = (uintptr_t)raw,
		.deadline_ns = deadline_ns,
	};
	int err;

	for (unsigned int i = 0; i < count; i++) {
		raw[i] = raw_post(&posts[i]);
		raw[i].attempts = NOT_TRIED;
	}
	err = ioctl_or_error(fd, HVPOST_IOC_POST_MANY, &many);
	copy_last_answer(answer, raw, &many);
	return err ? err : (int)many.done;
}

static int device_post_many(void *state, const struct hvpost_post *posts,
			    unsigned int count, uint64_t deadline_ns,
			    struct hvpost_answer *answer)
{
	const struct device *device = state;
	unsigned int posted = 0, some;
	int done;

	do {
		some = count - posted < POSTS_AT_ONCE ? count - posted :
							POSTS_AT_ONCE;
		done = post_some(device->fd, posts + posted, some, deadline_ns,
				 answer);
		if (done < 0)
			return posted ? (int)posted : done;
		posted += (unsigned int)done;
	} while ((unsigned int)done == some && posted < count);
	return (int)posted;
}

static int device_signal(void *state, uint32_t connection_id,
			 uint16_t flag_number, struct hvpost_answer *answer)
{
	struct device *device = state;
	struct hvpost_ioc_signal raw = {
		.connection_id = connection_id,
		.flag_number = flag_number,
		.status = HVPOST_STATUS_NONE,
	};
	int err = ioctl_or_error(device->fd, HVPOST_IOC_SIGNAL, &raw);

	answer->status = raw.status;
	return err;
}

static int device_set_filter(void *state, const struct hvpost_ioc_filter *filter)
{
	struct device *device = state;
	struct hvpost_ioc_filter raw = *filter;

	return ioctl_or_error(device->fd, HVPOST_IOC_FILTER, &raw);
}

static int device_bind(void *state, const struct hvpost_bind *wish)
{
	struct device *device = state;
	struct hvpost_ioc_bind raw = {
		.flags = wish->flags & ~HVPOST_BULK,
		.sint = wish->sint,
		.ring_records = wish->ring_records,
	};
	struct hvpost_ioc_rings layout;
	int err = ioctl_or_error(device->fd, HVPOST_IOC_BIND, &raw);

	/* Should these fail, the SINT stays ours until the handle is closed. */
	if (!err)
		err = ioctl_or_error(device->fd, HVPOST_IOC_RINGS, &layout);
	if (!err)
		err = mapped_rings_map(&device->rings, &layout, device->fd);
	return err;
}

static int wait_for_record(struct device *device, uint64_t deadline_ns,
			   const struct hvpost_record **record)
{
	short events;
	int err;

	/*
	 * Drivers of before told of a record some instructions before it could be
	 * seen: that alone is no end.
	 */
	do {
		err = hvpost_wait_events(device->fd, deadline_ns, &events);
		if (err)
			return err;
		*record = mapped_rings_peek(&device->rings);
		if (*record)
			return 0;
	} while (!(events & (POLLHUP | POLLERR | POLLNVAL)) &&
		 hvpost_deadline_clock() < deadline_ns);
	if (events & (POLLHUP | POLLERR | POLLNVAL))
		return -ENODEV;
	return deadline_ns == HVPOST_NOW ? -EAGAIN : -ETIMEDOUT;
}

static int device_receive(void *state, struct hvpost_message *message,
			  uint64_t deadline_ns)
{
	struct device *device = state;
	const struct hvpost_record *record;
	int err = 0;

	if (!device->rings.words)
		return -ENOTCONN;
	record = mapped_rings_peek(&device->rings);
	if (!record)
		err = wait_for_record(device, deadline_ns, &record);
	if (err)
		return err;

	if (record->payload_size > sizeof(record->payload))
		err = -EPROTO;
	else
		hvpost_message_from_record(message, record);
	if (mapped_rings_release(&device->rings))
		ioctl_or_error(device->fd, HVPOST_IOC_RESUME, NULL);
	return err;
}

static int device_get_fd(const void *state)
{
	const struct device *device = state;

	return device->fd;
}

static int device_get_counters(void *state, struct hvpost_counters *counters)
{
	struct device *device = state;
	struct hvpost_ioc_counters raw;
	int err = ioctl_or_error(device->fd, HVPOST_IOC_COUNTERS, &raw);

	if (err)
		return err;
	counters->messages = raw.messages;
	counters->interrupts = raw.interrupts;
	counters->empty = raw.empty;
	counters->eoms = raw.eoms;
	counters->stalls = raw.stalls;
	counters->oversize = raw.oversize;
	counters->events = raw.events;
	counters->dropped = raw.dropped;
	counters->filtered = raw.filtered;
	counters->losses = raw.losses;
	return 0;
}

const struct hvpost_target hvpost_target_device = {
	.name = "device",
	.open = device_open,
	.close = device_close,
	.get_info = device_get_info,
	.post = device_post,
	.post_many = device_post_many,
	.signal = device_signal,
	.set_filter = device_set_filter,
	.bind = device_bind,
	.receive = device_receive,
	.get_fd = device_get_fd,
	.get_counters = device_get_counters,
};
