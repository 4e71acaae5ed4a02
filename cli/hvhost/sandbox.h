/* SPDX-License-Identifier: MIT */
/* sandbox.h - what hvhost may still ask of the kernel once it serves. */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>

/*
 * Let this thread, and those it makes from now on, make the system calls that
 * serving takes, and no other: they fail with EPERM. For good. With @has_guests
 * also those that running KVM guests takes. No memory becomes code any more, no
 * process begins, no other process gets a signal, and where the kernel has Landlock
 * no file is removed but beside @socket. Call it after all other set-up. Return 0 or
 * a negative errno value.
 */
int sandbox_enter(const char *socket, bool has_guests);

#endif /* SANDBOX_H */
