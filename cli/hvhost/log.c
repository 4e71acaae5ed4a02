// SPDX-License-Identifier: MIT
/*
 * Whoever logs may hold locks that others wait for, and stderr may be a pipe or a
 * terminal that nobody reads. That it is other programs' too forbids O_NONBLOCK:
 * so one thread writes, and waits there as long as it must.
 */
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TEXT_SIZE	400
#define LINE_SIZE	(TEXT_SIZE + 16)
#define PATIENCE_S	2	/* in the end, for each line */
#define LINES		(2 * LOG_WAITING)	/* half of them for what is LOG_OWN */
#define PARTIES		64

/* Who has had us log something in the period. */
struct party {
	uint64_t id;
	unsigned int logged, left_out;
};

static struct {
	pthread_mutex_t lock;	/* guards all of this; innermost */
	pthread_cond_t changed;
	bool has_thread, must_end, has_ended;
	char line[LINES][LINE_SIZE];
	unsigned int first, waiting;
	unsigned int unread;	/* left out, as there was no room for them */
	uint64_t written;
	time_t period_start_s;		/* of the period: */
	unsigned int burst, left_out;
	struct party party[PARTIES];
	unsigned int parties;
	struct party others;		/* where there were more */
} the_log = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
};

/* Who has made stderr one that does not wait has us wait all the same. */
static void write_out(const char *text)
{
	struct pollfd error = { .fd = STDERR_FILENO, .events = POLLOUT };
	size_t left = strlen(text);

	while (left) {
		ssize_t size = write(STDERR_FILENO, text, left);

		if (size < 0 && errno == EAGAIN)
			poll(&error, 1, -1);
		else if (size < 0 && errno != EINTR)
			return;
		if (size > 0) {
			text += size;
			left -= (size_t)size;
		}
	}
}

/* The thread */

/* What is to be written next. Return whether there is anything. */
static bool take(char *text)
{
	if (the_log.waiting) {
		memcpy(text, the_log.line[the_log.first], LINE_SIZE);
		the_log.first = (the_log.first + 1) % LINES;
		the_log.waiting--;
		return true;
	}
	if (!the_log.unread)
		return false;
	snprintf(text, LINE_SIZE, "hvhost: %u lines left out, as nobody read "
		 "those before\n", the_log.unread);
	the_log.unread = 0;
	return true;
}

/* Wait for it. Return false if there is nothing, and nothing is to come. */
static bool await(char *text)
{
	while (!take(text)) {
		if (the_log.must_end)
			return false;
		pthread_cond_wait(&the_log.changed, &the_log.lock);
	}
	return true;
}

static void *run(void *context)
{
	char text[LINE_SIZE];

	(void)context;
	pthread_mutex_lock(&the_log.lock);
	while (await(text)) {
		pthread_mutex_unlock(&the_log.lock);
		write_out(text);
		pthread_mutex_lock(&the_log.lock);
		the_log.written++;
		pthread_cond_broadcast(&the_log.changed);
	}
	the_log.has_ended = true;
	pthread_cond_broadcast(&the_log.changed);
	pthread_mutex_unlock(&the_log.lock);
	return NULL;
}

int log_begin(void)
{
	pthread_condattr_t monotonic;
	pthread_t thread;
	int err;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&the_log.changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	err = pthread_create(&thread, NULL, run, NULL);
	if (err)
		return -err;
	pthread_detach(thread);
	the_log.has_thread = true;
	return 0;
}

/* Return false if the thread has written no line for so long. */
static bool await_change(void)
{
	const uint64_t before = the_log.written;
	struct timespec until;
	int err = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PATIENCE_S;
	while (!err && the_log.written == before && !the_log.has_ended)
		err = pthread_cond_timedwait(&the_log.changed, &the_log.lock, &until);
	return !err;
}

/* Those who log */

/* Of the lines that wait, and of those that may, some are for whoever has few. */
static void put(const char *text, bool is_own)
{
	char line[LINE_SIZE];

	snprintf(line, sizeof(line), "hvhost: %s\n", text);
	if (!the_log.has_thread) {
		write_out(line);
		return;
	}
	if (the_log.waiting >= (is_own ? LINES : LOG_WAITING)) {
		the_log.unread++;
		return;
	}
	memcpy(the_log.line[(the_log.first + the_log.waiting++) % LINES], line,
	       sizeof(line));
	pthread_cond_broadcast(&the_log.changed);
}

static struct party *party_of(uint64_t id)
{
	for (unsigned int i = 0; i < the_log.parties; i++)
		if (the_log.party[i].id == id)
			return &the_log.party[i];
	if (the_log.parties == PARTIES)
		return &the_log.others;
	the_log.party[the_log.parties].id = id;
	return &the_log.party[the_log.parties++];
}

static const struct party *noisiest(void)
{
	const struct party *most = &the_log.others;

	for (unsigned int i = 0; i < the_log.parties; i++)
		if (the_log.party[i].left_out > most->left_out)
			most = &the_log.party[i];
	return most;
}

static void name_party(const struct party *party, char *text, size_t size)
{
	if (party == &the_log.others)
		snprintf(text, size, "many users did");
	else if (party->id == LOG_STRANGERS)
		snprintf(text, size, "users did who may not come");
	else if (party->id == LOG_GUESTS)
		snprintf(text, size, "guests did");
	else if (party->id == LOG_HOST)
		snprintf(text, size, "hvhost did");
	else
		snprintf(text, size, "user %" PRIu64 " did", party->id);
}

/* Of a period that is over, or is to be */
static void tell_what_was_left_out(void)
{
	char text[120], who[40];

	if (the_log.left_out) {
		name_party(noisiest(), who, sizeof(who));
		snprintf(text, sizeof(text), "%u lines left out, most for what %s",
			 the_log.left_out, who);
		put(text, true);
	}
	the_log.burst = the_log.left_out = the_log.parties = 0;
	memset(the_log.party, 0, sizeof(the_log.party));
	memset(&the_log.others, 0, sizeof(the_log.others));
}

static void see_period(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (the_log.parties &&
	    now.tv_sec - the_log.period_start_s < LOG_PERIOD_S)
		return;
	tell_what_was_left_out();
	the_log.period_start_s = now.tv_sec;
}

static void log_text(uint64_t id, const char *text)
{
	struct party *party;

	pthread_mutex_lock(&the_log.lock);
	see_period();
	party = party_of(id);
	if (party->logged < LOG_OWN) {
		party->logged++;
		put(text, true);
	} else if (the_log.burst < LOG_BURST) {
		the_log.burst++;
		put(text, false);
	} else {
		party->left_out++;
		the_log.left_out++;
	}
	pthread_mutex_unlock(&the_log.lock);
}

void log_line(const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	log_text(LOG_HOST, text);
}

void log_about(uint64_t party, const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	log_text(party, text);
}

void log_end(void)
{
	pthread_mutex_lock(&the_log.lock);
	tell_what_was_left_out();
	the_log.must_end = true;
	pthread_cond_broadcast(&the_log.changed);
	while (the_log.has_thread && !the_log.has_ended && await_change())
		;
	pthread_mutex_unlock(&the_log.lock);
}
