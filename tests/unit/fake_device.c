// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* ppoll, memfd_create */
#include "fake_device.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <hvpost/hvpost.h>
#include <hvpost/hyperv_status.h>

#include "driver/layout.h"

#define NS_PER_S 1000000000ull

struct fake_device fake;

/* Guards the FIFO's byte: it is there while a ring holds a record. */
static pthread_mutex_t byte_lock = PTHREAD_MUTEX_INITIALIZER;

static const char *path(void)
{
	return fake.target + strlen("device:");
}

static void make_rings(void)
{
	char *memory;

	hvp_layout_make(&fake.layout, FAKE_RINGS, FAKE_RECORDS);
	fake.memory = memfd_create("rings", MFD_CLOEXEC);
	ck_assert_int_ge(fake.memory, 0);
	ck_assert_int_eq(ftruncate(fake.memory,
				   (off_t)(fake.layout.records_offset +
					   fake.layout.records_size)), 0);
	memory = mmap(NULL,
		      fake.layout.records_offset + fake.layout.records_size,
		      PROT_READ | PROT_WRITE, MAP_SHARED, fake.memory, 0);
	ck_assert_ptr_ne(memory, MAP_FAILED);
	fake.words = (void *)memory;
	fake.records = (void *)(memory + fake.layout.records_offset);
}

static void free_rings(void)
{
	munmap(fake.words,
	       fake.layout.records_offset + fake.layout.records_size);
	close(fake.memory);
}

void fake_device_create(void)
{
	memset(&fake, 0, sizeof(fake));
	snprintf(fake.folder, sizeof(fake.folder), "/tmp/hvpost-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(fake.folder));
	snprintf(fake.target, sizeof(fake.target), "device:%s/fifo",
		 fake.folder);
	ck_assert_int_eq(mkfifo(path(), 0600), 0);
	fake.writer = open(path(), O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(fake.writer, 0);
	make_rings();

	fake.attempts = 1;
	fake.info = (struct hvpost_ioc_info){
		.hypercall = HVPOST_HYPERCALL_KERNEL,
		.synic = HVPOST_SYNIC_OWNED,
		.vps_online = 2,
		.version = "9.8.7",
	};
}

void fake_device_remove(void)
{
	free_rings();
	close(fake.writer);
	unlink(path());
	rmdir(fake.folder);
	/* What comes after it in the same process has no device. */
	memset(&fake, 0, sizeof(fake));
}

static bool rings_are_empty(void)
{
	for (unsigned int i = 0; i < FAKE_RINGS; i++)
		if (fake.words[i].head != __atomic_load_n(&fake.words[i].tail,
							  __ATOMIC_ACQUIRE))
			return false;
	return true;
}

/* Make the FIFO readable exactly if there is something in the rings. */
static void set_byte(void)
{
	struct pollfd readable = { .fd = fake.writer, .events = POLLIN };
	const struct timespec now = { 0 };
	char byte = 0;
	bool there;

	there = syscall(SYS_ppoll, &readable, 1, &now, NULL, 0) == 1;
	if (rings_are_empty() && there)
		ck_assert_int_eq(read(fake.writer, &byte, 1), 1);
	else if (!rings_are_empty() && !there)
		ck_assert_int_eq(write(fake.writer, &byte, 1), 1);
}

void fake_device_deliver(const struct hvpost_record *record)
{
	uint32_t ring = record->vp_index % FAKE_RINGS;
	struct hvpost_ring_words *words = &fake.words[ring];
	struct hvpost_record *place;

	pthread_mutex_lock(&byte_lock);
	ck_assert_uint_lt(words->head -
			  __atomic_load_n(&words->tail, __ATOMIC_ACQUIRE),
			  FAKE_RECORDS);
	place = (void *)((char *)fake.records + ring * fake.layout.ring_stride);
	place += words->head % FAKE_RECORDS;
	*place = *record;
	place->sequence = ++fake.sequence;
	__atomic_store_n(&words->head, words->head + 1, __ATOMIC_RELEASE);
	set_byte();
	pthread_mutex_unlock(&byte_lock);
}

void fake_device_deliver_text(__u32 type, const char *text)
{
	struct hvpost_record record = {
		.message_type = type,
		.payload_size = (__u8)strlen(text),
		.sint = 6,
	};

	memcpy(record.payload, text, strlen(text));
	fake_device_deliver(&record);
}

static void echo(void)
{
	struct hvpost_record record = {
		.message_type = fake.post.message_type,
		.payload_size = (__u8)fake.post.payload_size,
		.sint = (__u8)fake.bind.sint,
		.vp_index = fake.posts & 1,
	};

	memcpy(record.payload, fake.payload, fake.post.payload_size);
	if (fake.damage)
		record.payload[fake.post.payload_size - 1] ^= 1;
	fake_device_deliver(&record);
}

static __u64 clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * NS_PER_S + (__u64)now.tv_nsec;
}

/* Wait as the driver does, but in no time. Return a positive errno value. */
static int wait_in_post(const struct hvpost_ioc_post *post)
{
	__u64 now_ns = clock_ns(), left_ns = 0;

	if (post->deadline_ns > now_ns)
		left_ns = post->deadline_ns - now_ns;
	if (left_ns > fake.longest_wait_ns)
		fake.longest_wait_ns = left_ns;
	if (fake.posts == fake.stop_at)
		raise(SIGINT);
	if (fake.posts == fake.interrupt_at)
		return EINTR;
	if (fake.posts > fake.busy)
		return fake.post_errno;
	if (!fake.hasty)
		fake.waited_ns += left_ns;
	return ETIMEDOUT;
}

/* As the driver does: unchecked posts have 240 bytes, whatever they claim. */
static void copy_payload(const struct hvpost_ioc_post *post)
{
	size_t size = post->payload_size;

	if (post->flags & HVPOST_POST_UNCHECKED && size > 240)
		size = 240;
	if (size && size < sizeof(fake.payload))
		memcpy(fake.payload, (const void *)(uintptr_t)post->payload,
		       size);
}

static int do_post(struct hvpost_ioc_post *post)
{
	int error;

	fake.post = *post;
	copy_payload(post);
	fake.posts++;
	if (post->payload_size > 240 && !(post->flags & HVPOST_POST_UNCHECKED))
		return EMSGSIZE;
	if (!fake.attempts)
		return fake.post_errno;
	if (fake.post_status) {
		post->status = fake.post_status(post);
		post->attempts = 1;
		return -hvpost_status_errno(post->status);
	}
	error = wait_in_post(post);
	post->status = error && !fake.status ? HV_STATUS_INSUFFICIENT_BUFFERS :
					       fake.status;
	post->attempts = fake.attempts;
	if (!error && fake.echo && fake.posts > fake.swallow)
		echo();
	return error;
}

/* At @interrupt_at the signal comes before the next one rather than in it. */
static int do_post_many(struct hvpost_ioc_post_many *many)
{
	struct hvpost_ioc_post *posts = (void *)(uintptr_t)many->posts;
	int error = 0;

	fake.post_many = *many;
	fake.calls_for_many++;
	if (fake.many_errno)
		return fake.many_errno;
	if (many->flags || many->reserved32 || many->reserved ||
	    !many->count || many->count > HVPOST_POSTS_MAX)
		return EINVAL;
	while (!error && many->done < many->count) {
		struct hvpost_ioc_post *post = &posts[many->done];

		if (many->done && fake.posts + 1 == fake.interrupt_at)
			break;
		if (post->deadline_ns)
			return EINVAL;
		post->deadline_ns = many->deadline_ns;
		post->status = HVPOST_STATUS_NONE;
		post->attempts = 0;
		error = do_post(post);
		many->done += !error;
	}
	return many->done ? 0 : error;
}

static int do_signal(struct hvpost_ioc_signal *signal)
{
	fake.signal = *signal;
	if (fake.signal_status) {
		signal->status = fake.signal_status(signal);
		return -hvpost_status_errno(signal->status);
	}
	if (fake.attempts)
		signal->status = fake.status;
	return fake.signal_errno;
}

static int answer(unsigned long request, void *argument)
{
	switch (request) {
	case HVPOST_IOC_INFO:
		memcpy(argument, &fake.info, sizeof(fake.info));
		return fake.info_errno;
	case HVPOST_IOC_POST:
		return do_post(argument);
	case HVPOST_IOC_POST_MANY:
		return do_post_many(argument);
	case HVPOST_IOC_SIGNAL:
		return do_signal(argument);
	case HVPOST_IOC_BIND:
		memcpy(&fake.bind, argument, sizeof(fake.bind));
		return fake.bind_errno;
	case HVPOST_IOC_COUNTERS:
		memcpy(argument, &fake.counters, sizeof(fake.counters));
		return fake.bind.sint ? 0 : ENOTCONN;
	case HVPOST_IOC_RINGS:
		memcpy(argument, &fake.layout, sizeof(fake.layout));
		return fake.bind.sint ? 0 : ENOTCONN;
	case HVPOST_IOC_FILTER:
		memcpy(&fake.filter, argument, sizeof(fake.filter));
		return 0;
	case HVPOST_IOC_RESUME:
		fake.resumes++;
		return 0;
	}
	return ENOTTY;
}

static bool is_fake(int fd)
{
	struct stat one, other;

	return fake.writer && !fstat(fd, &one) && !fstat(fake.writer, &other) &&
	       one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

/* These take the place of the C library's. */

static void look_at_rings(void)
{
	if (!fake.writer)
		return;
	pthread_mutex_lock(&byte_lock);
	set_byte();
	pthread_mutex_unlock(&byte_lock);
}

void *mmap(void *address, size_t length, int protection, int flags, int fd,
	   off_t offset)
{
	if (is_fake(fd)) {
		fd = fake.memory;
		if (fake.map_errno) {
			errno = fake.map_errno;
			return MAP_FAILED;
		}
	}
	return (void *)syscall(SYS_mmap, address, length, protection, flags, fd,
			       offset);
}

/* Return whether it is told what is not in the rings. */
static bool tell_otherwise(struct pollfd *fd)
{
	if (!fake.writer || !is_fake(fd->fd) || !(fake.early || fake.revoked))
		return false;
	fd->revents = fake.early ? POLLIN : POLLHUP;
	if (fake.early)
		fake.late = true;
	fake.early = false;
	return true;
}

int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	look_at_rings();
	return (int)syscall(SYS_poll, fds, count, timeout_ms);
}

int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
	  const sigset_t *mask)
{
	struct timespec left = { 0 };

	if (timeout)
		left = *timeout;
	if (fake.endless || fake.late)
		fake_device_deliver_text(1, "more");
	fake.late = false;
	if (count == 1 && tell_otherwise(fds))
		return 1;
	look_at_rings();
	return (int)syscall(SYS_ppoll, fds, count, timeout ? &left : NULL, mask,
			    (size_t)NSIG / 8);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = (int)syscall(SYS_clock_gettime, clock, now);

	if (!result && clock == CLOCK_MONOTONIC) {
		__u64 ns = (__u64)now->tv_nsec + fake.waited_ns;

		now->tv_sec += (time_t)(ns / NS_PER_S);
		now->tv_nsec = (long)(ns % NS_PER_S);
	}
	return result;
}

int ioctl(int fd, unsigned long request, ...)
{
	va_list arguments;
	void *argument;
	int error;

	va_start(arguments, request);
	argument = va_arg(arguments, void *);
	va_end(arguments);
	if (!is_fake(fd))
		return (int)syscall(SYS_ioctl, fd, request, argument);

	error = answer(request, argument);
	if (!error)
		return 0;
	errno = error;
	return -1;
}
