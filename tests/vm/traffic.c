// SPDX-License-Identifier: MIT
/*
 * Numbered messages both ways at once: traffic TARGET SEND RECEIVE PAUSES ROOM runs
 * at both ends of two pairs of links, on any target. It posts SEND messages of all
 * sizes to DATA_CONNECTION, and checks that the RECEIVE messages of the other one,
 * which come to DATA_SINT, come once each, whole, and those of each VP in order.
 *
 * PAUSES times the sender stops the reader at the other end, and posts until all
 * the ROOM that messages have there is taken, and it is refused; then it lets the
 * reader go on. Both words of it are messages: PAUSE one of the numbered ones, GO one
 * to CONTROL_SINT. So nothing depends on how fast anything is. The port must be at
 * one VP then. There is room in the port's buffers (16) and in the slot; and in the
 * ring (64) of a guest, whose driver fills it while nobody reads. A process does that
 * itself, when it happens to call the host.
 *
 * It ends well when the other one has also found all in order.
 */
#define _GNU_SOURCE
#include <hvpost/hvpost.h>
#include <hvpost/hyperv.h>

#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DATA_CONNECTION		0x10u
#define DATA_SINT		6u
#define CONTROL_CONNECTION	0x11u
#define CONTROL_SINT		7u

/* Message types */
#define NUMBERED	1u
#define PAUSE		2u
#define HELLO		3u
#define GO		4u
#define ALL_WELL	5u

#define RING		64u

#define PATIENCE_MS	300000		/* the other one may be booting */
#define HELD_UP_MS	20
#define BATCH		32u
#define VPS_MAX		8u

struct numbered {
	uint64_t number;	/* from 1 on */
	uint8_t filling[HVPOST_PAYLOAD_SIZE_MAX - sizeof(uint64_t)];
};

static struct hvpost *data, *control;
static uint64_t to_send, to_receive, pauses, room;

/* Of the sender, which is the main thread. */
static uint64_t sent, held_up;
/* Of the receiver; the main thread's when that has ended. */
static uint64_t received, at_vp[VPS_MAX], last_of_vp[VPS_MAX], paused;
static uint8_t *seen;

static uint64_t patience(void)
{
	return hvpost_deadline_in_ms(PATIENCE_MS);
}

/* Numbered messages */

static uint32_t size_of(uint64_t number)
{
	uint32_t most = sizeof(struct numbered) - sizeof(uint64_t);

	return (uint32_t)sizeof(uint64_t) +
	       (number % 4 ? (uint32_t)(number * 37 % most) : most);
}

static void fill(struct numbered *message, uint64_t number)
{
	message->number = number;
	memset(message->filling, (int)(number * 31 & 0xff),
	       sizeof(message->filling));
}

static void check_whole(const struct hvpost_message *message, uint64_t number)
{
	struct numbered expected;

	fill(&expected, number);
	if (message->message_type > PAUSE || message->flags ||
	    message->payload_size != size_of(number) ||
	    memcmp(message->payload, &expected, message->payload_size))
		errx(1, "message %ju is not what was sent: type %u, %u bytes",
		     (uintmax_t)number, message->message_type,
		     message->payload_size);
}

/* Sending */

static void fail_to_post(const char *what, int error)
{
	errx(1, "%s: %s, status %#x", what, strerror(-error),
	     hvpost_last_status(data));
}

/* Post the next @count messages; return how many the host took. */
static int post(uint32_t type, unsigned int count, uint64_t deadline_ns)
{
	static struct numbered messages[BATCH];
	struct hvpost_post posts[BATCH];
	int posted;

	for (unsigned int i = 0; i < count; i++) {
		uint64_t number = sent + 1 + i;

		fill(&messages[i], number);
		posts[i] = (struct hvpost_post){
			.connection_id = DATA_CONNECTION,
			.message_type = type,
			.payload = &messages[i],
			.payload_size = size_of(number),
		};
	}
	posted = hvpost_post_many(data, posts, count, deadline_ns);
	if (posted > 0)
		sent += (uint64_t)posted;
	return posted;
}

static void post_until(uint64_t last)
{
	while (sent < last) {
		uint64_t left = last - sent;
		int posted = post(NUMBERED,
				  left < BATCH ? (unsigned int)left : BATCH,
				  patience());

		if (posted < 0)
			fail_to_post("post", posted);
	}
}

static void post_control(uint32_t type)
{
	int error = hvpost_post(control, &(struct hvpost_post){
			.connection_id = CONTROL_CONNECTION,
			.message_type = type,
		}, patience());

	if (error)
		errx(1, "control message %u: %s, status %#x", type,
		     strerror(-error), hvpost_last_status(control));
}

/*
 * Nobody reads now: go on until there is no room, and has been none for a while. A
 * process may find some more in its ring later, when one of its threads posts.
 */
static void fill_up(void)
{
	int posted;

	post_until(sent + room);
	do
		posted = post(NUMBERED, 1, hvpost_deadline_in_ms(HELD_UP_MS));
	while (posted > 0);
	if (posted != -ETIMEDOUT ||
	    hvpost_last_status(data) != HV_STATUS_INSUFFICIENT_BUFFERS)
		fail_to_post("post to a full port", posted);
	held_up++;
}

static void send_all(void)
{
	for (uint64_t i = 1; i <= pauses; i++) {
		post_until(to_send * i / (pauses + 1));
		if (post(PAUSE, 1, patience()) != 1)
			errx(1, "cannot post the word to pause");
		fill_up();
		post_control(GO);
	}
	post_until(to_send);
}

/* Receiving */

static struct hvpost_message receive(struct hvpost *handle, const char *what)
{
	struct hvpost_message message;
	int error = hvpost_receive(handle, &message, patience());

	if (error)
		errx(1, "%s: %s; received %ju of %ju, sent %ju of %ju", what,
		     strerror(-error), (uintmax_t)received,
		     (uintmax_t)to_receive, (uintmax_t)sent,
		     (uintmax_t)to_send);
	return message;
}

static void receive_control(uint32_t type, const char *what)
{
	struct hvpost_message message = receive(control, what);

	if (message.message_type != type)
		errx(1, "%s: control message %u came", what,
		     message.message_type);
}

static void take(const struct hvpost_message *message)
{
	uint32_t vp = message->vp_index;
	uint64_t number;

	memcpy(&number, message->payload, sizeof(number));
	if (!number || number > to_receive || vp >= VPS_MAX)
		errx(1, "message %ju came at VP %u", (uintmax_t)number, vp);
	check_whole(message, number);
	if (seen[number]++)
		errx(1, "message %ju came twice", (uintmax_t)number);
	if (message->sequence != ++at_vp[vp] || number <= last_of_vp[vp])
		errx(1, "message %ju came at VP %u behind %ju, as the %juth",
		     (uintmax_t)number, vp, (uintmax_t)last_of_vp[vp],
		     (uintmax_t)message->sequence);
	last_of_vp[vp] = number;
	received++;
}

static void *receive_all(void *unused)
{
	while (received < to_receive) {
		struct hvpost_message message = receive(data, "data");

		take(&message);
		if (message.message_type == PAUSE) {
			receive_control(GO, "the word to go on");
			paused++;
		}
	}
	return unused;
}

/* Beginning and end */

static struct hvpost *open_and_bind(const char *target, unsigned int sint)
{
	struct hvpost *handle;
	int error = hvpost_open(target, &handle);

	if (!error)
		error = hvpost_bind(handle, sint, RING);
	if (error)
		errx(1, "%s, SINT %u: %s", target, sint, strerror(-error));
	return handle;
}

/* The other one may still be booting: any refusal of the host's will pass. */
static void greet(void)
{
	const struct hvpost_post hello = {
		.connection_id = CONTROL_CONNECTION,
		.message_type = HELLO,
	};
	const struct timespec pause = { .tv_nsec = 50000000 };
	uint64_t deadline = patience();
	int error;

	while ((error = hvpost_post(control, &hello, deadline))) {
		if (hvpost_last_status(control) == HVPOST_NO_STATUS ||
		    hvpost_deadline_in_ms(0) > deadline)
			errx(1, "nobody there: %s", strerror(-error));
		nanosleep(&pause, NULL);
	}
	receive_control(HELLO, "the other one's greeting");
}

static void report(void)
{
	struct hvpost_counters counters;
	unsigned int vps = 0;

	if (hvpost_get_counters(data, &counters, sizeof(counters)))
		errx(1, "no counters");
	for (unsigned int i = 0; i < VPS_MAX; i++)
		vps += !!at_vp[i];
	printf("sent %ju, stopped the reader %ju times; received %ju at %u VPs, "
	       "was stopped %ju times, %ju stalls\n", (uintmax_t)sent,
	       (uintmax_t)held_up, (uintmax_t)received, vps,
	       (uintmax_t)paused, (uintmax_t)counters.stalls);
}

int main(int argc, char **argv)
{
	pthread_t receiver;

	if (argc != 6)
		errx(1, "usage: traffic TARGET SEND RECEIVE PAUSES ROOM");
	to_send = strtoull(argv[2], NULL, 10);
	to_receive = strtoull(argv[3], NULL, 10);
	pauses = strtoull(argv[4], NULL, 10);
	room = strtoull(argv[5], NULL, 10);
	seen = calloc(to_receive + 1, 1);
	if (!seen)
		err(1, "calloc");
	setvbuf(stdout, NULL, _IOLBF, 0);

	data = open_and_bind(argv[1], DATA_SINT);
	control = open_and_bind(argv[1], CONTROL_SINT);
	greet();
	errno = pthread_create(&receiver, NULL, receive_all, NULL);
	if (errno)
		err(1, "pthread_create");
	send_all();
	pthread_join(receiver, NULL);
	report();
	post_control(ALL_WELL);
	receive_control(ALL_WELL, "the other one's verdict");
	hvpost_close(data);
	hvpost_close(control);
	return 0;
}
