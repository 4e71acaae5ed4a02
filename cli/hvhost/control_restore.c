// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* F_GET_SEALS */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "control_command.h"
#include "guest.h"
#include "restore.h"

/* What has these is a memfd that nobody changes: reading it never waits. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

/* May the machine be replaced now? */
static void check_server(struct request *request)
{
	struct server *server = request->server;
	const struct guest *guest;

	server_remove_gone(server);
	guests_see_ends(server);
	if (server->client_count)
		request_fail(request, "'hvhost partition list' shows which",
			     "a process is attached: only guests can be "
			     "restored");
	LIST_FOREACH(guest, &server->guests, next) {
		enum vmm_end end = vmm_guest_end(guest->vmm);

		if (end != VMM_RUNNING)
			request_fail(request, NULL, "guest %s %s",
				     guest->named->name, vmm_end_text(end));
		else if (!vmm_guest_is_paused(guest->vmm))
			request_fail(request, "'hvhost guest pause' does that",
				     "guest %s is not paused",
				     guest->named->name);
	}
}

static size_t check_descriptor(struct request *request)
{
	int fd = request->descriptor, seals = -1;
	struct stat file;

	if (fd >= 0)
		seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &file) ||
	    !S_ISREG(file.st_mode)) {
		request_fail(request, NULL, "a snapshot comes in a memfd that is "
			     "sealed against writing and resizing");
		return 0;
	}
	if (file.st_size <= 0 || file.st_size > CONTROL_SNAPSHOT_SIZE_MAX)
		request_fail(request, NULL, "a snapshot has 1 to %u bytes",
			     CONTROL_SNAPSHOT_SIZE_MAX);
	return (size_t)file.st_size;
}

static void read_all(struct request *request, char *bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t count = pread(request->descriptor, bytes + done,
				      size - done, (off_t)done);

		if (count > 0)
			done += (size_t)count;
		else if (!count || errno != EINTR)
			break;
	}
	if (done < size)
		request_fail(request, NULL, "the snapshot cannot be read: %s",
			     strerror(errno));
}

/* Our own copy, so that even a kernel that breaks its seals does us no harm. */
static void restore_copy(struct request *request, size_t size)
{
	char reason[RESTORE_REASON_SIZE];
	char *bytes = malloc(size);

	if (!bytes) {
		request_fail(request, NULL, "out of memory");
		return;
	}
	read_all(request, bytes, size);
	if (!request_failed(request) &&
	    restore_machine(request->server, bytes, size, reason))
		request_fail(request, NULL, "%s", reason);
	free(bytes);
}

void control_restore(struct request *request)
{
	size_t size = 0;

	check_server(request);
	if (!request_failed(request))
		size = check_descriptor(request);
	if (!request_failed(request))
		restore_copy(request, size);
}
