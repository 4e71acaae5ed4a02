// SPDX-License-Identifier: MIT
#include "link.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <hvpost/hyperv.h>

#define HANDLES 64

struct echo_link echo = {
	.target = "embedded",
	.connection = 0x16,
	.sint = 6,
	.free_sint = 12,
	.unknown = 0xeeeeee,
	.stuck = 0x15,
	.event = 0x26,
	.payload = HVPOST_PAYLOAD_SIZE_MAX,
	.behind = 1 + HV_PORT_MESSAGE_BUFFERS,
	.flow = true,
	.hypercalls = true,
	.messages = 500,
};

/*
 * Bits of the links that somebody has posted to since they were last found empty:
 * all at first. In shared memory, as cases run in processes of their own.
 */
static atomic_uint *links_used;

/* Whose handles these are; a case opens and closes them in its first thread. */
static struct hvpost *handles[HANDLES];

static bool take_number(const char *word, const char *key, uint32_t *value)
{
	size_t length = strlen(key);
	char *end;

	if (strncmp(word, key, length))
		return false;
	*value = (uint32_t)strtoul(word + length, &end, 0);
	return end != word + length && !*end;
}

static bool take_switch(const char *word, const char *key, bool *value)
{
	uint32_t number;

	if (!take_number(word, key, &number) || number > 1)
		return false;
	*value = number;
	return true;
}

static bool take_text(const char *word, const char *key, const char **value)
{
	size_t length = strlen(key);

	if (strncmp(word, key, length))
		return false;
	*value = word + length;
	return true;
}

static bool take_word(const char *word)
{
	return take_text(word, "target=", &echo.target) ||
	       take_number(word, "connection=", &echo.connection) ||
	       take_number(word, "sint=", &echo.sint) ||
	       take_number(word, "free-sint=", &echo.free_sint) ||
	       take_number(word, "unknown=", &echo.unknown) ||
	       take_number(word, "stuck=", &echo.stuck) ||
	       take_number(word, "event=", &echo.event) ||
	       take_number(word, "payload=", &echo.payload) ||
	       take_number(word, "behind=", &echo.behind) ||
	       take_switch(word, "flow=", &echo.flow) ||
	       take_switch(word, "hypercalls=", &echo.hypercalls) ||
	       take_number(word, "messages=", &echo.messages);
}

static void share_links_used(void)
{
	links_used = mmap(NULL, sizeof(*links_used), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (links_used == MAP_FAILED) {
		perror("library: mmap");
		exit(EXIT_FAILURE);
	}
	atomic_init(links_used, (1u << LINKS) - 1);
}

int link_parse(int count, char **words)
{
	share_links_used();
	for (int i = 0; i < count; i++) {
		if (take_word(words[i]))
			continue;
		fprintf(stderr, "library: '%s' says nothing of a link; see "
				"struct echo_link in tests/library/link.h\n",
			words[i]);
		return -1;
	}
	return 0;
}

void link_leave_out(const char *test, const char *reason)
{
	printf("left out on %s: %s: %s\n", echo.target, test, reason);
}

/* Handles */

struct hvpost *open_target(const char *target)
{
	for (size_t i = 0; i < HANDLES; i++) {
		if (handles[i])
			continue;
		ck_assert_int_eq(hvpost_open(target, &handles[i]), 0);
		return handles[i];
	}
	ck_abort_msg("too many handles");
	return NULL;
}

struct hvpost *open_handle(void)
{
	return open_target(echo.target);
}

struct hvpost *open_bound(uint32_t n, unsigned int records)
{
	struct hvpost *handle = open_handle();

	ck_assert_int_eq(hvpost_bind(handle, echo.sint + n, records), 0);
	return handle;
}

void close_handle(struct hvpost *handle)
{
	for (size_t i = 0; i < HANDLES; i++)
		if (handles[i] == handle)
			handles[i] = NULL;
	hvpost_close(handle);
}

/* What an earlier case left on its way does not reach this one. */
static void flush(uint32_t n)
{
	static uint64_t marker;
	uint64_t wanted = (uint64_t)getpid() << 32 | ++marker;
	struct hvpost *handle = open_bound(n, 0);
	struct hvpost_message message;

	send_number(handle, n, wanted);
	do
		message = receive(handle);
	while (number_in(&message) != wanted);
	ck_nothing_there(handle);
	close_handle(handle);
}

void link_setup(void)
{
	unsigned int used = atomic_load(links_used);

	for (uint32_t n = 0; n < LINKS; n++)
		if (used & 1u << n)
			flush(n);
	atomic_store(links_used, 0);
}

void link_teardown(void)
{
	for (size_t i = 0; i < HANDLES; i++) {
		hvpost_close(handles[i]);
		handles[i] = NULL;
	}
}

/* Posts */

struct hvpost_post post_of(uint32_t connection, const void *payload,
			   size_t size)
{
	if (connection - echo.connection < LINKS)
		atomic_fetch_or(links_used, 1u << (connection - echo.connection));
	return (struct hvpost_post){
		.connection_id = connection,
		.message_type = TYPE,
		.payload = payload,
		.payload_size = (uint32_t)size,
	};
}

void send_bytes(struct hvpost *handle, uint32_t n, const void *payload,
		size_t size)
{
	struct hvpost_post post = post_of(echo.connection + n, payload, size);

	ck_assert_int_eq(hvpost_post(handle, &post,
				     hvpost_deadline_in_ms(PATIENCE_MS)), 0);
	ck_assert_uint_eq(hvpost_last_status(handle), HV_STATUS_SUCCESS);
	ck_assert_uint_ge(hvpost_last_attempts(handle), 1);
}

void send_number(struct hvpost *handle, uint32_t n, uint64_t number)
{
	send_bytes(handle, n, &number, sizeof(number));
}

/* Some hosts see only a little later that a slot is taken: ask again. */
void fill_stuck(struct hvpost *handle)
{
	struct hvpost_post post = post_of(echo.stuck, "", 0);

	for (unsigned int refused = 0; refused < 20;) {
		int err = hvpost_post(handle, &post, HVPOST_NOW);

		if (err)
			ck_assert_int_eq(err, -EAGAIN);
		refused += err != 0;
		look_again();
	}
}

/* Messages */

struct hvpost_message receive(struct hvpost *handle)
{
	struct hvpost_message message;

	ck_assert_int_eq(hvpost_receive(handle, &message,
					hvpost_deadline_in_ms(PATIENCE_MS)),
			 0);
	return message;
}

uint64_t number_in(const struct hvpost_message *message)
{
	uint64_t number;

	memcpy(&number, message->payload, sizeof(number));
	return number;
}

void receive_number(struct hvpost *handle, uint64_t number)
{
	struct hvpost_message message = receive(handle);

	ck_assert_uint_eq(message.payload_size, sizeof(number));
	ck_assert_uint_eq(number_in(&message), number);
}

void ck_nothing_there(struct hvpost *handle)
{
	struct hvpost_message message;

	ck_assert_int_eq(hvpost_receive(handle, &message, HVPOST_NOW),
			 -EAGAIN);
}

bool is_readable(struct hvpost *handle)
{
	struct pollfd one = {
		.fd = hvpost_get_fd(handle), .events = POLLIN,
	};

	ck_assert_int_ge(poll(&one, 1, 0), 0);
	return one.revents & POLLIN;
}

struct hvpost_counters counters_of(struct hvpost *handle)
{
	struct hvpost_counters counters;

	ck_assert_int_eq(hvpost_get_counters(handle, &counters,
					     sizeof(counters)), 0);
	return counters;
}

void wait_taken(struct hvpost *handle, uint64_t count)
{
	while (counters_of(handle).messages < count)
		look_again();
	ck_assert_uint_eq(counters_of(handle).messages, count);
}

void send_and_wait(struct hvpost *handle, uint32_t n, uint64_t number,
		   uint64_t count)
{
	send_number(handle, n, number);
	wait_taken(handle, count);
}

/* Time and signals */

void look_again(void)
{
	const struct timespec pause = { .tv_nsec = 200000 };

	nanosleep(&pause, NULL);
}

uint64_t now_ns(void)
{
	return hvpost_deadline_in_ms(0);
}

static void ignore(int number)
{
	(void)number;
}

void start_signals(int flags)
{
	struct sigaction action = { .sa_handler = ignore, .sa_flags = flags };
	struct itimerval timer = { .it_interval.tv_usec = 10000,
				   .it_value.tv_usec = 10000 };

	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
}

void stop_signals(void)
{
	struct itimerval off = { .it_value.tv_usec = 0 };

	ck_assert_int_eq(setitimer(ITIMER_REAL, &off, NULL), 0);
	signal(SIGALRM, SIG_DFL);
}
