/* SPDX-License-Identifier: MIT */
/* hosting.h - an hvhost to measure, which runs as users run it. */
#ifndef HOSTING_H
#define HOSTING_H

/* What it logs about its clients is to be seen, or known. */
enum hosting_log { HOSTING_TELLS, HOSTING_SILENT };

/* At a socket of its own; returns when processes can come. */
void hosting_start(const char *hvhost, enum hosting_log log);
void hosting_stop(void);

/* Its socket's path */
const char *hosting_socket(void);

/* "host:SOCKET,partition=NAME", until the next call. */
const char *hosting_target(const char *partition);

#endif /* HOSTING_H */
