// SPDX-License-Identifier: MIT
/*
 * Back-pressure: flow N posts N numbered messages to the echo connections of
 * two VPs while their receiver is stopped again and again. Each time the rings
 * fill up, the slots stay occupied and the host refuses more; afterwards every
 * message must have come once and in order.
 *
 * At most two messages of a connection are under way at a time: device.h says
 * what QEMU's test device does to a third.
 */
#define _GNU_SOURCE
#include <hvpost/device.h>
#include <hvpost/hyperv.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define VPS		2u
#define SINT		6u
#define CONNECTION(vp)	(16u * ((vp) + 1) + SINT)
#define RING_RECORDS	16u
#define STREAM		200u	/* messages per VP between two stops */

static int fd;
static uint64_t total;		/* to each VP */
static uint64_t sent[VPS];
static unsigned int round_number, refusals;
static pid_t receiver;

/* Shared with the receiver: one post for each message it has got. */
static struct progress {
	sem_t got[VPS];
} *progress;

static struct hvpost_ioc_counters counters(void)
{
	struct hvpost_ioc_counters now;

	if (ioctl(fd, HVPOST_IOC_COUNTERS, &now))
		err(1, "HVPOST_IOC_COUNTERS");
	return now;
}

/* The receiver */

/* In the receiver: tell why, and take the sender down. */
#define must(condition)							\
do {									\
	if (!(condition)) {						\
		warnx("the receiver saw that not: %s", #condition);	\
		kill(getppid(), SIGTERM);				\
		_exit(1);						\
	}								\
} while (0)

static void check_record(const struct hvpost_record *record,
			 uint64_t got[VPS])
{
	uint64_t number;

	memcpy(&number, record->payload, sizeof(number));
	must(record->vp_index < VPS);
	must(record->payload_size == sizeof(number));
	must(number == got[record->vp_index]);
	got[record->vp_index]++;
	must(record->sequence == got[record->vp_index]);
}

static void receive_all(void)
{
	uint64_t got[VPS] = { 0 };

	while (got[0] < total || got[1] < total) {
		struct hvpost_record records[8];
		ssize_t size = read(fd, records, sizeof(records));

		must(size > 0 && size % (ssize_t)sizeof(records[0]) == 0);
		for (size_t i = 0; i < (size_t)size / sizeof(records[0]); i++)
			check_record(&records[i], got);
		/* This waits until the slots of these are free. */
		counters();
		for (size_t i = 0; i < (size_t)size / sizeof(records[0]); i++)
			sem_post(&progress->got[records[i].vp_index]);
	}
}

static void start_receiver(void)
{
	receiver = fork();
	if (receiver < 0)
		err(1, "fork");
	if (receiver == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		receive_all();
		_exit(0);
	}
}

static void stop_receiver(void)
{
	int status;

	if (kill(receiver, SIGSTOP) ||
	    waitpid(receiver, &status, WUNTRACED) != receiver ||
	    !WIFSTOPPED(status))
		errx(1, "the receiver cannot be stopped");
}

/* The sender */

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int post(uint32_t vp, uint64_t number, uint64_t deadline_ns,
		struct hvpost_ioc_post *post)
{
	*post = (struct hvpost_ioc_post){
		.connection_id = CONNECTION(vp),
		.message_type = 1,
		.payload_size = sizeof(number),
		.payload = (uintptr_t)&number,
		.deadline_ns = deadline_ns,
	};
	return ioctl(fd, HVPOST_IOC_POST, post) ? errno : 0;
}

static void send_next(uint32_t vp)
{
	struct hvpost_ioc_post out;
	int error = post(vp, sent[vp], now_ns() + 60000000000, &out);

	if (error)
		errx(1, "message %ju to VP %u: %s, status %#x after %u tries",
		     (uintmax_t)sent[vp], vp, strerror(error), out.status,
		     out.attempts);
	sent[vp]++;
}

static void wait_got(uint32_t vp, uint64_t count)
{
	while (count--)
		while (sem_wait(&progress->got[vp]))
			;
}

/* Between two looks at something that is about to come true */
static void look_again(void)
{
	const struct timespec pause = { .tv_nsec = 200000 };

	nanosleep(&pause, NULL);
}

/* Send until the ring is full and the slot is left occupied. */
static void fill_ring(uint32_t vp)
{
	struct hvpost_ioc_counters before, now;

	do {
		before = counters();
		send_next(vp);
		while (now = counters(), now.messages == before.messages &&
					 now.stalls == before.stalls)
			look_again();
	} while (now.stalls == before.stalls);
}

/* One more waits in the host, and the host takes no third. */
static void fill_host(uint32_t vp)
{
	struct hvpost_ioc_post out;
	int error;

	send_next(vp);
	/* Not while the device looks at the slot again: see device.h. */
	look_again();
	error = post(vp, sent[vp] - 1, HVPOST_DEADLINE_NONE, &out);
	if (error != EAGAIN || out.status != HV_STATUS_INSUFFICIENT_BUFFERS)
		errx(1, "VP %u has a full slot, but a post ends with %s, %#x",
		     vp, strerror(error), out.status);
	refusals++;
}

static void send_to_stopped_receiver(void)
{
	uint64_t first[VPS] = { sent[0], sent[1] };

	stop_receiver();
	for (uint32_t vp = 0; vp < VPS; vp++) {
		fill_ring(vp);
		fill_host(vp);
	}
	kill(receiver, SIGCONT);
	for (uint32_t vp = 0; vp < VPS; vp++)
		wait_got(vp, sent[vp] - first[vp]);
}

/* A thread for each VP, one round on that VP itself and one on the other */
static void *stream(void *argument)
{
	uint32_t vp = *(uint32_t *)argument;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((vp + round_number) % VPS, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "sched_setaffinity");

	for (unsigned int i = 0; i < STREAM && sent[vp] < total; i++) {
		send_next(vp);
		if (i % 2 == 1)
			wait_got(vp, 2);
		else if (i + 1 == STREAM || sent[vp] == total)
			wait_got(vp, 1);
	}
	return NULL;
}

static void stream_to_running_receiver(void)
{
	uint32_t vps[VPS] = { 0, 1 };
	pthread_t threads[VPS];

	for (uint32_t vp = 0; vp < VPS; vp++)
		if (pthread_create(&threads[vp], NULL, stream, &vps[vp]))
			errx(1, "no thread");
	for (uint32_t vp = 0; vp < VPS; vp++)
		pthread_join(threads[vp], NULL);
}

static void prepare(void)
{
	struct hvpost_ioc_bind bind = { .sint = SINT,
					.ring_records = RING_RECORDS };

	fd = open(HVPOST_DEVICE_PATH, O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, HVPOST_IOC_BIND, &bind))
		err(1, "%s", HVPOST_DEVICE_PATH);
	progress = mmap(NULL, sizeof(*progress), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED)
		err(1, "mmap");
	for (uint32_t vp = 0; vp < VPS; vp++)
		if (sem_init(&progress->got[vp], 1, 0))
			err(1, "sem_init");
}

static void check_end(void)
{
	struct hvpost_ioc_counters now;
	int status;

	if (waitpid(receiver, &status, 0) != receiver || status)
		errx(1, "the receiver ended with %#x", status);
	now = counters();
	if (now.messages != VPS * total)
		errx(1, "%ju messages were taken", (uintmax_t)now.messages);
	if (now.stalls < refusals)
		errx(1, "only %ju stalls", (uintmax_t)now.stalls);
	printf("%ju messages, %u stops, %u refusals, %ju stalls, "
	       "%ju interrupts, %ju EOMs\n", (uintmax_t)now.messages,
	       round_number, refusals, (uintmax_t)now.stalls,
	       (uintmax_t)now.interrupts, (uintmax_t)now.eoms);
}

int main(int argc, char **argv)
{
	const uint64_t stop_needs = RING_RECORDS + 2;

	total = argc == 2 ? strtoul(argv[1], NULL, 0) / VPS : 0;
	if (total < stop_needs)
		errx(1, "usage: flow N, with N at least %ju",
		     (uintmax_t)(VPS * stop_needs));
	prepare();
	start_receiver();
	while (sent[0] < total || sent[1] < total) {
		if (sent[0] + stop_needs <= total) {
			send_to_stopped_receiver();
			round_number++;
		}
		stream_to_running_receiver();
	}
	check_end();
	return 0;
}
