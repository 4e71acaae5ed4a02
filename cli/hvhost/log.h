/* SPDX-License-Identifier: MIT */
/*
 * log.h - what hvhost says on stderr, however much clients give it to say, and
 * whether or not anybody reads it.
 */
#ifndef LOG_H
#define LOG_H

#include <stdint.h>

/*
 * Print a line that begins with "hvhost: ". From any thread, with any locks held:
 * after log_begin() it waits for nobody. Beyond LOG_BURST lines in LOG_PERIOD_S,
 * and with LOG_WAITING unread, the rest is counted, and the count printed later.
 */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * The same for what @party has done: a user's id, or one of these. Whatever others
 * have it log, each has LOG_OWN lines in LOG_PERIOD_S, and room for these.
 */
void log_about(uint64_t party, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#define LOG_STRANGERS	(1ull << 32)	/* who may not come, all of them */
#define LOG_GUESTS	(2ull << 32)
#define LOG_HOST	(3ull << 32)	/* of log_line() */

#define LOG_BURST	100
#define LOG_OWN		5
#define LOG_PERIOD_S	10
#define LOG_WAITING	64

/*
 * From here on a thread writes the lines; so late, that whatever filters our system
 * calls filters its. Return 0 or a negative errno value.
 */
int log_begin(void);
/* Wait until all is written, unless nobody takes it. The last of the log. */
void log_end(void);

#endif /* LOG_H */
