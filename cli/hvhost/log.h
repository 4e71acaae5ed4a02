/* SPDX-License-Identifier: MIT */
/* log.h - what hvhost says on stderr, however much clients give it to say. */
#ifndef LOG_H
#define LOG_H

/*
 * Print a line that begins with "hvhost: ". From any thread. Beyond LOG_BURST
 * lines in LOG_PERIOD_S the rest is counted, and the count printed later.
 */
void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

#define LOG_BURST	100
#define LOG_PERIOD_S	10

#endif /* LOG_H */
