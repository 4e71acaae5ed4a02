// SPDX-License-Identifier: MIT
#include "log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Guarded by lock. */
static time_t period_start_s;
static unsigned int printed, suppressed;

static bool may_print(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!printed || now.tv_sec - period_start_s >= LOG_PERIOD_S) {
		if (suppressed)
			fprintf(stderr, "hvhost: %u lines left out\n",
				suppressed);
		period_start_s = now.tv_sec;
		printed = suppressed = 0;
	}
	if (printed == LOG_BURST) {
		suppressed++;
		return false;
	}
	printed++;
	return true;
}

void log_line(const char *format, ...)
{
	char text[400];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);

	pthread_mutex_lock(&lock);
	if (may_print())
		fprintf(stderr, "hvhost: %s\n", text);
	pthread_mutex_unlock(&lock);
}
