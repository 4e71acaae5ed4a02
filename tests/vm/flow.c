// SPDX-License-Identifier: MIT
/*
 * Back-pressure: flow PID BUFFERS sends numbered messages to the echo connections
 * of two VPs, which "hvpost listen" with process id PID has, and for each of which
 * the host keeps BUFFERS messages behind an occupied slot. It stops that process
 * until its rings are full, the slots stay occupied and the host refuses more;
 * lets it go on, sends more meanwhile, and does it all again. Prints how many
 * messages each VP must have got; that they came once and in order is for the
 * listener's output to show.
 *
 * device.h says what QEMU's test device can do: only what follows a stall has a
 * second message of a connection under way, and what is refused then is the
 * same message once more.
 */
#define _GNU_SOURCE
#include <hvpost/device.h>
#include <hvpost/hyperv.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define VPS		2u
#define SINT		6u
#define FENCE_SINT	7u
#define ECHO(vp, sint)	(16u * ((vp) + 1) + (sint))
#define ROUNDS		2u
#define RUNNING		200u	/* messages per VP to a running listener */
#define PATIENCE_NS	60000000000

static pid_t listener;
static unsigned int buffers;	/* of the host, behind a slot */
static int inbox;		/* the listener's file */
static int fence;		/* a file of ours that has FENCE_SINT */
static uint64_t sent[VPS];

static struct hvpost_ioc_counters counters(void)
{
	struct hvpost_ioc_counters now;

	if (ioctl(inbox, HVPOST_IOC_COUNTERS, &now))
		err(1, "HVPOST_IOC_COUNTERS");
	return now;
}

static uint64_t patience(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec +
	       PATIENCE_NS;
}

static int post(uint32_t connection, uint64_t number, uint64_t deadline_ns,
		struct hvpost_ioc_post *post)
{
	char text[24];

	*post = (struct hvpost_ioc_post){
		.connection_id = connection,
		.message_type = 1,
		.payload_size = (uint32_t)sprintf(text, "%ju",
						  (uintmax_t)number),
		.payload = (uintptr_t)text,
		.deadline_ns = deadline_ns,
	};
	return ioctl(inbox, HVPOST_IOC_POST, post) ? errno : 0;
}

static void send(uint32_t connection, uint64_t number)
{
	struct hvpost_ioc_post out;
	int error = post(connection, number, patience(), &out);

	if (error)
		errx(1, "message %ju to connection %#x: %s, status %#x after %u tries",
		     (uintmax_t)number, connection, strerror(error), out.status,
		     out.attempts);
}

static void send_next(uint32_t vp)
{
	send(ECHO(vp, SINT), sent[vp]);
	sent[vp]++;
}

/* The driver took all that was sent; this also waits for the slots. */
static void wait_taken(void)
{
	while (counters().messages < sent[0] + sent[1])
		sched_yield();
}

/*
 * Return when the host has heard of every interrupt that was acknowledged until
 * now. It hears that in its main loop, which must turn for each of these too.
 */
static void wait_for_host(void)
{
	struct hvpost_record record;

	for (unsigned int turn = 0; turn < 8; turn++) {
		send(ECHO(0, FENCE_SINT), turn);
		if (read(fence, &record, sizeof(record)) != sizeof(record))
			err(1, "read");
	}
}

static char listener_state(void)
{
	char path[32], text[256] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", listener);
	file = fopen(path, "r");
	if (!file || !fgets(text, sizeof(text), file))
		errx(1, "the listener is gone");
	fclose(file);
	return strrchr(text, ')')[2];
}

static void stop_listener(void)
{
	if (kill(listener, SIGSTOP))
		err(1, "SIGSTOP");
	while (listener_state() != 'T')
		sched_yield();
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
			sched_yield();
	} while (now.stalls == before.stalls);
}

/* So many more wait in the host, and it takes no other. */
static void fill_host(uint32_t vp)
{
	struct hvpost_ioc_post out;

	for (unsigned int i = 0; i < buffers; i++)
		send_next(vp);
	for (unsigned int i = 0; i < 10; i++) {
		int error = post(ECHO(vp, SINT), sent[vp] - 1,
				 HVPOST_DEADLINE_NONE, &out);

		if (error != EAGAIN ||
		    out.status != HV_STATUS_INSUFFICIENT_BUFFERS)
			errx(1, "VP %u has a full slot, but a post ends with %s, %#x",
			     vp, strerror(error), out.status);
	}
}

static void send_to_stopped_listener(void)
{
	uint64_t before = sent[0] + sent[1];

	stop_listener();
	for (uint32_t vp = 0; vp < VPS; vp++)
		fill_ring(vp);
	/* It is not to look at a slot again after what is sent now. */
	wait_for_host();
	for (uint32_t vp = 0; vp < VPS; vp++)
		fill_host(vp);
	if (listener_state() != 'T')
		errx(1, "somebody woke the listener");
	warnx("stopped: %ju messages, %ju stalls so far",
	      (uintmax_t)(sent[0] + sent[1] - before),
	      (uintmax_t)counters().stalls);
	kill(listener, SIGCONT);
	wait_taken();
}

static void send_to_running_listener(void)
{
	for (unsigned int i = 0; i < RUNNING; i++) {
		for (uint32_t vp = 0; vp < VPS; vp++)
			send_next(vp);
		wait_taken();
	}
}

/* The listener's file, so that its counters are seen while it is stopped. */
static int borrow_inbox(void)
{
	int process = (int)syscall(SYS_pidfd_open, listener, 0);

	for (int fd = 0; fd < 64; fd++) {
		char path[64], name[64] = "";

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", listener, fd);
		if (readlink(path, name, sizeof(name) - 1) > 0 &&
		    !strcmp(name, HVPOST_DEVICE_PATH))
			return (int)syscall(SYS_pidfd_getfd, process, fd, 0);
	}
	errx(1, "process %d does not listen", listener);
}

static void prepare(void)
{
	struct hvpost_ioc_bind bind = { .sint = FENCE_SINT };

	inbox = borrow_inbox();
	if (inbox < 0)
		err(1, "the listener's file");
	fence = open(HVPOST_DEVICE_PATH, O_RDWR | O_CLOEXEC);
	if (fence < 0 || ioctl(fence, HVPOST_IOC_BIND, &bind))
		err(1, "%s", HVPOST_DEVICE_PATH);
}

/* Once each CPU posts, to its own VP and to the other. */
static void move_to_cpu(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		err(1, "sched_setaffinity");
}

int main(int argc, char **argv)
{
	if (argc == 3) {
		listener = (pid_t)strtol(argv[1], NULL, 10);
		buffers = (unsigned int)strtoul(argv[2], NULL, 10);
	}
	if (listener <= 0 || !buffers)
		errx(1, "usage: flow PID BUFFERS");
	prepare();
	for (unsigned int i = 0; i < ROUNDS; i++) {
		move_to_cpu(i % VPS);
		send_to_stopped_listener();
		send_to_running_listener();
	}
	printf("%ju %ju\n", (uintmax_t)sent[0], (uintmax_t)sent[1]);
	return 0;
}
