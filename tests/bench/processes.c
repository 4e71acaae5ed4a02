// SPDX-License-Identifier: MIT
/*
 * Two processes: messages from one to the other through hvhost, and the same
 * number of bytes by what else there is. Side 0 sends, side 1 receives. Nobody is
 * pinned: hvhost is a third process on the two processors.
 */
#define _GNU_SOURCE /* sendmmsg */
#include <fcntl.h>
#include <mqueue.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <hvpost/hvpost.h>

#include "bench.h"
#include "hosting.h"
#include "pair.h"

#define MESSAGES	100000u
#define BATCH		64u
#define SIZE		256u
/* What a queue may hold where nobody has changed the system's limits. */
#define QUEUE_MESSAGES	10

static double messages_per_us(const struct pair *pair)
{
	return MESSAGES / pair_run_ns(pair) * 1e3;
}

static void must(bool done, const char *what)
{
	if (!done)
		bench_fail(what);
}

/* Through hvhost */

static struct hvpost *handle;

static void enter(const char *name, unsigned int sint, uint32_t flags)
{
	const struct hvpost_bind wish = {
		.sint = sint, .ring_records = 1024, .flags = flags,
	};

	must(!hvpost_open(hosting_target(name), &handle) &&
	     !hvpost_bind_with(handle, &wish), "cannot attach to hvhost");
}

static void bulk_enter(unsigned int side)
{
	enter(side ? "right" : "left", side ? 5 : 6, HVPOST_BULK);
}

static void plain_enter(unsigned int side)
{
	enter(side ? "right" : "left", side ? 5 : 6, 0);
}

static void post_all(uint32_t connection_id)
{
	static uint64_t payload[BATCH][HVPOST_PAYLOAD_SIZE_MAX / 8];
	struct hvpost_post posts[BATCH];
	unsigned int posted = 0;

	for (unsigned int i = 0; i < BATCH; i++)
		posts[i] = (struct hvpost_post){
			.connection_id = connection_id,
			.message_type = 1,
			.payload = payload[i],
			.payload_size = HVPOST_PAYLOAD_SIZE_MAX,
		};
	while (posted < MESSAGES) {
		unsigned int left = MESSAGES - posted;
		int done;

		for (unsigned int i = 0; i < BATCH; i++)
			payload[i][0] = posted + i;
		done = hvpost_post_many(handle, posts,
					left < BATCH ? left : BATCH,
					HVPOST_NEVER);
		must(done > 0, "a post has failed");
		posted += (unsigned int)done;
	}
}

static void receive_all(void)
{
	for (uint64_t number = 0; number < MESSAGES; number++) {
		struct hvpost_message message;

		must(!hvpost_receive(handle, &message, HVPOST_NEVER) &&
		     !memcmp(message.payload, &number, sizeof(number)),
		     "a message is not the next one");
	}
}

static void hvhost_stream(unsigned int side)
{
	if (side)
		receive_all();
	else
		post_all(0x10);
}

static double bulk_throughput(void)
{
	return messages_per_us(&(struct pair){ bulk_enter, hvhost_stream });
}

static double plain_throughput(void)
{
	return messages_per_us(&(struct pair){ plain_enter, hvhost_stream });
}

/* To whichever VP is free: between those there is no order, so it is a sum. */

static void wide_enter(unsigned int side)
{
	enter(side ? "wide" : "left", side ? 5 : 6, 0);
}

static void wide_stream(unsigned int side)
{
	uint64_t sum = 0, number;

	if (!side) {
		post_all(0x11);
		return;
	}
	for (unsigned int i = 0; i < MESSAGES; i++) {
		struct hvpost_message message;

		must(!hvpost_receive(handle, &message, HVPOST_NEVER),
		     "a message does not come");
		memcpy(&number, message.payload, sizeof(number));
		sum += number;
	}
	must(sum == (uint64_t)MESSAGES * (MESSAGES - 1) / 2,
	     "a message is lost, or there twice");
}

static double wide_throughput(void)
{
	return messages_per_us(&(struct pair){ wide_enter, wide_stream });
}

/* A pair of sockets */

static int sockets[2];

static void socket_stream(unsigned int side)
{
	static uint8_t bytes[SIZE];

	for (unsigned int i = 0; i < MESSAGES; i++)
		must((side ? recv(sockets[1], bytes, SIZE, 0) :
			     send(sockets[0], bytes, SIZE, 0)) == SIZE,
		     "a socket has failed");
}

static double socket_throughput(void)
{
	return messages_per_us(&(struct pair){ NULL, socket_stream });
}

/* Several at a time, too */
static void many_stream(unsigned int side)
{
	static uint8_t bytes[BATCH][SIZE];
	struct mmsghdr messages[BATCH];
	struct iovec part[BATCH];
	unsigned int done = 0;

	for (unsigned int i = 0; i < BATCH; i++) {
		part[i] = (struct iovec){ bytes[i], SIZE };
		messages[i] = (struct mmsghdr){
			.msg_hdr = { .msg_iov = &part[i], .msg_iovlen = 1 },
		};
	}
	while (done < MESSAGES) {
		unsigned int left = MESSAGES - done;
		unsigned int count = left < BATCH ? left : BATCH;
		int size = side ? recvmmsg(sockets[1], messages, count,
					   MSG_WAITFORONE, NULL) :
				  sendmmsg(sockets[0], messages, count, 0);

		must(size > 0, "a socket has failed");
		done += (unsigned int)size;
	}
}

static double many_throughput(void)
{
	return messages_per_us(&(struct pair){ NULL, many_stream });
}

/* A queue; -1: the system has none. */

static mqd_t queue = -1;

static void open_queue(void)
{
	struct mq_attr limits = {
		.mq_maxmsg = QUEUE_MESSAGES, .mq_msgsize = SIZE,
	};
	char name[32];

	snprintf(name, sizeof(name), "/hvpost-bench-%d", (int)getpid());
	queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &limits);
	if (queue >= 0)
		mq_unlink(name);
}

static void queue_stream(unsigned int side)
{
	static char bytes[SIZE];

	for (unsigned int i = 0; i < MESSAGES; i++)
		must(side ? mq_receive(queue, bytes, SIZE, NULL) == SIZE :
			    !mq_send(queue, bytes, SIZE, 0),
		     "a POSIX message queue has failed");
}

static double queue_throughput(void)
{
	return messages_per_us(&(struct pair){ NULL, queue_stream });
}

static double better_throughput(void)
{
	double by_socket = socket_throughput(), by_queue;

	if (queue < 0)
		return by_socket;
	by_queue = queue_throughput();
	return by_queue > by_socket ? by_queue : by_socket;
}

static void measure_throughput(void)
{
	struct bench bench = {
		.name = "process to process in bulk, 240 bytes",
		.unit = "M/s",
		.measure = bulk_throughput,
		.against = queue < 0 ? "SEQPACKET (no POSIX mq here)" :
				       "better of SEQPACKET and mq",
		.measure_against = better_throughput,
		.ratio_at_least = 2,
	};

	bench_run(&bench);
	bench.name = "process to process, by one slot";
	bench.measure = plain_throughput;
	bench.ratio_at_least = 0;
	bench_run(&bench);
	bench.name = "the same, to any of 16 VPs";
	bench.measure = wide_throughput;
	bench_run(&bench);
	bench.name = "process to process in bulk, 240 bytes";
	bench.measure = bulk_throughput;
	bench.against = "SEQPACKET, 64 a call";
	bench.measure_against = many_throughput;
	bench_run(&bench);
}

void bench_processes(void)
{
	must(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets),
	     "cannot make a pair of sockets");
	open_queue();
	measure_throughput();
	if (queue >= 0)
		mq_close(queue);
	close(sockets[0]);
	close(sockets[1]);
}
