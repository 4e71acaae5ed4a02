// SPDX-License-Identifier: MIT
/* hvhost restore */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "inquiry.h"

static const struct common_options defaults;

/* One that never ends, as some devices are, is not to fill our memory. */
static int copy(int from, int to)
{
	static char bytes[65536];
	size_t sum = 0;
	ssize_t size;

	while ((size = read(from, bytes, sizeof(bytes))) != 0) {
		ssize_t done = 0, count;

		if (size < 0 && errno != EINTR)
			return -errno;
		if (size > 0)
			sum += (size_t)size;
		if (sum > CONTROL_SNAPSHOT_SIZE_MAX)
			return -EFBIG;
		for (; done < size; done += count) {
			count = write(to, bytes + done, (size_t)(size - done));
			if (count < 0)
				return -errno;
		}
	}
	return 0;
}

/* hvhost makes the memfd that it reads from, and we write it. */
static int write_room(const struct common_options *common, int socket, int file,
		      const char *path)
{
	struct reply reply;
	int status = ask_at(common, socket, ask_new("restore-begin"), &reply);
	int err;

	if (status)
		return status;
	json_object_put(reply.object);
	err = reply.room_fd < 0 ? -EPROTO : copy(file, reply.room_fd);
	if (reply.room_fd >= 0)
		close(reply.room_fd);
	if (err)
		return command_fail(common, EXIT_LOCAL, NULL,
				    "cannot read %s: %s", path, strerror(-err));
	return EXIT_DONE;
}

static int restore(const struct common_options *common, int file,
		   const char *path)
{
	struct reply reply;
	int socket, status = ask_connect(common, &socket);

	if (status)
		return status;
	status = write_room(common, socket, file, path);
	if (!status)
		status = ask_at(common, socket, ask_new("restore"), &reply);
	if (!status)
		ask_print(common, &reply);
	close(socket);
	return status;
}

static int run_restore(void *values, char **operands)
{
	const struct common_options *common = values;
	int file = open(operands[0], O_RDONLY | O_CLOEXEC), status;

	if (file < 0)
		return command_fail(common, EXIT_LOCAL, NULL,
				    "cannot read %s: %s", operands[0],
				    strerror(errno));
	status = restore(common, file, operands[0]);
	close(file);
	return status;
}

static const struct option_line lines[] = {
	OPTION_SOCKET,
	OPTION_JSON,
	OPTION_HELP,
	OPTION_END,
};

const struct command command_restore = {
	.name = "restore",
	.operands = "FILE",
	.summary = "go back to a snapshot, under paused guests",
	.details =
	"All that 'hvhost snapshot' wrote down is again as it was: slots, queues,\n"
	"registers of SynICs, ports, connections and counters; not the memory of guests,\n"
	"which do not know. It is refused, and nothing changes, unless all guests are\n"
	"paused, no process is attached, and the snapshot has the same partitions.",
	.examples =
	"  hvhost guest pause web\n"
	"  hvhost snapshot now.hvhost\n"
	"  hvhost restore now.hvhost\n"
	"  hvhost guest resume web\n",
	.operands_min = 1,
	.operands_max = 1,
	.options = lines,
	.defaults = &defaults,
	.defaults_size = sizeof(defaults),
	.run = run_restore,
};
