/* SPDX-License-Identifier: MIT */
/* hosting.h - an hvhost to measure, which runs as users run it. */
#ifndef HOSTING_H
#define HOSTING_H

/* At a socket of its own; returns when processes can come. */
void hosting_start(const char *hvhost);
void hosting_stop(void);

/* "host:SOCKET,partition=NAME", until the next call. */
const char *hosting_target(const char *partition);

#endif /* HOSTING_H */
