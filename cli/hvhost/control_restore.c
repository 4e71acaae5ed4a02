// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* memfd_create */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "control_command.h"
#include "guest.h"
#include "restore.h"

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

/* Of ours, so that closing it, and reading it, is nothing to wait for. */
void control_restore_begin(struct request *request)
{
	struct control_asker *asker = request->asker;

	if (asker->snapshot_fd < 0)
		asker->snapshot_fd = memfd_create("hvhost-restore", MFD_CLOEXEC);
	if (asker->snapshot_fd < 0)
		request_fail(request, NULL, "there is no room for a snapshot: %s",
			     strerror(errno));
	request->hands_out_memfd = true;
}

static size_t check_size(struct request *request)
{
	struct stat file;

	if (request->asker->snapshot_fd < 0 ||
	    fstat(request->asker->snapshot_fd, &file)) {
		request_fail(request, NULL, "a snapshot is written to the memfd "
			     "that restore-begin answers with");
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
		ssize_t count = pread(request->asker->snapshot_fd,
				      bytes + done, size - done, (off_t)done);

		if (count > 0)
			done += (size_t)count;
		else if (!count || errno != EINTR)
			break;
	}
	if (done < size)
		request_fail(request, NULL, "the snapshot cannot be read: %s",
			     strerror(errno));
}

/* Our own copy: the asker may go on writing. */
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
		size = check_size(request);
	if (!request_failed(request))
		restore_copy(request, size);
}
