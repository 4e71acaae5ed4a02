/* SPDX-License-Identifier: MIT */
/*
 * What the device suites share: /dev/hvpost by bare ioctls, and the world that
 * the scenario device-abi made for them out of QEMU's test device, which sends
 * each post back to the VP and SINT of its connection.
 *
 * That device is simple, and the suites keep to what it can do:
 *  - 239 bytes at most, for 240 abort QEMU;
 *  - one message connection per VP and SINT, for KVM tells only one of them
 *    that the slot was freed;
 *  - a message that finds its slot occupied waits in the device, which keeps
 *    only the last message it was given: a post meanwhile is refused, but takes
 *    the waiting one's place, and at the moment the slot is freed it aborts
 *    QEMU. So nobody posts to a connection while one of its messages waits: at
 *    most two may be under way, and the third comes after the driver took both.
 */
#ifndef HVPOST_TESTS_VM_DEVICE_H
#define HVPOST_TESTS_VM_DEVICE_H

#include <hvpost/device.h>
#include <hvpost/hyperv.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define VPS		2u

/* SINTs with an echo connection on every VP */
#define ECHO_SINT	6u
#define ECHO_SINTS	4u
#define ECHO(vp, sint)	(16u * ((vp) + 1) + (sint))

/* SINTs without */
#define FREE_SINT	10u
#define OTHER_FREE_SINT	11u
#define LATE_SINT	12u
#define RAISED_SINT	14u

/*
 * Made while the SynIC was off: the device never learns that a slot was freed,
 * so that after two messages these connections are busy for good. The second
 * is destroyed in that state, which no other connection stands: the device would
 * send what waits at the VP's next EOM, whichever SINT that is for.
 */
#define BUSY_CONNECTION	0x70u
#define BUSY_SINT	5u
#define STUCK_CONNECTION 0x73u

#define EVENT_CONNECTION 0x71u
#define UNKNOWN_CONNECTION 0xeeu

#define PAYLOAD_MAX	239u
#define TYPE		0x1234u
#define SECOND_NS	1000000000ull
/* Long, but less than what Check allows a test. */
#define PATIENCE_NS	(50 * SECOND_NS)
#define PAGE		4096u

/* Between two looks at something that is about to come true */
static inline void look_again(void)
{
	const struct timespec pause = { .tv_nsec = 200000 };

	nanosleep(&pause, NULL);
}

/* The device */

static inline int device_call(int fd, unsigned long command, void *argument)
{
	return ioctl(fd, command, argument) ? errno : 0;
}

static inline int open_device(void)
{
	int fd = open(HVPOST_DEVICE_PATH, O_RDWR | O_CLOEXEC);

	ck_assert_msg(fd >= 0, "open: %s", strerror(errno));
	return fd;
}

static inline int bind_sint(int fd, uint32_t sint, uint32_t records)
{
	struct hvpost_ioc_bind bind = { .sint = sint, .ring_records = records };

	return device_call(fd, HVPOST_IOC_BIND, &bind);
}

static inline int open_bound(uint32_t sint)
{
	int fd = open_device();

	ck_assert_int_eq(bind_sint(fd, sint, 0), 0);
	return fd;
}

static inline void set_nonblock(int fd)
{
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
}

static inline struct hvpost_ioc_counters counters(int fd)
{
	struct hvpost_ioc_counters now;

	ck_assert_int_eq(device_call(fd, HVPOST_IOC_COUNTERS, &now), 0);
	return now;
}

/* The driver took @count messages and freed their slots. */
static inline void wait_taken(int fd, uint64_t count)
{
	while (counters(fd).messages < count)
		look_again();
	ck_assert_uint_eq(counters(fd).messages, count);
}

/* Posts */

static inline uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * SECOND_NS + (uint64_t)now.tv_nsec;
}

static inline struct hvpost_ioc_post
post_of(uint32_t connection, const void *payload, size_t size)
{
	return (struct hvpost_ioc_post){
		.connection_id = connection,
		.message_type = TYPE,
		.payload_size = (uint32_t)size,
		.payload = (uintptr_t)payload,
		.deadline_ns = now_ns() + PATIENCE_NS,
		/* The driver must overwrite these. */
		.status = 0xdead,
		.attempts = 0xdead,
	};
}

/* The post ends with @error (0: well) and @raw_status. */
#define ck_post(fd, post, error, raw_status)				\
do {									\
	ck_assert_int_eq(device_call(fd, HVPOST_IOC_POST, post), error); \
	ck_assert_uint_eq((post)->status, raw_status);			\
} while (0)

/* The driver refuses the post without asking the hypervisor. */
#define ck_post_refused(fd, post, error)				\
do {									\
	ck_post(fd, post, error, HVPOST_STATUS_NONE);			\
	ck_assert_uint_eq((post)->attempts, 0);				\
} while (0)

static inline void send(int fd, uint32_t connection, const void *payload,
			size_t size)
{
	struct hvpost_ioc_post post = post_of(connection, payload, size);

	ck_post(fd, &post, 0, HV_STATUS_SUCCESS);
	ck_assert_uint_ge(post.attempts, 1);
}

static inline void send_number(int fd, uint32_t connection, uint64_t number)
{
	send(fd, connection, &number, sizeof(number));
}

/* Records */

static inline void receive(int fd, struct hvpost_record *record)
{
	ck_assert_int_eq(read(fd, record, sizeof(*record)), sizeof(*record));
}

static inline uint64_t number_in(const struct hvpost_record *record)
{
	uint64_t number;

	memcpy(&number, record->payload, sizeof(number));
	return number;
}

static inline void receive_number(int fd, uint64_t number)
{
	struct hvpost_record record;

	receive(fd, &record);
	ck_assert_uint_eq(record.payload_size, sizeof(number));
	ck_assert_uint_eq(number_in(&record), number);
}

static inline void ck_nothing_to_read(int fd)
{
	int flags = fcntl(fd, F_GETFL);
	struct hvpost_record record;

	set_nonblock(fd);
	ck_assert_int_eq(read(fd, &record, sizeof(record)), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_eq(fcntl(fd, F_SETFL, flags), 0);
}

/* A post, its echo, and both the same. */
static inline void ck_echo(int fd, uint32_t connection, const void *payload,
			   size_t size)
{
	struct hvpost_record record;

	send(fd, connection, payload, size);
	receive(fd, &record);
	ck_assert_uint_eq(record.message_type, TYPE);
	ck_assert_uint_eq(record.payload_size, size);
	ck_assert_mem_eq(record.payload, payload, size);
}

/* What an earlier test left under way does not reach the next one. */
static inline void flush_sint(uint32_t sint)
{
	static uint64_t marker;
	uint64_t wanted = (uint64_t)getpid() << 32 | ++marker;
	int fd = open_bound(sint);

	for (uint32_t vp = 0; vp < VPS; vp++) {
		struct hvpost_record record;

		send_number(fd, ECHO(vp, sint), wanted);
		do
			receive(fd, &record);
		while (record.vp_index != vp || number_in(&record) != wanted);
	}
	close(fd);
}

static inline void flush_echo(void)
{
	flush_sint(ECHO_SINT);
}

static inline void flush_echoes(void)
{
	for (uint32_t i = 0; i < ECHO_SINTS; i++)
		flush_sint(ECHO_SINT + i);
}

/* QEMU's test device itself; see testdev in lib.sh. */

enum testdev_deed {
	TESTDEV_SINT_CREATE = 1,
	TESTDEV_SINT_RAISE = 3,
	TESTDEV_MESSAGE_CREATE = 4,
	TESTDEV_MESSAGE_DESTROY = 5,
};

static inline void testdev(enum testdev_deed deed, uint32_t connection,
			   uint32_t vp, uint32_t sint)
{
	FILE *file = fopen("/sys/module/hvpost_testdev/parameters/command",
			   "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file, "%u", connection << 24 | (uint32_t)deed << 16 | vp << 8 |
			    sint);
	ck_assert_int_eq(fclose(file), 0);
}

static inline void pin_to_cpu(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(set), &set), 0);
}

/* How many lines of /proc/interrupts have @text? */
static inline unsigned int interrupt_lines(const char *text)
{
	FILE *file = fopen("/proc/interrupts", "r");
	unsigned int lines = 0;
	char line[512];

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		lines += strstr(line, text) != NULL;
	fclose(file);
	return lines;
}

/* Behind the driver's back */
static inline int open_msrs(int cpu, int flags)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/dev/cpu/%d/msr", cpu);
	fd = open(path, flags | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static inline void write_msr(int cpu, uint32_t msr, uint64_t value)
{
	int fd = open_msrs(cpu, O_WRONLY);

	ck_assert_int_eq(pwrite(fd, &value, sizeof(value), msr),
			 sizeof(value));
	close(fd);
}

static inline uint64_t read_msr(int cpu, uint32_t msr)
{
	int fd = open_msrs(cpu, O_RDONLY);
	uint64_t value;

	ck_assert_int_eq(pread(fd, &value, sizeof(value), msr), sizeof(value));
	close(fd);
	return value;
}

/* Threads and processes that sleep in a call */

/* Wait until the task behind this stat file of procfs sleeps. */
static inline void wait_asleep(const char *stat_path)
{
	char text[512] = "";
	char state;

	do {
		const char *name_end;
		FILE *file = fopen(stat_path, "r");

		ck_assert_msg(file, "%s: it returned at once", stat_path);
		ck_assert_uint_gt(fread(text, 1, sizeof(text) - 1, file), 0);
		fclose(file);
		name_end = strrchr(text, ')');
		ck_assert_ptr_nonnull(name_end);
		state = name_end[2];
		ck_assert_msg(state != 'Z', "%s: it ended", stat_path);
		look_again();
	} while (state != 'S');
}

/* A thread that makes one call, and its outcome. */
struct caller {
	void (*call)(struct caller *caller);
	int fd;
	int err;
	struct hvpost_ioc_post post;
	struct hvpost_record record;
	pthread_t thread;
	atomic_int tid;
};

static inline void *caller_run(void *argument)
{
	struct caller *caller = argument;

	atomic_store(&caller->tid, gettid());
	caller->call(caller);
	return NULL;
}

/* Start it and see that the call waits. */
static inline void caller_start(struct caller *caller)
{
	char path[64];
	int tid;

	ck_assert_int_eq(pthread_create(&caller->thread, NULL, caller_run,
					caller), 0);
	while (!(tid = atomic_load(&caller->tid)))
		look_again();
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	wait_asleep(path);
}

static inline void caller_join(struct caller *caller)
{
	ck_assert_int_eq(pthread_join(caller->thread, NULL), 0);
}

static inline void call_post(struct caller *caller)
{
	caller->err = device_call(caller->fd, HVPOST_IOC_POST, &caller->post);
}

static inline void call_read(struct caller *caller)
{
	ssize_t size = read(caller->fd, &caller->record,
			    sizeof(caller->record));

	caller->err = size == sizeof(caller->record) ? 0 : errno;
}

/* Memory and rights */

static inline char *map_pages(size_t pages, int protection)
{
	char *memory = mmap(NULL, pages * PAGE, protection,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(memory, MAP_FAILED);
	return memory;
}

static inline void *unmapped_page(void)
{
	char *memory = map_pages(1, PROT_NONE);

	ck_assert_int_eq(munmap(memory, PAGE), 0);
	return memory;
}

/* Without any capability */
static inline void become_nobody(void)
{
	ck_assert_int_eq(setresgid(65534, 65534, 65534), 0);
	ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
}

/* A signal every 10 ms, and how often it was handled */
static atomic_int signals;

static inline void count_signal(int number)
{
	(void)number;
	atomic_fetch_add(&signals, 1);
}

static inline void handle_signal(int number, int flags)
{
	struct sigaction action = { .sa_handler = count_signal,
				    .sa_flags = flags };

	ck_assert_int_eq(sigaction(number, &action, NULL), 0);
}

static inline void start_interval_timer(void)
{
	struct itimerval timer = { .it_interval.tv_usec = 10000,
				   .it_value.tv_usec = 10000 };

	ck_assert_int_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

static inline void stop_interval_timer(void)
{
	struct itimerval off = { .it_value.tv_usec = 0 };

	ck_assert_int_eq(setitimer(ITIMER_REAL, &off, NULL), 0);
}

/* Every program of suites ends so. */
static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}

static inline TCase *add_case(Suite *suite, const char *name,
			      void (*setup)(void))
{
	TCase *tcase = tcase_create(name);

	if (setup)
		tcase_add_checked_fixture(tcase, setup, NULL);
	suite_add_tcase(suite, tcase);
	return tcase;
}

#endif /* HVPOST_TESTS_VM_DEVICE_H */
