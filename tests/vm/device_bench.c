// SPDX-License-Identifier: MIT
/*
 * What `make bench` measures of /dev/hvpost in a guest: for each line "PATTERN
 * COUNT" on standard input it does the pattern about so often and prints "PATTERN 1
 * TICKS", the median of what one message took by the time stamp counter; where the
 * machine's clock goes by instructions, these are instructions, the host's too. It
 * runs on VP 0 and posts to echo connections of that VP, so that each message has
 * been taken by the driver when its post returns. The patterns:
 *
 *	getppid		that system call
 *	ioctl		one that the device does not know
 *	bare		the hypercall alone, in a row in the kernel
 *	post		HVPOST_IOC_POST
 *	traced		the same, while tracefs has all of the driver's trace points on
 *	library		hvpost_post()
 *	refused-bare	as bare and post, but to no connection: nothing is delivered
 *	refused
 *	batch		HVPOST_IOC_POST_MANY of 16
 *	ring		hvpost_receive() of a message that is there
 *	read		read() of one
 *	read16		read() of 16
 *	wake		from the moment the driver takes a message to the return of the
 *			read() that waits for it
 *	eventfd		from before a write() to an eventfd to the return of the read()
 *			that waits for it
 */
#define _GNU_SOURCE
#include <hvpost/device.h>
#include <hvpost/hvpost.h>
#include <hvpost/hyperv.h>

#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "rawcall/rawcall.h"

/* bench-guest.sh made them: what is posted to ECHO(sint) comes back there. */
#define ECHO(sint)	(0x10u + (sint))
#define LIBRARY_SINT	8u
#define DEVICE_SINT	9u
#define NOWHERE		0xeeu

#define SIZE		HVPOST_PAYLOAD_SIZE_MAX
#define BATCH		16u
#define AT_ONCE		32u	/* fits into a ring */
#define COUNT_MAX	1024u
#define PATIENCE_MS	10000

static struct hvpost *handle;		/* has LIBRARY_SINT */
static int device, rawcall;		/* device has DEVICE_SINT */
static uint64_t payload[SIZE / 8];

static uint64_t ticks[COUNT_MAX];
static unsigned int ticks_count;

static void keep(uint64_t taken)
{
	if (ticks_count == COUNT_MAX)
		errx(1, "more than %u in a turn", COUNT_MAX);
	ticks[ticks_count++] = taken;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t median(void)
{
	qsort(ticks, ticks_count, sizeof(*ticks), compare);
	return ticks[ticks_count / 2];
}

static uint64_t now_ticks(void)
{
	_mm_lfence();
	return __rdtsc();
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* To the device itself */

static struct hvpost_ioc_post post_to(uint32_t connection)
{
	return (struct hvpost_ioc_post){
		.connection_id = connection,
		.message_type = 1,
		.payload_size = SIZE,
		.payload = (uintptr_t)payload,
	};
}

static void post_once(uint32_t connection, uint32_t expected)
{
	struct hvpost_ioc_post post = post_to(connection);
	uint64_t start = now_ticks();

	(void)ioctl(device, HVPOST_IOC_POST, &post);
	keep(now_ticks() - start);
	if (post.status != expected)
		errx(1, "post to %#x: status %#x", connection, post.status);
}

/*
 * @count records have to be there. By the system call itself: libc's read() takes 45
 * instructions more once the process has had a thread, which some patterns make.
 */
static void drain(unsigned int count)
{
	static struct hvpost_record records[AT_ONCE];
	ssize_t size = (ssize_t)(count * sizeof(*records));

	if (syscall(SYS_read, device, records, size) != size)
		errx(1, "not %u messages came back", count);
}

/* Post @count messages that nobody times. */
static void fill(uint32_t connection, unsigned int count)
{
	struct hvpost_ioc_post posts[AT_ONCE];
	struct hvpost_ioc_post_many many = {
		.count = count, .posts = (uintptr_t)posts,
	};

	for (unsigned int i = 0; i < count; i++)
		posts[i] = post_to(connection);
	if (ioctl(device, HVPOST_IOC_POST_MANY, &many) || many.done != count)
		errx(1, "%u of %u posts", many.done, count);
}

/* Patterns: do it, and keep what each message took. */

static void getppid_call(void)
{
	uint64_t start = now_ticks();

	(void)getppid();
	keep(now_ticks() - start);
}

static void unknown_ioctl(void)
{
	uint64_t start = now_ticks();

	(void)ioctl(device, _IO(HVPOST_IOC_MAGIC, 0xff));
	keep(now_ticks() - start);
}

static void row(uint32_t connection, uint16_t expected)
{
	struct hv_post_message_input input = {
		.connection_id = connection,
		.message_type = 1,
		.payload_size = SIZE,
	};
	struct rawcall_row row = {
		.control = HV_CALL_POST_MESSAGE, .count = AT_ONCE,
	};

	memcpy(row.input, &input, sizeof(input));
	if (ioctl(rawcall, RAWCALL_IOC_ROW, &row) || row.result != expected)
		errx(1, "bare calls: result %#jx", (uintmax_t)row.result);
	for (unsigned int i = 0; i < AT_ONCE; i++)
		keep(row.ticks[i]);
}

static void bare(void)
{
	row(ECHO(DEVICE_SINT), HV_STATUS_SUCCESS);
	drain(AT_ONCE);
}

static void refused_bare(void)
{
	row(NOWHERE, HV_STATUS_INVALID_CONNECTION_ID);
}

static void post(void)
{
	for (unsigned int i = 0; i < AT_ONCE; i++)
		post_once(ECHO(DEVICE_SINT), HV_STATUS_SUCCESS);
	drain(AT_ONCE);
}

static void refused(void)
{
	for (unsigned int i = 0; i < AT_ONCE; i++)
		post_once(NOWHERE, HV_STATUS_INVALID_CONNECTION_ID);
}

static void library(void)
{
	const struct hvpost_post post = {
		.connection_id = ECHO(DEVICE_SINT),
		.message_type = 1,
		.payload = payload,
		.payload_size = SIZE,
	};

	for (unsigned int i = 0; i < AT_ONCE; i++) {
		uint64_t start = now_ticks();
		int error = hvpost_post(handle, &post, HVPOST_NOW);

		keep(now_ticks() - start);
		if (error)
			errx(1, "hvpost_post: %s", strerror(-error));
	}
	drain(AT_ONCE);
}

static void batch(void)
{
	struct hvpost_ioc_post posts[BATCH];
	struct hvpost_ioc_post_many many = {
		.count = BATCH, .posts = (uintptr_t)posts,
	};
	uint64_t start;

	for (unsigned int i = 0; i < BATCH; i++)
		posts[i] = post_to(ECHO(DEVICE_SINT));
	start = now_ticks();
	(void)ioctl(device, HVPOST_IOC_POST_MANY, &many);
	keep((now_ticks() - start) / BATCH);
	if (many.done != BATCH)
		errx(1, "%u of %u posts", many.done, BATCH);
	drain(BATCH);
}

static void ring(void)
{
	struct hvpost_message message;

	fill(ECHO(LIBRARY_SINT), AT_ONCE);
	for (unsigned int i = 0; i < AT_ONCE; i++) {
		uint64_t start = now_ticks();
		int error = hvpost_receive(handle, &message, HVPOST_NOW);

		keep(now_ticks() - start);
		if (error)
			errx(1, "hvpost_receive: %s", strerror(-error));
	}
}

static void read_by(unsigned int count)
{
	fill(ECHO(DEVICE_SINT), AT_ONCE);
	for (unsigned int i = 0; i < AT_ONCE; i += count) {
		uint64_t start = now_ticks();

		drain(count);
		keep((now_ticks() - start) / count);
	}
}

static void read_one(void)
{
	read_by(1);
}

static void read_16(void)
{
	read_by(BATCH);
}

/* Somebody who waits, and is to run as soon as he need not. */

struct sleeper {
	pthread_t thread;
	int bell;			/* eventfd */
	uint64_t woken_ns, message_ns;
	void (*sleep)(struct sleeper *sleeper);
};

static void sleep_on_device(struct sleeper *sleeper)
{
	struct hvpost_record record;

	if (read(device, &record, sizeof(record)) != sizeof(record))
		err(1, "read");
	sleeper->woken_ns = now_ns();
	sleeper->message_ns = record.time_ns;
}

static void sleep_on_bell(struct sleeper *sleeper)
{
	uint64_t rings;

	if (read(sleeper->bell, &rings, sizeof(rings)) != sizeof(rings))
		err(1, "read");
	sleeper->woken_ns = now_ns();
}

static void *sleeper_run(void *argument)
{
	struct sleeper *sleeper = argument;

	sleeper->sleep(sleeper);
	return NULL;
}

/* As it comes before us, it sleeps when we are back. */
static void sleeper_start(struct sleeper *sleeper)
{
	const struct sched_param first = { .sched_priority = 1 };
	pthread_attr_t attributes;

	if (pthread_attr_init(&attributes) ||
	    pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED) ||
	    pthread_attr_setschedpolicy(&attributes, SCHED_FIFO) ||
	    pthread_attr_setschedparam(&attributes, &first) ||
	    pthread_create(&sleeper->thread, &attributes, sleeper_run, sleeper))
		errx(1, "no thread");
	pthread_attr_destroy(&attributes);
}

static void wake(void)
{
	struct sleeper sleeper = { .sleep = sleep_on_device };

	sleeper_start(&sleeper);
	fill(ECHO(DEVICE_SINT), 1);
	pthread_join(sleeper.thread, NULL);
	keep(sleeper.woken_ns - sleeper.message_ns);
}

static void ring_bell(void)
{
	struct sleeper sleeper = {
		.sleep = sleep_on_bell, .bell = eventfd(0, EFD_CLOEXEC),
	};
	const uint64_t one = 1;
	uint64_t start_ns;

	sleeper_start(&sleeper);
	start_ns = now_ns();
	if (write(sleeper.bell, &one, sizeof(one)) != sizeof(one))
		err(1, "write");
	pthread_join(sleeper.thread, NULL);
	keep(sleeper.woken_ns - start_ns);
	close(sleeper.bell);
}

static void set_tracing(const char *value)
{
	int enable = open("/sys/kernel/tracing/events/hvpost/enable",
			  O_WRONLY | O_CLOEXEC);

	if (enable < 0 || write(enable, value, 1) != 1)
		err(1, "tracefs");
	close(enable);
}

static void traced(void)
{
	set_tracing("1");
	post();
	set_tracing("0");
}

static const struct pattern {
	const char *name;
	void (*once)(void);
} patterns[] = {
	{ "getppid", getppid_call },
	{ "ioctl", unknown_ioctl },
	{ "bare", bare },
	{ "post", post },
	{ "traced", traced },
	{ "library", library },
	{ "refused-bare", refused_bare },
	{ "refused", refused },
	{ "batch", batch },
	{ "ring", ring },
	{ "read", read_one },
	{ "read16", read_16 },
	{ "wake", wake },
	{ "eventfd", ring_bell },
};

static void measure(const struct pattern *pattern, unsigned int count)
{
	/* What the first ones need to begin with is not what they are about. */
	pattern->once();
	for (ticks_count = 0; ticks_count < count;)
		pattern->once();
	printf("%s 1 %ju\n", pattern->name, (uintmax_t)median());
	fflush(stdout);
}

static void obey(const char *line)
{
	char name[16];
	unsigned int count;

	if (sscanf(line, "%15s %u", name, &count) != 2)
		errx(1, "not PATTERN COUNT: %s", line);
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		if (!strcmp(name, patterns[i].name)) {
			measure(&patterns[i], count);
			return;
		}
	errx(1, "no pattern %s", name);
}

static void prepare(void)
{
	struct hvpost_ioc_bind bind = { .sint = DEVICE_SINT };
	int error = hvpost_open("device", &handle);
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		err(1, "sched_setaffinity");
	if (!error)
		error = hvpost_bind(handle, LIBRARY_SINT, 0);
	if (error)
		errx(1, "SINT %u: %s", LIBRARY_SINT, strerror(-error));
	device = open(HVPOST_DEVICE_PATH, O_RDWR | O_CLOEXEC);
	if (device < 0 || ioctl(device, HVPOST_IOC_BIND, &bind))
		err(1, "%s", HVPOST_DEVICE_PATH);
	rawcall = open(RAWCALL_PATH, O_RDWR | O_CLOEXEC);
	if (rawcall < 0)
		err(1, "%s", RAWCALL_PATH);
}

int main(void)
{
	char line[64];

	prepare();
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		obey(line);
	return 0;
}
