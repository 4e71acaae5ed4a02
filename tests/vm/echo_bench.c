// SPDX-License-Identifier: MIT
/*
 * What `make bench` measures in a guest, on its host's echo test device: for each
 * line "PATTERN COUNT" on standard input it does the pattern so often and prints
 * "PATTERN MESSAGES NANOSECONDS". It runs on VP 0. The patterns:
 *
 *	nothing	what an order and its answer take
 *	trip	post to our own VP, and take the echo
 *	other	post to the other VP, and take the echo
 *	burst	post to eight SINTs of our own VP, twice; then take all echoes
 *	spread	post to eight SINTs of the other VP; then take all echoes
 *	queue	post to one SINT of the other VP as many as its port has buffers,
 *		and one for the slot; then take all echoes
 *
 * All but the last keep to what QEMU's device can do (device.h): it takes a second
 * message of a connection only where the first surely left its slot, as it has on
 * the VP that posted it, which is interrupted before it goes on.
 */
#define _GNU_SOURCE
#include <hvpost/hvpost.h>

#include <err.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* bench-guest.sh made them: what is posted to ECHO(vp, sint) comes back there. */
#define SINT		8u
#define SINTS		8u
#define ECHO(vp, sint)	(16u * ((vp) + 1) + (sint))
#define OWN_VP		0u
#define OTHER_VP	1u

#define BUFFERS		16u	/* of a port */
#define POSTS_MAX	(BUFFERS + 1)
#define SIZE		(HVPOST_PAYLOAD_SIZE_MAX - 1)	/* 240 end QEMU */
#define PATIENCE_MS	10000

static struct hvpost *handles[SINTS];
static uint64_t sent[SINTS], taken[SINTS];
static uint64_t payloads[POSTS_MAX][HVPOST_PAYLOAD_SIZE_MAX / 8];
static struct hvpost_post posts[POSTS_MAX];
static unsigned int waiting;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* One more to post */
static void add(uint32_t vp, unsigned int i)
{
	payloads[waiting][0] = sent[i]++;
	posts[waiting] = (struct hvpost_post){
		.connection_id = ECHO(vp, SINT + i),
		.message_type = 1,
		.payload = payloads[waiting],
		.payload_size = SIZE,
	};
	waiting++;
}

static void post_all(void)
{
	int done = hvpost_post_many(handles[0], posts, waiting,
				    hvpost_deadline_in_ms(PATIENCE_MS));

	if (done != (int)waiting)
		errx(1, "%d of %u posts: status %#x", done, waiting,
		     hvpost_last_status(handles[0]));
	waiting = 0;
}

static void take(unsigned int i)
{
	struct hvpost_message message;
	int error = hvpost_receive(handles[i], &message,
				   hvpost_deadline_in_ms(PATIENCE_MS));

	if (error)
		errx(1, "receive from SINT %u: %s", SINT + i, strerror(-error));
	if (memcmp(message.payload, &taken[i], sizeof(taken[i])))
		errx(1, "SINT %u: a message is not the next one", SINT + i);
	taken[i]++;
}

static void nothing(void)
{
}

static void trip(void)
{
	add(OWN_VP, 0);
	post_all();
	take(0);
}

static void other(void)
{
	add(OTHER_VP, 0);
	post_all();
	take(0);
}

static void take_from_all(void)
{
	for (unsigned int i = 0; i < SINTS; i++)
		take(i);
}

static void burst(void)
{
	for (unsigned int i = 0; i < 2 * SINTS; i++)
		add(OWN_VP, i % SINTS);
	post_all();
	take_from_all();
	take_from_all();
}

static void spread(void)
{
	for (unsigned int i = 0; i < SINTS; i++)
		add(OTHER_VP, i);
	post_all();
	take_from_all();
}

static void queue(void)
{
	for (unsigned int i = 0; i < BUFFERS + 1; i++)
		add(OTHER_VP, 0);
	post_all();
	for (unsigned int i = 0; i < BUFFERS + 1; i++)
		take(0);
}

static const struct pattern {
	const char *name;
	void (*once)(void);
	unsigned int messages;
} patterns[] = {
	{ "nothing", nothing, 0 },
	{ "trip", trip, 1 },
	{ "other", other, 1 },
	{ "burst", burst, 2 * SINTS },
	{ "spread", spread, SINTS },
	{ "queue", queue, BUFFERS + 1 },
};

static void measure(const struct pattern *pattern, unsigned int count)
{
	uint64_t start = now_ns();

	for (unsigned int i = 0; i < count; i++)
		pattern->once();
	printf("%s %u %ju\n", pattern->name, count * pattern->messages,
	       (uintmax_t)(now_ns() - start));
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
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(OWN_VP, &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		err(1, "sched_setaffinity");
	for (unsigned int i = 0; i < SINTS; i++) {
		int error = hvpost_open("device", &handles[i]);

		if (!error)
			error = hvpost_bind(handles[i], SINT + i, 0);
		if (error)
			errx(1, "SINT %u: %s", SINT + i, strerror(-error));
	}
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
