// SPDX-License-Identifier: MIT
/*
 * Threads that do random things to /dev/hvpost, on files and mappings that they
 * share:
 *
 *	device_fuzz SECONDS BLOCKS [SEED]
 *
 * One of the threads has no rights, so that quotas count for it. BLOCKS is what
 * scripts/driver-blocks printed of the driver.
 *
 * What a thread does comes in short programs of calls. On a kernel with KCOV a
 * program that reached new code of the driver is kept, and others are made
 * from it. Arguments lie in an arena whose pages come and go under the calls;
 * signals interrupt them; files change hands; now and then an allocation fails.
 * Connections 0x16, 0x17, 0x26 and 0x27 echo to SINTs 6 and 7 of VPs 0 and 1; what is
 * signalled to 0x30 to 0x33 sets flags there.
 *
 * The kernel's own detectors judge what happens; this looks only at what is
 * received. The seed decides what is tried, not in which order threads do it.
 */
#define _GNU_SOURCE
#include "cover.h"
#include "record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define THREADS		4u
#define FILES		6u
#define MAPPINGS	4u
#define CALLS_MAX	12u
#define KEPT_MAX	256u
#define PAGE		4096u
#define ARENA_PAGES	16u
#define ARENA_SIZE	(ARENA_PAGES * PAGE)

struct call {
	uint64_t seed;
};

struct program {
	uint32_t length;
	struct call call[CALLS_MAX];
};

struct worker {
	pthread_t thread;
	uint64_t random;
	uint64_t *cover;		/* or NULL */
	int fail_nth;			/* or -1 */
	uint64_t programs, calls;
};

static struct worker workers[THREADS];
static sigset_t interrupts;
static _Atomic int files[FILES];
static int noise;			/* to be read */
static _Atomic bool done;

/* Of rings, and kept, in their places: whoever takes one out may unmap it. */
static struct mapping {
	uint8_t *at;
	size_t size;			/* 0: none */
	bool is_other;			/* a page, perhaps all of it, is no ring's */
} mappings[MAPPINGS];
static pthread_mutex_t mappings_lock = PTHREAD_MUTEX_INITIALIZER;

/* Mapped twice: as calls see it, and as we always can write it. */
static uint8_t *arena, *arena_back;

/* Programs that reached something new; under the lock. */
static pthread_mutex_t kept_lock = PTHREAD_MUTEX_INITIALIZER;
static struct program kept[KEPT_MAX];
static uint32_t kept_count;
static uint64_t kept_total;

static _Atomic uint64_t received;

/* Chance (splitmix64) */

static uint64_t next(uint64_t *random)
{
	uint64_t z = *random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static uint32_t below(uint64_t *random, uint32_t bound)
{
	return (uint32_t)(next(random) >> 32) % bound;
}

static bool one_in(uint64_t *random, uint32_t odds)
{
	return !below(random, odds);
}

/* A number near what code compares with. */
static uint64_t odd_number(uint64_t *random)
{
	static const uint64_t odd[] = {
		0, 1, 2, 15, 16, 64, 239, 240, 241, 279, 280, 281, 1024, 2047, 2048,
		4095, 4096, 4097, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000,
		0xffffffff, 0x7fffffffffffffff, ~0ull,
	};

	return one_in(random, 4) ? next(random) :
	       odd[below(random, sizeof(odd) / sizeof(odd[0]))];
}

/* Arguments */

/* Put @size bytes where a call may or may not find them; return where. */
static void *argument(uint64_t *random, const void *from, size_t size)
{
	/* Often at the end of a page, so that the next may be missing. */
	size_t at = one_in(random, 2) ? below(random, ARENA_SIZE - 1024) :
		    (1 + below(random, ARENA_PAGES - 2)) * PAGE - size / 2;

	if (one_in(random, 40))
		return (void *)odd_number(random);
	at &= one_in(random, 16) ? ~0ul : ~7ul;
	if (size)
		memcpy(arena_back + at, from, size);
	return arena + at;
}

static int some_file(uint64_t *random)
{
	return atomic_load(&files[below(random, FILES)]);
}

static void mutate(uint64_t *random, void *at, size_t size)
{
	uint8_t *bytes = at;
	uint64_t number = odd_number(random);
	uint32_t width = 1u << below(random, 4);

	if (one_in(random, 4) && size >= width)
		memcpy(bytes + below(random, (uint32_t)(size / width)) * width,
		       &number, width);
}

/* Calls */

static void replace_file(uint64_t *random, int fd)
{
	int before;

	before = atomic_exchange(&files[below(random, FILES)], fd);
	if (before >= 0)
		close(before);
}

static void call_open(uint64_t *random)
{
	static const int flags[] = {
		O_RDWR, O_RDWR | O_NONBLOCK, O_RDONLY, O_WRONLY | O_NONBLOCK,
	};
	int fd = open(HVPOST_DEVICE_PATH, O_CLOEXEC | flags[below(random, 4)]);

	if (fd >= 0)
		replace_file(random, fd);
}

static void call_close(uint64_t *random)
{
	if (one_in(random, 4))
		replace_file(random, -1);
}

static void call_dup(uint64_t *random)
{
	int fd = one_in(random, 4) ? dup(some_file(random)) : -1;

	if (fd >= 0)
		replace_file(random, fd);
}

static void call_bind(uint64_t *random)
{
	struct hvpost_ioc_bind bind = {
		.flags = below(random, 4),
		.sint = one_in(random, 4) ? below(random, 20) :
			6 + below(random, 2),
		.ring_records = one_in(random, 4) ? (uint32_t)odd_number(random) :
				1u << below(random, 6),
	};

	mutate(random, &bind, sizeof(bind));
	ioctl(some_file(random), HVPOST_IOC_BIND,
	      argument(random, &bind, sizeof(bind)));
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct hvpost_ioc_post some_post(uint64_t *random)
{
	struct hvpost_ioc_post post = {
		.flags = one_in(random, 4) ? below(random, 4) : 0,
		.connection_id = 16 * (1 + below(random, 2)) + 6 + below(random, 2),
		.message_type = 1 + below(random, 9),
		.payload_size = one_in(random, 8) ? (uint32_t)odd_number(random) :
				below(random, 241),
		.deadline_ns = one_in(random, 32) ? HVPOST_DEADLINE_NEVER :
			       one_in(random, 2) ? HVPOST_DEADLINE_NONE :
			       now_ns() + below(random, 2000000),
	};

	post.payload = (uintptr_t)argument(random, arena_back, 240);
	mutate(random, &post, sizeof(post));
	return post;
}

static void call_post(uint64_t *random)
{
	struct hvpost_ioc_post post = some_post(random);

	ioctl(some_file(random), HVPOST_IOC_POST,
	      argument(random, &post, sizeof(post)));
}

static void call_post_many(uint64_t *random)
{
	struct hvpost_ioc_post posts[8];
	struct hvpost_ioc_post_many many = {
		.count = one_in(random, 4) ? (uint32_t)odd_number(random) :
			 1 + below(random, 8),
		.deadline_ns = one_in(random, 2) ? HVPOST_DEADLINE_NONE :
			       now_ns() + below(random, 2000000),
	};

	for (size_t i = 0; i < 8; i++) {
		posts[i] = some_post(random);
		if (!one_in(random, 8))
			posts[i].deadline_ns = 0;
	}
	many.posts = (uintptr_t)argument(random, posts, sizeof(posts));
	mutate(random, &many, sizeof(many));
	ioctl(some_file(random), HVPOST_IOC_POST_MANY,
	      argument(random, &many, sizeof(many)));
}

static void call_signal(uint64_t *random)
{
	struct hvpost_ioc_signal event = {
		.connection_id = 0x30 + below(random, 5),
		.flag_number = one_in(random, 4) ? (uint16_t)next(random) : 0,
	};

	mutate(random, &event, sizeof(event));
	ioctl(some_file(random), HVPOST_IOC_SIGNAL,
	      argument(random, &event, sizeof(event)));
}

static void call_question(uint64_t *random)
{
	static const uint8_t nothing[256];

	ioctl(some_file(random), one_in(random, 2) ? HVPOST_IOC_COUNTERS :
	      HVPOST_IOC_INFO, argument(random, nothing, sizeof(nothing)));
}

static void call_filter(uint64_t *random)
{
	struct hvpost_ioc_filter filter = { .rule_count = below(random, 4) };

	for (uint32_t i = 0; i < filter.rule_count; i++)
		filter.rules[i] = (struct hvpost_filter_rule){
			.type_min = below(random, 6),
			.type_max = 3 + below(random, 9),
		};
	mutate(random, &filter, sizeof(filter));
	ioctl(some_file(random), HVPOST_IOC_FILTER,
	      argument(random, &filter, sizeof(filter)));
}

/* Commands there are, with nonsense, and commands there are not */
static void call_any_ioctl(uint64_t *random)
{
	static const unsigned long commands[] = {
		HVPOST_IOC_INFO, HVPOST_IOC_POST, HVPOST_IOC_SIGNAL,
		HVPOST_IOC_BIND, HVPOST_IOC_COUNTERS, HVPOST_IOC_POST_MANY,
		HVPOST_IOC_RINGS, HVPOST_IOC_RESUME, HVPOST_IOC_FILTER,
	};
	unsigned long command = commands[below(random, sizeof(commands) /
					       sizeof(commands[0]))];
	uint64_t words[32];

	for (size_t i = 0; i < 32; i++)
		words[i] = one_in(random, 3) ? odd_number(random) :
			   (uintptr_t)argument(random, NULL, 0);
	if (one_in(random, 3))
		command = _IOC(below(random, 4), HVPOST_IOC_MAGIC,
			       below(random, 32), below(random, 320));
	ioctl(some_file(random), command, argument(random, words, sizeof(words)));
}

/* What an administrator may set meanwhile: for a thread without rights it counts. */
static void call_setting(uint64_t *random)
{
	static const struct {
		const char *name, *value;
	} settings[] = {
		{ "allow", "" },
		{ "allow", "0:0x10-0x40" },
		{ "allow", "0:0x16,5:0x17-0x30,0:0x26-0x27" },
		{ "allow", "0:9-3" },
		{ "posts_per_second", "0" },
		{ "posts_per_second", "100" },
		{ "posts_per_second", "1000001" },
		{ "ring_bytes_max", "0" },
		{ "ring_bytes_max", "20000" },
	};
	uint32_t which = below(random, sizeof(settings) / sizeof(settings[0]));
	char path[64], text[4096];
	int fd;

	snprintf(path, sizeof(path), "/sys/module/hvpost/parameters/%s",
		 settings[which].name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!write(fd, settings[which].value, strlen(settings[which].value));
	(void)!pread(fd, text, sizeof(text), 0);
	close(fd);
}

/* The statistics, and all else that sysfs has of the device */
static void call_attribute(uint64_t *random)
{
	DIR *dir = opendir("/sys/class/misc/hvpost");
	struct dirent *entry;
	char text[4096];

	while (dir && (entry = readdir(dir))) {
		int fd = entry->d_type == DT_REG && one_in(random, 2) ?
			 openat(dirfd(dir), entry->d_name, O_RDONLY | O_CLOEXEC) :
			 -1;

		if (fd < 0)
			continue;
		(void)!read(fd, text, sizeof(text));
		close(fd);
	}
	if (dir)
		closedir(dir);
}

/* The files are others' too, and bound anew: of sequences only this is sure. */
static void check_order(const struct hvpost_record *before,
			const struct hvpost_record *record)
{
	if (before->vp_index == record->vp_index &&
	    before->sequence >= record->sequence)
		errx(1, "sequence %llu after %llu",
		     (unsigned long long)record->sequence,
		     (unsigned long long)before->sequence);
}

static void read_records(int fd, size_t count)
{
	struct hvpost_record records[8];
	struct pollfd one = { .fd = fd, .events = POLLIN };
	ssize_t size;

	/* A read that finds nothing may wait for a signal. */
	if (poll(&one, 1, 1) != 1)
		return;
	size = read(fd, records, count * sizeof(records[0]));
	if (size <= 0 || size % (ssize_t)sizeof(records[0]))
		return;
	for (size_t i = 0; i < (size_t)size / sizeof(records[0]); i++) {
		check_record(&records[i]);
		if (i)
			check_order(&records[i - 1], &records[i]);
	}
	atomic_fetch_add(&received, (uint64_t)size / sizeof(records[0]));
}

static void call_read(uint64_t *random)
{
	if (one_in(random, 3))
		(void)!read(some_file(random), argument(random, NULL, 0),
			    below(random, 6000));
	else
		read_records(some_file(random), 1 + below(random, 8));
}

static void call_poll(uint64_t *random)
{
	struct pollfd two[2] = {
		{ .fd = some_file(random), .events = (short)next(random) },
		{ .fd = some_file(random), .events = POLLIN },
	};

	poll(two, 2, (int)below(random, 3));
}

static void call_epoll(uint64_t *random)
{
	struct epoll_event event = { .events = (uint32_t)next(random) };
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return;
	epoll_ctl(fd, EPOLL_CTL_ADD, some_file(random), &event);
	epoll_ctl(fd, EPOLL_CTL_ADD, some_file(random), &event);
	epoll_wait(fd, &event, 1, (int)below(random, 3));
	close(fd);
}

/* Written to by the kernel: where nothing can be written, no signal comes. */
static void call_mmap(uint64_t *random)
{
	size_t size = PAGE * (1 + below(random, 40));
	off_t offset = (off_t)(one_in(random, 4) ? odd_number(random) & ~0xfffull :
			       PAGE * below(random, 4));
	int protection = (int)below(random, 4);
	uint8_t *at;

	at = mmap(NULL, size, protection, one_in(random, 4) ? MAP_PRIVATE :
		  MAP_SHARED, some_file(random), offset);
	if (at == MAP_FAILED)
		return;
	(void)!read(noise, at, size);
	if (one_in(random, 2))
		replace_file(random, -1);
	/* A page goes; its place is held, for other threads map too. */
	if (one_in(random, 2))
		mmap(at + PAGE * below(random, (uint32_t)(size / PAGE)), PAGE,
		     PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	(void)!read(noise, at, size);
	munmap(at, size);
}

/* Take what is there from mapped rings, or pretend to. */
static void take(uint64_t *random, const struct hvpost_ioc_rings *rings,
		 struct hvpost_ring_words *words, const uint8_t *records)
{
	for (uint32_t i = 0; i < rings->ring_count; i++) {
		uint32_t head = __atomic_load_n(&words[i].head, __ATOMIC_ACQUIRE);
		uint32_t tail = __atomic_load_n(&words[i].tail, __ATOMIC_RELAXED);
		const struct hvpost_record *ring = (const void *)
			(records + i * rings->ring_stride);

		/* Others take from it too: only that it can be read is sure. */
		for (; tail != head && head - tail <= rings->ring_records; tail++) {
			(void)*(const volatile uint64_t *)
				&ring[tail & (rings->ring_records - 1)];
			atomic_fetch_add(&received, 1);
		}
		if (one_in(random, 8))
			tail = (uint32_t)odd_number(random);
		if (one_in(random, 16))
			words[i].head = (uint32_t)next(random);
		__atomic_store_n(&words[i].tail, tail, __ATOMIC_RELEASE);
	}
}

static void call_map(uint64_t *random)
{
	struct hvpost_ioc_rings rings;
	void *words, *records;
	int fd = some_file(random);

	if (ioctl(fd, HVPOST_IOC_RINGS, &rings))
		return;
	words = mmap(NULL, rings.words_size, PROT_READ | PROT_WRITE, MAP_SHARED,
		     fd, (off_t)rings.words_offset);
	records = mmap(NULL, rings.records_size, PROT_READ, MAP_SHARED, fd,
		       (off_t)rings.records_offset);
	if (words != MAP_FAILED && records != MAP_FAILED) {
		take(random, &rings, words, records);
		if (one_in(random, 4))
			replace_file(random, -1);
		ioctl(fd, HVPOST_IOC_RESUME);
		take(random, &rings, words, records);
	}
	if (words != MAP_FAILED)
		munmap(words, rings.words_size);
	if (records != MAP_FAILED)
		munmap(records, rings.records_size);
}

/* Put @with in some mapping's place, and return what was there. */
static struct mapping exchange_mapping(uint64_t *random, struct mapping with)
{
	struct mapping *place = &mappings[below(random, MAPPINGS)];
	struct mapping before;

	pthread_mutex_lock(&mappings_lock);
	before = *place;
	*place = with;
	pthread_mutex_unlock(&mappings_lock);
	return before;
}

static void unmap(struct mapping mapping)
{
	if (mapping.size)
		munmap(mapping.at, mapping.size);
}

/* Words or records, to stay while files are bound anew and closed. */
static void call_map_to_keep(uint64_t *random)
{
	struct hvpost_ioc_rings rings;
	struct mapping mapping = { 0 };
	int fd = some_file(random);
	bool words = one_in(random, 2);

	if (ioctl(fd, HVPOST_IOC_RINGS, &rings))
		return;
	mapping.size = words ? rings.words_size : rings.records_size;
	mapping.at = mmap(NULL, mapping.size,
			  words ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED,
			  fd, (off_t)(words ? rings.words_offset :
				      rings.records_offset));
	if (mapping.at != MAP_FAILED)
		unmap(exchange_mapping(random, mapping));
}

/* Move it, or ask for more of it, which it never gets. */
static struct mapping moved(uint64_t *random, struct mapping mapping)
{
	bool more = !mapping.is_other && one_in(random, 2);
	size_t size = mapping.size + (more ? PAGE : 0);
	void *at = mremap(mapping.at, mapping.size, size, MREMAP_MAYMOVE);

	if (at == MAP_FAILED)
		return mapping;
	if (more)
		errx(1, "a mapping of rings grew");
	mapping.at = at;
	return mapping;
}

/* Something happens to a kept mapping, in whole or in part. */
static void call_change_mapping(uint64_t *random)
{
	struct mapping mapping = exchange_mapping(random, (struct mapping){ 0 });
	uint32_t pages = (uint32_t)(mapping.size / PAGE);
	uint8_t *page = mapping.at + PAGE * (pages ? below(random, pages) : 0);

	if (!mapping.size)
		return;
	switch (below(random, 6)) {
	case 0:
		/* Its place is held, for other threads map too. */
		mmap(page, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		     MAP_FIXED, -1, 0);
		mapping.is_other = true;
		break;
	case 1:
		mprotect(page, PAGE, (int)below(random, 4));
		break;
	case 2:
		madvise(page, PAGE, MADV_DONTNEED);
		break;
	case 3:
		mapping = moved(random, mapping);
		break;
	case 4:
		unmap(mapping);
		return;
	default:
		(void)!read(noise, page, PAGE);
		break;
	}
	unmap(exchange_mapping(random, mapping));
}

/* The child has the files too, and goes, perhaps as the last who has them. */
static void call_fork(uint64_t *random)
{
	int fd = some_file(random);
	pid_t child;

	if (!one_in(random, 8))
		return;
	child = fork();
	if (!child) {
		struct hvpost_record record;

		fcntl(fd, F_SETFL, O_NONBLOCK);
		(void)!read(fd, &record, sizeof(record));
		_exit(0);
	}
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}

static void call_fcntl(uint64_t *random)
{
	fcntl(some_file(random), F_SETFL,
	      one_in(random, 2) ? O_NONBLOCK : O_ASYNC & (int)next(random));
}

static void call_move(uint64_t *random)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(below(random, 2), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

/* A page of the arena goes, comes back, or is one that is yet to be filled. */
static void call_flip(uint64_t *random)
{
	static const int protections[] = {
		PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE,
	};
	uint8_t *page = arena + PAGE * below(random, ARENA_PAGES);

	if (one_in(random, 4))
		madvise(page, PAGE, MADV_DONTNEED);
	else
		mprotect(page, PAGE, protections[below(random, 4)]);
}

static void carry_out(struct worker *worker, const struct call *call)
{
	/* First those that wait until a signal comes, or that the kernel does
	 * not let fail without a word: their allocations stay as they are.
	 */
	static void (*const calls[])(uint64_t *random) = {
		call_post, call_post_many, call_read, call_read, call_read,
		call_any_ioctl, call_fork, call_setting, call_attribute, call_open, call_close, call_dup, call_bind,
		call_bind, call_filter, call_signal, call_question, call_poll,
		call_epoll, call_mmap, call_map, call_map, call_map_to_keep,
		call_change_mapping,
		call_fcntl, call_move, call_flip,
	};
	const uint32_t never_fail = 9;
	uint64_t random = call->seed;
	uint32_t which = below(&random, sizeof(calls) / sizeof(calls[0]));
	char nth[8];
	int length = snprintf(nth, sizeof(nth), "%u", 1 + below(&random, 12));
	bool fail = worker->fail_nth >= 0 && which >= never_fail &&
		    one_in(&random, 4);

	/* A signal whose frame cannot be written is the end of a process. */
	if (fail) {
		pthread_sigmask(SIG_BLOCK, &interrupts, NULL);
		(void)!pwrite(worker->fail_nth, nth, (size_t)length, 0);
	}
	calls[which](&random);
	if (fail) {
		(void)!pwrite(worker->fail_nth, "0", 1, 0);
		pthread_sigmask(SIG_UNBLOCK, &interrupts, NULL);
	}
	worker->calls++;
}

/* Programs */

static void choose(struct worker *worker, struct program *program)
{
	uint64_t *random = &worker->random;
	uint32_t at;

	program->length = 0;
	pthread_mutex_lock(&kept_lock);
	if (kept_count && !one_in(random, 3))
		*program = kept[below(random, kept_count)];
	pthread_mutex_unlock(&kept_lock);

	if (!program->length) {
		program->length = 1 + below(random, CALLS_MAX);
		for (uint32_t i = 0; i < program->length; i++)
			program->call[i].seed = next(random);
		return;
	}
	/* One more, or another in the place of one */
	at = program->length < CALLS_MAX && one_in(random, 2) ?
	     program->length++ : below(random, program->length);
	program->call[at].seed = next(random);
}

static void keep(struct worker *worker, const struct program *program)
{
	pthread_mutex_lock(&kept_lock);
	kept_total++;
	if (kept_count < KEPT_MAX)
		kept[kept_count++] = *program;
	else
		kept[below(&worker->random, KEPT_MAX)] = *program;
	pthread_mutex_unlock(&kept_lock);
}

/* Of this thread alone: quotas and the allow list count for it. */
static void drop_rights(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	const struct __user_cap_data_struct none[2] = { 0 };

	if (syscall(SYS_capset, &header, none))
		err(1, "capset");
}

static void *work(void *data)
{
	struct worker *worker = data;
	struct program program;

	worker->cover = cover_begin();
	worker->fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (worker == &workers[THREADS - 1])
		drop_rights();
	while (!atomic_load(&done)) {
		choose(worker, &program);
		for (uint32_t i = 0; i < program.length; i++)
			carry_out(worker, &program.call[i]);
		if (cover_is_news(worker->cover))
			keep(worker, &program);
		worker->programs++;
	}
	return NULL;
}

/* All together */

static void interrupted(int signal)
{
	(void)signal;
}

/* What a call writes past the arena's end is to hit nobody. */
static void map_arena(void)
{
	int fd = memfd_create("arena", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, ARENA_SIZE))
		err(1, "arena");
	arena = mmap(NULL, 1 << 24, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		     MAP_NORESERVE, -1, 0);
	if (arena == MAP_FAILED)
		err(1, "arena");
	arena = mmap(arena, ARENA_SIZE, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_FIXED, fd, 0);
	arena_back = mmap(NULL, ARENA_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			  fd, 0);
	if (arena == MAP_FAILED || arena_back == MAP_FAILED)
		err(1, "arena");
}

static void interrupt_for(uint64_t seconds, uint64_t seed)
{
	const struct timespec pause = { .tv_nsec = 20000000 };
	uint64_t end = now_ns() + seconds * 1000000000;

	while (now_ns() < end) {
		nanosleep(&pause, NULL);
		pthread_kill(workers[below(&seed, THREADS)].thread, SIGUSR1);
	}
	atomic_store(&done, true);
}

/* A thread may have begun to wait after its last signal. */
static void join(struct worker *worker)
{
	struct timespec soon;

	do {
		pthread_kill(worker->thread, SIGUSR1);
		clock_gettime(CLOCK_REALTIME, &soon);
		soon.tv_nsec += 100000000;
		if (soon.tv_nsec >= 1000000000) {
			soon.tv_nsec -= 1000000000;
			soon.tv_sec++;
		}
	} while (pthread_timedjoin_np(worker->thread, NULL, &soon) == ETIMEDOUT);
}

int main(int argc, char **argv)
{
	const struct sigaction action = { .sa_handler = interrupted };
	uint64_t seed, programs = 0, calls = 0;

	if (argc < 3 || argc > 4)
		errx(1, "SECONDS BLOCKS [SEED]");
	if (argc > 3)
		seed = strtoull(argv[3], NULL, 0);
	else if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		err(1, "getrandom");
	printf("seed %#" PRIx64 "\n", seed);
	fflush(stdout);

	sigemptyset(&interrupts);
	sigaddset(&interrupts, SIGUSR1);
	sigaction(SIGUSR1, &action, NULL);
	noise = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	if (noise < 0)
		err(1, "/dev/urandom");
	map_arena();
	cover_load(argv[2]);
	for (uint32_t i = 0; i < FILES; i++)
		files[i] = -1;
	for (uint32_t i = 0; i < THREADS; i++) {
		workers[i].random = seed + i;
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]))
			errx(1, "no thread");
	}
	interrupt_for(strtoull(argv[1], NULL, 0), ~seed);
	for (uint32_t i = 0; i < THREADS; i++) {
		join(&workers[i]);
		programs += workers[i].programs;
		calls += workers[i].calls;
	}
	cover_print();
	printf("%" PRIu64 " programs, %" PRIu64 " calls, %" PRIu64
	       " records received, %" PRIu64 " programs kept\n", programs, calls,
	       atomic_load(&received), kept_total);
	return 0;
}
