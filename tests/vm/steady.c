// SPDX-License-Identifier: MIT
/*
 * Messages all the time: steady read|map SINT VPS. Two senders for each VP post
 * numbered messages to its echo connection, and a reader takes them, by read() or
 * from mapped rings, and ends the program at the first that is missing, comes twice
 * or out of order. SIGTERM ends it well: when all that was posted has come.
 *
 * Messages that an earlier run left on their way are passed over.
 */
#define _GNU_SOURCE
#include <hvpost/device.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define VPS_MAX		8u
#define SENDERS		2u
#define ECHO(vp, sint)	(16u * ((vp) + 1) + (sint))
#define LOOK_MS		200
#define PAUSE_MS	5
#define PATIENCE_LOOKS	300u
#define AT_ONCE		16u

struct numbered {
	uint64_t run;
	uint32_t sender;
	uint32_t vp;
	uint64_t number;
};

struct sender {
	uint32_t vp, sender;
	pthread_t thread;
};

struct rings {
	struct hvpost_ioc_rings layout;
	struct hvpost_ring_words *words;
	const uint8_t *records;
};

static int fd;		/* has the SINT, and does not wait */
static int post_fd;	/* waits */
static uint32_t sint, vps;
static uint64_t run;
static atomic_bool enough, done;
static struct sender senders[VPS_MAX][SENDERS];
static atomic_ullong sent[VPS_MAX][SENDERS];
/* The reader's; the others look at received alone. */
static atomic_ullong received[VPS_MAX][SENDERS];
static uint64_t sequences[VPS_MAX];

/* Sending */

static void pause_ms(long ms)
{
	const struct timespec pause = { .tv_nsec = ms * 1000000 };

	nanosleep(&pause, NULL);
}

/* Of a VP that is off the host says so at once, and the message is still ours. */
static void post(const struct numbered *message)
{
	struct hvpost_ioc_post post = {
		.connection_id = ECHO(message->vp, sint),
		.message_type = 1,
		.payload_size = sizeof(*message),
		.payload = (uintptr_t)message,
		.deadline_ns = HVPOST_DEADLINE_NEVER,
	};

	while (ioctl(post_fd, HVPOST_IOC_POST, &post)) {
		if (errno != ENETDOWN)
			err(1, "post %ju to VP %u, status %#x",
			    (uintmax_t)message->number, message->vp,
			    post.status);
		pause_ms(PAUSE_MS);
	}
}

static void *sender_run(void *argument)
{
	const struct sender *sender = argument;
	struct numbered message = {
		.run = run, .sender = sender->sender, .vp = sender->vp,
	};

	while (!atomic_load(&enough)) {
		post(&message);
		message.number++;
		atomic_store(&sent[sender->vp][sender->sender], message.number);
		/* The readers and the scenario are to get their turn, too. */
		pause_ms(PAUSE_MS);
	}
	return NULL;
}

/* Receiving */

static void check(const struct hvpost_record *record)
{
	uint32_t vp = record->vp_index;
	struct numbered message;
	uint64_t wanted;

	if (vp >= vps || record->sequence != ++sequences[vp])
		errx(1, "VP %u: sequence %ju, not %ju", vp,
		     (uintmax_t)record->sequence, (uintmax_t)sequences[vp]);
	memcpy(&message, record->payload, sizeof(message));
	if (record->payload_size != sizeof(message) || message.run != run)
		return;
	if (message.vp != vp || message.sender >= SENDERS)
		errx(1, "VP %u got a message for VP %u", vp, message.vp);
	wanted = atomic_fetch_add(&received[vp][message.sender], 1);
	if (message.number != wanted)
		errx(1, "VP %u, sender %u: message %ju, not %ju", vp,
		     message.sender, (uintmax_t)message.number,
		     (uintmax_t)wanted);
}

static void wait_readable(void)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };

	if (poll(&one, 1, LOOK_MS) < 0 && errno != EINTR)
		err(1, "poll");
	if (one.revents & (POLLERR | POLLHUP))
		errx(1, "poll says %#x", one.revents);
}

static void *read_all(void *unused)
{
	struct hvpost_record records[AT_ONCE];

	(void)unused;
	while (!atomic_load(&done)) {
		ssize_t size = read(fd, records, sizeof(records));

		if (size < 0 && errno != EAGAIN)
			err(1, "read");
		if (size < 0)
			wait_readable();
		for (size_t i = 0; size > 0 && i < (size_t)size / sizeof(*records); i++)
			check(&records[i]);
	}
	return NULL;
}

/* As device.h has it. Return whether anything was there. */
static bool drain_ring(const struct rings *rings, uint32_t ring)
{
	struct hvpost_ring_words *words = &rings->words[ring];
	const struct hvpost_record *records =
		(const void *)(rings->records + ring * rings->layout.ring_stride);
	uint32_t tail = words->tail;
	uint32_t head = __atomic_load_n(&words->head, __ATOMIC_ACQUIRE);

	if (tail == head)
		return false;
	while (tail != head)
		check(&records[tail++ % rings->layout.ring_records]);
	__atomic_store_n(&words->tail, tail, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&words->stalled, __ATOMIC_RELAXED) &&
	    ioctl(fd, HVPOST_IOC_RESUME))
		err(1, "HVPOST_IOC_RESUME");
	return true;
}

static void *map_area(int protection, uint64_t offset, uint64_t size)
{
	void *area = mmap(NULL, size, protection, MAP_SHARED, fd, (off_t)offset);

	if (area == MAP_FAILED)
		err(1, "mmap");
	return area;
}

static void *take_all(void *unused)
{
	struct rings rings;

	(void)unused;
	if (ioctl(fd, HVPOST_IOC_RINGS, &rings.layout))
		err(1, "HVPOST_IOC_RINGS");
	rings.words = map_area(PROT_READ | PROT_WRITE,
			       rings.layout.words_offset,
			       rings.layout.words_size);
	rings.records = map_area(PROT_READ, rings.layout.records_offset,
				 rings.layout.records_size);
	while (!atomic_load(&done)) {
		bool any = false;

		for (uint32_t ring = 0; ring < rings.layout.ring_count; ring++)
			any |= drain_ring(&rings, ring);
		if (!any)
			wait_readable();
	}
	return NULL;
}

/* All of it */

static uint64_t missing(void)
{
	uint64_t sum = 0;

	for (uint32_t vp = 0; vp < vps; vp++)
		for (uint32_t i = 0; i < SENDERS; i++)
			sum += atomic_load(&sent[vp][i]) -
			       atomic_load(&received[vp][i]);
	return sum;
}

static void start_senders(void)
{
	for (uint32_t vp = 0; vp < vps; vp++)
		for (uint32_t i = 0; i < SENDERS; i++) {
			struct sender *sender = &senders[vp][i];

			sender->vp = vp;
			sender->sender = i;
			if (pthread_create(&sender->thread, NULL, sender_run,
					   sender))
				errx(1, "pthread_create");
		}
}

static void stop_senders(void)
{
	atomic_store(&enough, true);
	for (uint32_t vp = 0; vp < vps; vp++)
		for (uint32_t i = 0; i < SENDERS; i++)
			pthread_join(senders[vp][i].thread, NULL);
}

static void await_the_rest(void)
{
	for (unsigned int i = 0; missing(); i++) {
		if (i == PATIENCE_LOOKS)
			errx(1, "%ju messages are lost", (uintmax_t)missing());
		pause_ms(LOOK_MS);
	}
}

static int open_device(int flags)
{
	int device = open(HVPOST_DEVICE_PATH, O_RDWR | O_CLOEXEC | flags);

	if (device < 0)
		err(1, "%s", HVPOST_DEVICE_PATH);
	return device;
}

static void open_and_bind(void)
{
	struct hvpost_ioc_bind bind = { .sint = sint };
	struct timespec now;

	post_fd = open_device(0);
	fd = open_device(O_NONBLOCK);
	if (ioctl(fd, HVPOST_IOC_BIND, &bind))
		err(1, "bind");
	clock_gettime(CLOCK_MONOTONIC, &now);
	run = (uint64_t)getpid() << 40 ^ (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv)
{
	pthread_t reader;
	sigset_t end;
	int signal;

	if (argc != 4)
		errx(1, "usage: steady read|map SINT VPS");
	sint = (uint32_t)strtoul(argv[2], NULL, 0);
	vps = (uint32_t)strtoul(argv[3], NULL, 0);
	if (vps > VPS_MAX)
		errx(1, "%u VPs: too many", vps);

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &end, NULL);
	open_and_bind();
	if (pthread_create(&reader, NULL,
			   strcmp(argv[1], "map") ? read_all : take_all, NULL))
		errx(1, "pthread_create");
	start_senders();

	sigwait(&end, &signal);
	stop_senders();
	await_the_rest();
	atomic_store(&done, true);
	pthread_join(reader, NULL);
	for (uint32_t vp = 0; vp < vps; vp++)
		printf("VP %u: %ju of %ju\n", vp,
		       (uintmax_t)(received[vp][0] + received[vp][1]),
		       (uintmax_t)(sent[vp][0] + sent[vp][1]));
	return 0;
}
