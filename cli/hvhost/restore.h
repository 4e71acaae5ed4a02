/* SPDX-License-Identifier: MIT */
/*
 * restore.h - a snapshot's machine in place of the one that is here.
 *
 * Only guests can go over to it, paused: what an attached process and hvhost have
 * agreed on is in no snapshot. It is the main thread's.
 */
#ifndef RESTORE_H
#define RESTORE_H

#include <stddef.h>

#include "lib/vmm/vmm.h"
#include "server.h"

#define RESTORE_REASON_SIZE (2 * VMM_ERROR_SIZE)

/*
 * Restore all of the machine. Nobody else calls it: all guests are paused, no
 * process is attached. @snapshot is from anywhere. Return 0, or a negative errno
 * value and @reason, RESTORE_REASON_SIZE bytes; then nothing has changed, but for
 * -EIO: then the machine is the snapshot's, and a guest is torn (vmm.h).
 */
int restore_machine(struct server *server, const void *snapshot, size_t size,
		    char *reason);

#endif /* RESTORE_H */
