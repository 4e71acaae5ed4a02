// SPDX-License-Identifier: MIT
/*
 * Whoever logs may hold locks that others wait for, and stderr may be a pipe or a
 * terminal that nobody reads. That it is other programs' too forbids O_NONBLOCK:
 * so one thread writes, and waits there as long as it must.
 */
#include "log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE	416
#define PATIENCE_S	2	/* in the end, for each line */

static struct {
	pthread_mutex_t lock;	/* guards all of this; innermost */
	pthread_cond_t changed;
	bool has_thread, must_end, has_ended;
	char line[LOG_WAITING][LINE_SIZE];
	unsigned int first, waiting;
	unsigned int unread;	/* left out, as there was no room for them */
	uint64_t written;
	time_t period_start_s;
	unsigned int printed, suppressed;	/* in the period */
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
		the_log.first = (the_log.first + 1) % LOG_WAITING;
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

void log_end(void)
{
	pthread_mutex_lock(&the_log.lock);
	the_log.must_end = true;
	pthread_cond_broadcast(&the_log.changed);
	while (the_log.has_thread && !the_log.has_ended && await_change())
		;
	pthread_mutex_unlock(&the_log.lock);
}

/* Those who log */

static void put(const char *text)
{
	char line[LINE_SIZE];

	snprintf(line, sizeof(line), "hvhost: %s\n", text);
	if (!the_log.has_thread) {
		write_out(line);
		return;
	}
	if (the_log.waiting == LOG_WAITING) {
		the_log.unread++;
		return;
	}
	memcpy(the_log.line[(the_log.first + the_log.waiting++) % LOG_WAITING], line,
	       sizeof(line));
	pthread_cond_broadcast(&the_log.changed);
}

static bool may_print(void)
{
	struct timespec now;
	char text[40];

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!the_log.printed || now.tv_sec - the_log.period_start_s >= LOG_PERIOD_S) {
		snprintf(text, sizeof(text), "%u lines left out",
			 the_log.suppressed);
		if (the_log.suppressed)
			put(text);
		the_log.period_start_s = now.tv_sec;
		the_log.printed = the_log.suppressed = 0;
	}
	if (the_log.printed == LOG_BURST) {
		the_log.suppressed++;
		return false;
	}
	the_log.printed++;
	return true;
}

void log_line(const char *format, ...)
{
	char text[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);

	pthread_mutex_lock(&the_log.lock);
	if (may_print())
		put(text);
	pthread_mutex_unlock(&the_log.lock);
}
