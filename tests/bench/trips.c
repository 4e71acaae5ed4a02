// SPDX-License-Identifier: MIT
/*
 * Two processes: from one to the other and back, through hvhost and by what else
 * there is. Side 0 asks, side 1 answers.
 *
 * In a row of trips through hvhost everybody is awake: whoever waits finds the answer
 * before it has slept, since it looks for a while first. Event loops do not look, they
 * sleep in poll(2): so do both sides in another row of trips, which says how often they
 * did, as it is no such trip if they did not. How long a wake-up takes depends most on
 * whether it is of another processor, which the kernel decides as it likes: so there are
 * trips of two sides on one processor, too, where sockets are at their best. Before a
 * trip from rest, at last, side 0 pauses for longer than anybody looks, so that hvhost
 * sleeps as well.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <hvpost/hvpost.h>

#include "bench.h"
#include "hosting.h"
#include "pair.h"

#define TRIPS		5000u
#define TRIPS_FROM_REST	200u
#define REST_NS		500000
#define SIZE		256u
#define NS_PER_US	1e3

/* What goes there and back. */
struct medium {
	void (*enter)(unsigned int side);	/* NULL: nothing to do */
	void (*send)(unsigned int side);
	void (*take)(unsigned int side);
};

/* Shared with both children, each of which writes its own or what is side 0's. */
struct tally {
	double from_rest_ns;
	long sleeps[2];
};

static const struct medium *medium;	/* of both children */
static bool together;			/* both are on one processor */
static struct tally *tally;

static void must(bool done, const char *what)
{
	if (!done)
		bench_fail(what);
}

static long sleeps(void)
{
	struct rusage usage;

	must(!getrusage(RUSAGE_SELF, &usage), "cannot tell how often we sleep");
	return usage.ru_nvcsw;
}

static void run_trips(unsigned int side)
{
	long before;

	if (together)
		bench_pin(0);
	before = sleeps();
	for (unsigned int i = 0; i < TRIPS; i++) {
		if (side)
			medium->take(side);
		medium->send(side);
		if (!side)
			medium->take(side);
	}
	tally->sleeps[side] = sleeps() - before;
}

static double trip_us(const struct medium *of)
{
	medium = of;
	return pair_run_ns(&(struct pair){ of->enter, run_trips }) / TRIPS /
	       NS_PER_US;
}

static void rest(void)
{
	const struct timespec pause = { .tv_nsec = REST_NS };

	nanosleep(&pause, NULL);
}

static void run_trips_from_rest(unsigned int side)
{
	for (unsigned int i = 0; i < TRIPS_FROM_REST; i++) {
		double start_ns;

		if (side) {
			medium->take(side);
			medium->send(side);
			continue;
		}
		rest();
		start_ns = bench_now_ns();
		medium->send(side);
		medium->take(side);
		tally->from_rest_ns += bench_now_ns() - start_ns;
	}
}

static double trip_together_us(const struct medium *of)
{
	double us;

	together = true;
	us = trip_us(of);
	together = false;
	return us;
}

static double trip_from_rest_us(const struct medium *of)
{
	medium = of;
	tally->from_rest_ns = 0;
	pair_run_ns(&(struct pair){ of->enter, run_trips_from_rest });
	return tally->from_rest_ns / TRIPS_FROM_REST / NS_PER_US;
}

/* Through hvhost */

static struct hvpost *handle;

static void hvhost_enter(unsigned int side)
{
	must(!hvpost_open(hosting_target(side ? "right" : "left"), &handle) &&
	     !hvpost_bind(handle, side ? 5 : 6, 1024),
	     "cannot attach to hvhost");
}

static void hvhost_send(unsigned int side)
{
	static const uint8_t payload[HVPOST_PAYLOAD_SIZE_MAX];

	must(!hvpost_post(handle, &(struct hvpost_post){
			.connection_id = side ? 0x20 : 0x10,
			.message_type = 1,
			.payload = payload,
			.payload_size = sizeof(payload),
		}, HVPOST_NEVER), "a post has failed");
}

static void hvhost_take(unsigned int side)
{
	struct hvpost_message message;

	(void)side;
	must(!hvpost_receive(handle, &message, HVPOST_NEVER),
	     "a message does not come");
}

static const struct medium by_hvhost = {
	hvhost_enter, hvhost_send, hvhost_take,
};

/* As event loops do: asleep whenever there is nothing, without a look before */
static void hvhost_take_by_poll(unsigned int side)
{
	struct pollfd readable = {
		.fd = hvpost_get_fd(handle), .events = POLLIN,
	};
	struct hvpost_message message;
	int err;

	(void)side;
	while ((err = hvpost_receive(handle, &message, HVPOST_NOW)) ==
	       -EAGAIN)
		must(poll(&readable, 1, -1) == 1, "cannot wait for a message");
	must(!err, "a message does not come");
}

static const struct medium by_hvhost_asleep = {
	hvhost_enter, hvhost_send, hvhost_take_by_poll,
};

/* A pair of sockets */

static int sockets[2];

static void socket_send(unsigned int side)
{
	static const uint8_t bytes[SIZE];

	must(send(sockets[side], bytes, SIZE, 0) == SIZE, "a socket has failed");
}

static void socket_take(unsigned int side)
{
	uint8_t bytes[SIZE];

	must(recv(sockets[side], bytes, SIZE, 0) == SIZE, "a socket has failed");
}

static const struct medium by_socket = {
	.send = socket_send, .take = socket_take,
};

/* No more than a wake-up of the other one */

static int events[2];

static void event_send(unsigned int side)
{
	must(!eventfd_write(events[!side], 1), "an eventfd has failed");
}

static void event_take(unsigned int side)
{
	eventfd_t count;

	must(!eventfd_read(events[side], &count), "an eventfd has failed");
}

static const struct medium by_eventfd = {
	.send = event_send, .take = event_take,
};

/* Rows */

static double hvhost_trip(void)
{
	return trip_us(&by_hvhost);
}

static double socket_trip(void)
{
	return trip_us(&by_socket);
}

static double event_trip(void)
{
	return trip_us(&by_eventfd);
}

static double hvhost_trip_asleep(void)
{
	return trip_us(&by_hvhost_asleep);
}

static double hvhost_trip_together(void)
{
	return trip_together_us(&by_hvhost_asleep);
}

static double socket_trip_together(void)
{
	return trip_together_us(&by_socket);
}

static double event_trip_together(void)
{
	return trip_together_us(&by_eventfd);
}

static double hvhost_trip_from_rest(void)
{
	return trip_from_rest_us(&by_hvhost);
}

static double socket_trip_from_rest(void)
{
	return trip_from_rest_us(&by_socket);
}

static double event_trip_from_rest(void)
{
	return trip_from_rest_us(&by_eventfd);
}

static void measure(struct bench bench, bench_measure *by_sockets,
		    bench_measure *by_eventfds)
{
	bench.unit = "us";
	bench.against = "SEQPACKET";
	bench.measure_against = by_sockets;
	bench.ratio_at_most = 2;
	bench_run(&bench);
	bench.against = "an eventfd each way";
	bench.measure_against = by_eventfds;
	bench.ratio_at_most = 0;
	bench_run(&bench);
}

/* Of both sides, in a trip */
static double sleeps_of(bench_measure *measure_trips)
{
	measure_trips();
	return (double)(tally->sleeps[0] + tally->sleeps[1]) / TRIPS;
}

static double hvhost_sleeps(void)
{
	return sleeps_of(hvhost_trip_together);
}

static double socket_sleeps(void)
{
	return sleeps_of(socket_trip_together);
}

void bench_trips(void)
{
	tally = mmap(NULL, sizeof(*tally), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(tally != MAP_FAILED, "no memory to share with child processes");
	must(!socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets),
	     "cannot make a pair of sockets");
	events[0] = eventfd(0, 0);
	events[1] = eventfd(0, 0);
	must(events[0] >= 0 && events[1] >= 0, "cannot make eventfds");
	measure((struct bench){ .name = "process to process and back",
				.measure = hvhost_trip },
		socket_trip, event_trip);
	measure((struct bench){ .name = "the same, who waits sleeps in poll()",
				.measure = hvhost_trip_asleep },
		socket_trip, event_trip);
	measure((struct bench){ .name = "such a trip, both on one processor",
				.measure = hvhost_trip_together },
		socket_trip_together, event_trip_together);
	bench_run(&(struct bench){
		.name = "sleeps of both in such a trip", .unit = "sleeps",
		.measure = hvhost_sleeps, .against = "SEQPACKET",
		.measure_against = socket_sleeps,
	});
	measure((struct bench){ .name = "a trip from rest, hvhost asleep as well",
				.measure = hvhost_trip_from_rest },
		socket_trip_from_rest, event_trip_from_rest);
	for (unsigned int side = 0; side < 2; side++) {
		close(sockets[side]);
		close(events[side]);
	}
	munmap(tally, sizeof(*tally));
}
